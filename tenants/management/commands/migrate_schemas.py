from tenants.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Refused here."
    because = "It binds the schema to the session and gives content types differing ids. Use migrate."
