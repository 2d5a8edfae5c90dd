from tenants.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Refused here."
    because = "It binds the tenant to no transaction. Use tenants.schema.in_tenant in a command of your own."
