from tenants.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Refused here."
    because = (
        "A clone renames constraints, so that later migrations fail on it. Use create_tenant: it copies the template."
    )
