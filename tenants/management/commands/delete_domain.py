from tenants.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Refused here."
    because = "A tenant's address goes with the tenant: use suspend_tenant or delete_tenant."
