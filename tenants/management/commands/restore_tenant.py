from pathlib import Path

from django.conf import settings

from tenants import dumps
from tenants.management.base import OperatorCommand, told_in_a_sentence


class Command(OperatorCommand):
    help = "Put a dump back: under its own address if that is free, under another one, or over the live tenant."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        place = parser.add_mutually_exclusive_group()
        place.add_argument("--as", dest="slug", metavar="SLUG", help="Beside the live one, at this address.")
        place.add_argument("--over", action="store_true", help="Replace the live one: what it has since is lost.")

    def handle(self, *args, file, slug=None, over=False, **options):
        using, report = settings.ADMIN_DATABASE, self.stdout.write
        with told_in_a_sentence(taken="There is a tenant %s. Use --over, or --as another address."):
            if over:
                restored = dumps.restore_over(file, using=using, report=report)
            else:
                restored = dumps.restore_beside(file, slug=slug, using=using, report=report)
        self.stdout.write("\n".join(restored.report()))
