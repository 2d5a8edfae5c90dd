"""What the commands about tenants share."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError

from tenants.checks import database_problem
from tenants.exceptions import AddressTaken, TenantError, first_line
from tenants.fleet.versions import database_is_older
from tenants.models import Tenant
from tenants.schema import in_public


class OperatorCommand(BaseCommand):
    """Works over the direct address, and says in one sentence when the database cannot be used, or not yet."""

    def execute(self, *args, **options):
        if problem := database_problem(settings.ADMIN_DATABASE):
            raise CommandError(problem.msg)
        try:
            return super().execute(*args, **options)
        except ProgrammingError as error:
            if not database_is_older(error):
                raise
            said = f"The database is of older code ({first_line(error)}): run `manage.py migrate` first."
            raise CommandError(said) from error


@contextmanager
def told_in_a_sentence(taken: str) -> Iterator[None]:
    """For what makes a tenant of another one or of a dump. `taken` is said where its address, the `%s`, is not free."""
    try:
        yield
    except AddressTaken as error:
        raise CommandError(taken % error) from error
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    except (TenantError, OSError) as error:
        raise CommandError(f"{error}") from error


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
