from tenants.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Refused here."
    because = "A schema is made with its tenant, in one transaction. What is missing is named by doctor."
