from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as DjangoMigrate

from tenants import fleet


class Command(DjangoMigrate):
    help = "Bring every schema to the code's state: public, the template, then each tenant."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.set_defaults(database=settings.ADMIN_DATABASE)
        parser.add_argument("--schema", help="Only this schema, without the template and the others.")

    def handle(self, *args, **options):
        schema = options.pop("schema", None)
        using = options["database"]
        quiet = {**options, "verbosity": max(options["verbosity"] - 1, 0)}
        migrate = fleet.django_migrate(quiet, stdout=self.stdout._out, stderr=self.stderr._out)
        if schema:
            fleet.migrate_schema(schema, using=using, migrate=migrate)
            return
        failed = fleet.migrate_all(using=using, migrate=migrate, report=self.report(options["verbosity"]))
        if failed:
            raise CommandError(f"Failed and not served: {', '.join(failed)}. The others are up to date; run it again.")

    def report(self, verbosity):
        return self.stdout.write if verbosity else lambda line: None
