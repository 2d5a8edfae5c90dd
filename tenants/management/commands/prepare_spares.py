from django.conf import settings
from django.core.management.base import CommandError

from tenants import spares
from tenants.exceptions import TemplateMissing
from tenants.management.base import OperatorCommand


class Command(OperatorCommand):
    help = (
        "Make the schemas that wait for the next sign-ups, as many as SPARE_SCHEMAS says, and drop those that are too "
        "many or of an older template. With SPARE_SCHEMAS=0 all of them go."
    )

    def handle(self, *args, **options):
        try:
            made, dropped = spares.refill(settings.ADMIN_DATABASE)
        except TemplateMissing as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{made} spare schemas made, {dropped} dropped.")
