from django.core.management.base import CommandError

from accounts.flows import connect
from tenants.management.base import TenantCommand
from tenants.models import Tenant


class Command(TenantCommand):
    help = "Let an organisation's people come by an identity provider, or by passwords again (local). Signs all out."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("provider", help="A name of IDENTITY_PROVIDERS, or local.")
        parser.add_argument("--id", default="", help="What the organisation is called there: its tokens' tenant claim.")
        parser.add_argument("--owner", default="", metavar="EMAIL", help="Invite this address as an owner.")
        parser.add_argument("--admits", choices=Tenant.Admission.values, help="Who comes in at first sight.")
        parser.add_argument("--domains", help="With --admits domain: separated by blanks.")

    def handle_tenant(self, tenant, **options):
        rules = {"admits": options["admits"], "admitted_domains": options["domains"]}
        given = {name: value for name, value in rules.items() if value is not None}
        try:
            done = connect.connect(
                tenant, provider=options["provider"], tenant_id=options["id"], owner=options["owner"], **given
            )
        except connect.CannotConnect as error:
            raise CommandError(str(error.message)) from error
        self.tell(tenant, done)

    def tell(self, tenant: Tenant, done: connect.Connected) -> None:
        if not done.changes:
            self.stdout.write(f"{tenant} is connected so already.")
        for name, (before, after) in done.changes.items():
            self.stdout.write(f"{name}: {before or '-'} -> {after or '-'}")
        self.stdout.write(f"Sessions ended: {done.sessions}")
        if done.people_outside:
            self.stdout.write(f"Members who have no way in now: {done.people_outside}. Invite them, or remove them.")
        if done.invited:
            self.stdout.write(f"Invited as an owner: {done.invited}")
        if done.changes:
            self.stdout.write("Addresses to allow at the provider: manage.py provider_urls")
