from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as DjangoMigrate

from tenants import fleet
from tenants.exceptions import TenantError


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
        tools = {"using": using, "migrate": migrate, "report": self.report(options["verbosity"])}
        try:
            if options["plan"] or options["check_unapplied"]:
                fleet.show_pending(schema, **tools)
                return
            tools["named"] = bool(options["app_label"])
            failed = fleet.migrate_only(schema, **tools) if schema else fleet.migrate_all(**tools)
        except TenantError as error:
            raise CommandError(str(error)) from error
        if failed:
            advice = "Run it again." if schema else "The others are up to date; run it again."
            raise CommandError(f"Failed and not served: {', '.join(failed)}. {advice}")

    def report(self, verbosity):
        return self.stdout.write if verbosity else lambda line: None
