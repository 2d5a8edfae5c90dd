"""What a log line carries (the schema it was written for and the request's id), and what none may show."""

import logging
import re
from contextvars import ContextVar

from django.db import connection

current_request_id: ContextVar[str] = ContextVar("request_id", default="-")

# Whoever has such a path has what it opens: a sign-in ticket, an invitation, a new password, an address.
# As a path or percent-encoded, as in `?next=%2Fjoin%2F…`.
ONE_TIME_PATH = re.compile(
    r"""((?:/|%2F)(?:arrive(?:(?:/|%2F)provider)?|join|confirm-email|reset(?:/|%2F)key)(?:/|%2F))"""
    r"""(?:(?!%2F)[^\s/?&"'])+""",
    re.IGNORECASE,
)

# What a provider answers with, and the signed way to it. As a query or percent-encoded.
ONE_TIME_PARAMETER = re.compile(
    r"""((?:[?&]|%3F|%26)(?:code|state|ask)(?:=|%3D))(?:(?!%26)[^\s&"'#])+""", re.IGNORECASE
)

# An API key, an access token, and whatever else follows "Bearer", wherever a line quotes it.
CREDENTIAL = re.compile(r"(tnt_)[A-Za-z0-9_-]+|(eyJ)[A-Za-z0-9_.-]+|(Bearer )[^\s\"',]+")


def without_secrets(text: str) -> str:
    text = ONE_TIME_PARAMETER.sub(r"\1***", ONE_TIME_PATH.sub(r"\1***", text))
    return CREDENTIAL.sub(lambda found: f"{found[found.lastindex or 0]}***", text)


class RequestFilter(logging.Filter):
    """Name schema and request on each line.

    Django logs an answer of 4xx after the request has left every middleware, so those lines are told by
    the request they carry. A server's own access line comes later still, and names neither.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        tenant = getattr(request, "tenant", None)
        record.request_id = getattr(request, "id", None) or current_request_id.get()
        record.schema = tenant.schema_name if tenant else getattr(connection, "schema_name", "-")
        return True


class SecretFilter(logging.Filter):
    """Mask the one-time secrets that stand in addresses (requests, refused ones, referring pages), and credentials."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        shown = without_secrets(message)
        if shown != message:
            record.msg, record.args = shown, ()
        return True
