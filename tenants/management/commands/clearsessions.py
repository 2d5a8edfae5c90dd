from django.contrib.sessions.backends.db import SessionStore
from django.core.management.base import BaseCommand

from tenants.models import Tenant
from tenants.schema import in_tenant


class Command(BaseCommand):
    help = "Delete expired sessions, tenant by tenant: each has a session table of its own."

    def handle(self, *args, **options):
        for tenant in Tenant.objects.served():
            with in_tenant(tenant):
                SessionStore.clear_expired()
