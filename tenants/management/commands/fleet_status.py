import json

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

from tenants.fleet import state
from tenants.fleet.turn import is_taken
from tenants.fleet.versions import code
from tenants.management.base import OperatorCommand


class Command(OperatorCommand):
    help = "How far each tenant's schema is: by ring, state and version, and what went wrong where."

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="For a program.")

    def handle(self, *args, **options):
        table = state.table(code().version, using=settings.ADMIN_DATABASE, is_running=is_taken())
        if options["json"]:
            self.stdout.write(json.dumps(table, indent=2, cls=DjangoJSONEncoder))
            return
        self.stdout.write(f"The code is at {table['code']}.\n\n{'ring':<10} {'state':<10} {'version':<13} tenants")
        for row in table["counts"]:
            self.stdout.write(f"{row['ring']:<10} {row['state']:<10} {row['version'] or '?':<13} {row['tenants']}")
        for row in table["troubled"]:
            since = f"runs: {row['attempts']}, last {row['changed_at']:%Y-%m-%d %H:%M:%S}"
            trouble = row["error"] or "closed by a run that did not come to opening it; the next one does"
            self.stdout.write(f"\n{row['schema_name']} ({row['ring']}): {row['state']}, {since}\n  {trouble}")
