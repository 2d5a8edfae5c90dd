import signal
from threading import Event

from django.core.management.base import CommandError

from tenants import housekeeping
from tenants.management.base import OperatorCommand


class Command(OperatorCommand):
    help = "Run the jobs of settings.HOUSEKEEPING, one after another: once, or again and again."

    def add_arguments(self, parser):
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--once", action="store_true", help="One round (the default). Fails if a job did.")
        choice.add_argument("--every", type=float, metavar="SECONDS", help="A round each so often, until stopped.")

    def handle(self, *args, every=None, **options):
        if every is not None:
            self.go_on(every)
            return
        try:
            jobs = housekeeping.run_round(self.stdout.write)
        except housekeeping.AlreadyRunning as error:
            raise CommandError("Somebody else is running the jobs.") from error
        if failed := [job.name for job in jobs if not job.ok]:
            raise CommandError(f"Failed: {', '.join(failed)}.")

    def go_on(self, every: float) -> None:
        """Until SIGTERM or Ctrl-C; the job that is running is let finish."""
        if every < 1:
            raise CommandError("--every takes at least one second.")
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        housekeeping.run_forever(every, stop, self.stdout.write)
