from django.contrib.sessions.backends.db import SessionStore
from django.core.management.base import BaseCommand

from tenants.exceptions import SchemaMissing
from tenants.models import Tenant
from tenants.schema import in_tenant


class Command(BaseCommand):
    help = "Delete expired sessions, tenant by tenant: each has a session table of its own."

    def handle(self, *args, **options):
        for tenant in Tenant.objects.all():  # closed ones too: a session is not kept longer for that
            try:
                with in_tenant(tenant):
                    SessionStore.clear_expired()
            except SchemaMissing:
                self.stderr.write(f"{tenant} has no schema; see `manage.py doctor`.")
