from tenants.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Refused here."
    because = "A schema's name follows from its tenant's address; renamed, the tenant would find nothing."
