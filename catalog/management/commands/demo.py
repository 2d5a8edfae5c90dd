import signal
import socket
import sys

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from catalog.seed import ORGANISATIONS, PASSWORD
from tenants.checks import database_problem
from tenants.models import public_url


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
        call_command(
            "runserver", f"127.0.0.1:{settings.PUBLIC_PORT}", "--nostatic", use_reloader=False, skip_checks=True
        )

    def demand_free_port(self, port: int) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise CommandError(f"Port {port} is taken. Choose another: PORT={port + 1} make demo") from error

    def tell(self) -> None:
        lines = ["", f"Tenantry          {public_url()}", f"Sent mail       {public_url('/dev/mail/')}", ""]
        for organisation in ORGANISATIONS:
            host = f"{settings.PUBLIC_SCHEME}://{organisation.slug}.{settings.BASE_DOMAIN}:{settings.PUBLIC_PORT}/"
            lines.append(f"{organisation.name:<16}{host}")
            lines += [f"  {role:<8}{address}" for role, address in organisation.addresses.items()]
            lines.append("")
        lines += [f"Everyone's password is {PASSWORD}", ""]
        self.stdout.write("\n".join(lines))
