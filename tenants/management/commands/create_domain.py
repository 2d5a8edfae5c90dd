from tenants.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Refused here."
    because = "A tenant's address is made with it, and repaired by doctor."
