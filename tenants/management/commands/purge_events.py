from django.conf import settings
from django.utils import timezone

from tenants.management.base import OperatorCommand
from tenants.models import FormerAddress, PlatformEvent
from tenants.schema import in_public


class Command(OperatorCommand):
    help = "Delete old lines of the platform's event log, and addresses that are no longer held."

    def handle(self, *args, **options):
        now = timezone.now()
        with in_public():
            events, _each = PlatformEvent.objects.filter(at__lt=now - settings.PLATFORM_EVENTS_KEPT_FOR).delete()
            addresses, _each = FormerAddress.objects.filter(held_until__lte=now).delete()
        self.stdout.write(f"{events} events and {addresses} addresses are gone.")
