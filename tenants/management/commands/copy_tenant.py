from django.conf import settings

from tenants import dumps
from tenants.management.base import TenantCommand, told_in_a_sentence


class Command(TenantCommand):
    help = "Make a sandbox: a twin in which people are made unknown, and that sends no mail."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--as", dest="new_slug", metavar="SLUG", required=True, help="The sandbox's address.")

    def handle_tenant(self, tenant, *, new_slug="", **options):
        with told_in_a_sentence(taken="There is a tenant %s already. Nothing was made."):
            restored = dumps.copy(tenant, slug=new_slug, using=settings.ADMIN_DATABASE, report=self.stdout.write)
        self.stdout.write("\n".join(restored.report()))
