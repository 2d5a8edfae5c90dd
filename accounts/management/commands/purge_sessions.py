from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.utils import timezone

from accounts.models import SignInTicket
from tenants.exceptions import SchemaMissing
from tenants.management.base import OperatorCommand
from tenants.models import Tenant
from tenants.schema import in_public, in_tenant


class Command(OperatorCommand):
    help = "Take sessions that are gone off their lists. Tokens of identity providers go with them, unused ones too."

    def handle(self, *args, **options):
        with in_public():
            tenants = list(Tenant.objects.all())  # closed ones too: no token is kept longer for that
        gone = sum(self.purge(tenant) for tenant in tenants)
        self.stdout.write(f"{gone} sessions are off the lists.")

    def purge(self, tenant: Tenant) -> int:
        try:
            with in_tenant(tenant):
                SignInTicket.objects.filter(expires_at__lte=timezone.now()).delete()
                over = UserSession.objects.exclude(session_key__in=Session.objects.values("session_key"))
                return over.delete()[1].get(UserSession._meta.label, 0)
        except (SchemaMissing, DatabaseError) as error:
            self.stderr.write(f"{tenant.schema_name}: {type(error).__name__}; see `manage.py doctor`.")
            return 0
