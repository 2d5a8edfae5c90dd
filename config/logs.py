"""What every log line carries: the schema it was written for and the request's id."""

import logging
from contextvars import ContextVar

from django.db import connection

current_request_id: ContextVar[str] = ContextVar("request_id", default="-")


class RequestFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id.get()
        record.schema = getattr(connection, "schema_name", "-")
        return True
