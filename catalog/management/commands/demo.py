import signal
import socket
import sys
from contextlib import contextmanager
from threading import Event, Thread

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from catalog.seed import OPERATORS, ORGANISATIONS, PASSWORD
from tenants import housekeeping
from tenants.checks import database_problem
from tenants.models import absolute_url, public_url
from tenants.slugs import PLATFORM_SLUG

JOBS_EVERY = 60  # seconds


class Command(BaseCommand):
    help = "Set everything up, seed two organisations, and serve them. Stop with Ctrl-C; start again any time."

    def handle(self, *args, **options):
        if not settings.DEBUG:
            raise CommandError("The demo's passwords are public: it runs with development settings only.")
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # stop the embedded database too
        self.demand_free_port(settings.PUBLIC_PORT)
        if problem := database_problem(settings.ADMIN_DATABASE):
            raise CommandError(problem.msg)
        self.stdout.write("Preparing the database …")
        call_command("migrate", verbosity=0)
        call_command("seed", stdout=self.stdout)
        self.tell()
        with self.jobs_running():
            call_command(
                "runserver", f"127.0.0.1:{settings.PUBLIC_PORT}", "--nostatic", use_reloader=False, skip_checks=True
            )

    @contextmanager
    def jobs_running(self):
        """Beside the server and no longer than it: what `manage.py housekeeping --every` does elsewhere."""
        stop = Event()
        jobs = Thread(target=housekeeping.run_forever, args=(JOBS_EVERY, stop), daemon=True)
        jobs.start()
        try:
            yield
        finally:
            stop.set()
            jobs.join(timeout=10)

    def demand_free_port(self, port: int) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise CommandError(f"Port {port} is taken. Choose another: PORT={port + 1} make demo") from error

    def tell(self) -> None:
        lines = ["", f"Tenantry          {public_url()}", f"Sent mail         {public_url('/dev/mail/')}", ""]
        for organisation in ORGANISATIONS:
            lines += self.house(organisation.name, organisation.slug, organisation.addresses)
        lines += self.house("Operator console", PLATFORM_SLUG, OPERATORS)
        lines += [f"Everyone's password is {PASSWORD}", ""]
        self.stdout.write("\n".join(lines))

    def house(self, name: str, slug: str, addresses: dict[str, str]) -> list[str]:
        host = absolute_url(f"{slug}.{settings.BASE_DOMAIN}")
        return [f"{name:<18}{host}", *(f"  {role:<10}{address}" for role, address in addresses.items()), ""]
