from django.conf import settings
from django.utils import timezone

from tenants.management.base import OperatorCommand
from tenants.models import FormerAddress, PlatformEvent, ProviderMessage, SessionPlace
from tenants.schema import in_public


class Command(OperatorCommand):
    help = (
        "Delete old lines of the platform's event log, addresses that are no longer held, and what was noted of "
        "identity providers' messages and sessions that are over."
    )

    def handle(self, *args, **options):
        now = timezone.now()
        long_ago = now - settings.PLATFORM_EVENTS_KEPT_FOR
        with in_public():
            events, _each = PlatformEvent.objects.filter(at__lt=long_ago).delete()
            addresses, _each = FormerAddress.objects.filter(held_until__lte=now).delete()
            ProviderMessage.objects.filter(at__lt=long_ago).delete()
            SessionPlace.objects.filter(until__lte=now).delete()
        self.stdout.write(f"{events} events and {addresses} addresses are gone.")
