"""What the commands about tenants share."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tenants.checks import database_problem
from tenants.models import Tenant
from tenants.schema import in_public


class OperatorCommand(BaseCommand):
    """Works over the direct address, and says in one sentence when the database cannot be used."""

    def execute(self, *args, **options):
        if problem := database_problem(settings.ADMIN_DATABASE):
            raise CommandError(problem.msg)
        return super().execute(*args, **options)


class TenantCommand(OperatorCommand):
    """Takes a slug, and calls `handle_tenant` with the tenant it names."""

    def add_arguments(self, parser):
        parser.add_argument("slug", help="The tenant's address part: acme in acme.example.com.")

    def handle(self, *args, slug, **options):
        with in_public(using=settings.ADMIN_DATABASE):
            tenant = Tenant.objects.using(settings.ADMIN_DATABASE).filter(slug=slug).first()
        if tenant is None:
            raise CommandError(f"There is no tenant {slug!r}. See `manage.py list_tenants`.")
        self.handle_tenant(tenant, **options)

    def handle_tenant(self, tenant: Tenant, **options):
        raise NotImplementedError
