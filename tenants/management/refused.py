"""A library's command that would break a rule of this house says so instead of running."""

from django.core.management.base import BaseCommand, CommandError


class RefusedCommand(BaseCommand):
    """Set `because`: one sentence that names what to use instead."""

    because: str
    requires_system_checks: list[str] = []

    def run_from_argv(self, argv):
        super().run_from_argv(argv[:2])  # whatever else was typed, the answer is the same

    def handle(self, *args, **options):
        raise CommandError(self.because)
