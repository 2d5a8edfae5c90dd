"""On its way out: a sandbox's mail stays in; on a developer's machine it is shown, and kept for /dev/mail/."""

import logging

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.console import EmailBackend as ConsoleBackend
from django.core.mail.backends.filebased import EmailBackend as FileBackend

from tenants.dumps.rules import SANDBOX_DOMAIN
from tenants.schema import current_tenant

logger = logging.getLogger(__name__)


class TenantMailBackend(BaseEmailBackend):
    """Hands mail on to settings.MAIL_TRANSPORT, but for a sandbox's and for what goes to masked addresses.

    Two walls, since a job may write for a tenant when the connection is another's again: its addresses lead nowhere.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.transport = get_connection(settings.MAIL_TRANSPORT, *args, **kwargs)

    def open(self):
        return self.transport.open()

    def close(self):
        return self.transport.close()

    def send_messages(self, email_messages):
        leaving = [message for message in email_messages if not stays_in(message)]
        if held := len(email_messages) - len(leaving):
            logger.info("%s messages of a sandbox were not sent.", held)
        return held + (self.transport.send_messages(leaving) or 0 if leaving else 0)


def stays_in(message) -> bool:
    """In `public` the connection has no tenant of its own, only a name."""
    return getattr(current_tenant(), "is_sandbox", False) or any(
        address.rpartition("@")[2].rstrip(">").lower() == SANDBOX_DOMAIN for address in message.recipients()
    )


class ConsoleAndFileBackend(BaseEmailBackend):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.backends = [ConsoleBackend(*args, **kwargs), FileBackend(*args, **kwargs)]

    def send_messages(self, email_messages):
        for backend in self.backends:
            sent = backend.send_messages(email_messages)
        return sent
