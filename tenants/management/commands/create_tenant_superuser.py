from tenants.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Refused here."
    because = "There are no superusers in a tenant: rights come from roles. Use create_tenant for a first owner."
