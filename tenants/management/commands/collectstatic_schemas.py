from tenants.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Refused here."
    because = "Static files are the same for every tenant. Use collectstatic."
