"""Mail on a developer's machine: shown on the console, and kept as files for /dev/mail/."""

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.console import EmailBackend as ConsoleBackend
from django.core.mail.backends.filebased import EmailBackend as FileBackend


class ConsoleAndFileBackend(BaseEmailBackend):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.backends = [ConsoleBackend(*args, **kwargs), FileBackend(*args, **kwargs)]

    def send_messages(self, email_messages):
        for backend in self.backends:
            sent = backend.send_messages(email_messages)
        return sent
