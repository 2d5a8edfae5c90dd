import os
import signal
import socket
import sys
from contextlib import contextmanager
from threading import Event, Thread

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from catalog import demo_provider
from catalog.seed import OPERATORS, ORGANISATIONS, PASSWORD
from tenants import housekeeping
from tenants.checks import database_problem
from tenants.models import absolute_url, public_url
from tenants.slugs import PLATFORM_SLUG

JOBS_EVERY = 60  # seconds
STAND_IN_PORT_ABOVE = 200  # the stand-in's, beside the site's


class Command(BaseCommand):
    help = "Set everything up, seed two organisations, and serve them. Stop with Ctrl-C; start again any time."

    def add_arguments(self, parser):
        parser.add_argument("--provider", choices=demo_provider.NAMES, help="Sign in by this one, played beside.")

    def handle(self, *args, provider, **options):
        if not settings.DEBUG:
            raise CommandError("The demo's passwords are public: it runs with development settings only.")
        if provider:
            port = settings.PUBLIC_PORT + STAND_IN_PORT_ABOVE
            self.demand_free_port(port)
            sys.exit(demo_provider.run_with_stand_in(provider, port))
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # stop the embedded database too
        self.demand_free_port(settings.PUBLIC_PORT)
        if problem := database_problem(settings.ADMIN_DATABASE):
            raise CommandError(problem.msg)
        self.stdout.write("Preparing the database …")
        call_command("migrate", verbosity=0)
        call_command("seed", stdout=self.stdout)
        if self.is_played or settings.IDENTITY_PROVIDER == "local":
            demo_provider.connect_demo(settings.IDENTITY_PROVIDER)
        self.tell()
        with self.jobs_running():
            call_command(
                "runserver", f"127.0.0.1:{settings.PUBLIC_PORT}", "--nostatic", use_reloader=False, skip_checks=True
            )

    @property
    def is_played(self) -> bool:
        return demo_provider.STAND_IN_URL in os.environ

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
                other = settings.PUBLIC_PORT + 1
                raise CommandError(f"Port {port} is taken. Choose another: PORT={other} make demo") from error

    def tell(self) -> None:
        lines = ["", f"Tenantry          {public_url()}", f"Sent mail         {public_url('/dev/mail/')}", ""]
        for organisation in ORGANISATIONS:
            lines += self.house(organisation.name, organisation.slug, organisation.addresses)
        lines += self.house("Operator console", PLATFORM_SLUG, OPERATORS)
        if self.is_played:
            lines += demo_provider.addresses(settings.IDENTITY_PROVIDER)
        whose = "The operators'" if self.is_played else "Everyone's"
        lines += [f"{whose} password is {PASSWORD}", ""]
        self.stdout.write("\n".join(lines))

    def house(self, name: str, slug: str, addresses: dict[str, str]) -> list[str]:
        host = absolute_url(f"{slug}.{settings.BASE_DOMAIN}")
        return [f"{name:<18}{host}", *(f"  {role:<10}{address}" for role, address in addresses.items()), ""]
