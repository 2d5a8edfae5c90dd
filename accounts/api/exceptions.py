"""What an API view raises to refuse a request; told by errors.py."""

from typing import Any

from rest_framework import exceptions


class BadParameters(exceptions.ValidationError):
    """What is wrong stands in the query: `{"limit": "…"}`."""

    place = "parameter"


class BadHeader(exceptions.ValidationError):
    place = "header"


class TooLarge(exceptions.APIException):
    status_code = 413


class PreconditionFailed(exceptions.APIException):
    status_code = 412


class BadRows(exceptions.APIException):
    """Some rows of many were refused, so all are. `rows` is index -> (field, code, sentence)."""

    def __init__(self, status: int, rows: dict[int, tuple[str, str, Any]]):
        super().__init__()
        self.status_code = status
        self.rows = rows
