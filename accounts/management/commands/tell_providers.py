from accounts.flows import outbox
from tenants.management.base import OperatorCommand


class Command(OperatorCommand):
    help = "Tell the identity providers what was done here and they could not be told at once."

    SECONDS = 60  # for one organisation

    def handle(self, *args, **options):
        sent = outbox.work_off_all(seconds=self.SECONDS)
        away = "; a provider does not answer" if sent.is_away else ""
        self.stdout.write(f"{sent.done} told, {sent.given_up} given up{away}.")
