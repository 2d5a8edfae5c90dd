from django.conf import settings
from django.core.management.base import CommandError

from tenants import citus
from tenants.management.base import OperatorCommand


class Command(OperatorCommand):
    help = (
        "Once, on the coordinator of a Citus cluster: copy what every request asks for to all nodes, and give the "
        "cluster the tenants that are there. Repeatable: an interrupted run is gone on with."
    )

    def handle(self, *args, **options):
        using = settings.ADMIN_DATABASE
        if not citus.on_citus(using):
            raise CommandError("This database is no Citus cluster: it lacks the extension. See docs/scaling.md.")
        for table in citus.make_reference_tables(using):
            self.stdout.write(f"{table}: on every node")
        for schema_name in citus.unsharded_schemas(using):
            citus.shard(schema_name, using=using)
            self.stdout.write(f"{schema_name}: given to the cluster")
        self.stdout.write("The cluster is prepared.")
