"""Every refusal of an API view as problem details (tenants/problems.py). Nothing of the request is written then."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import IntegrityError
from django.http import Http404
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from accounts.exceptions import AccountsError
from tenants.problems import problem, unauthorised

from .exceptions import BadRows

WRONG_INPUT = _("What was sent is not right: see the errors.")
# How long to wait where the limiter does not say (accounts/limits.py counts by hour and day).
RETRY_AFTER = 600


def answer(error: Exception, context: dict[str, Any]):
    """DRF's exception handler. None leaves the error to Django: 503 for a lost database, 500 for a defect."""
    request = context["request"]
    response = _refusal(getattr(request, "_request", request), error)
    if response is not None:
        set_rollback()
    return response


def _refusal(request, error):
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        return unauthorised(request)
    if isinstance(error, AccountsError):
        return _own(request, error)
    if isinstance(error, Http404 | ObjectDoesNotExist):
        return problem(request, 404)
    if isinstance(error, ValidationError):
        return _wrong_input(request, exceptions.ValidationError(error.messages))
    if isinstance(error, exceptions.ValidationError):
        return _wrong_input(request, error)
    if isinstance(error, BadRows):
        return problem(request, error.status_code, errors=[_row(*row) for row in sorted(error.rows.items())])
    if isinstance(error, exceptions.APIException):
        return _library(request, error)
    for kind, status in STATUSES.items():
        if isinstance(error, kind):
            return problem(request, status)
    return None


STATUSES = {PermissionDenied: 403, RequestDataTooBig: 413, SuspiciousOperation: 400, IntegrityError: 409}


def _own(request, error: AccountsError):
    """A rule of ours: its sentence, its name as a code, and the field it is about."""
    code = code_of(error)
    errors = [{"pointer": f"#/{error.field}", "code": code, "detail": force_str(error.message)}] if error.field else []
    headers = {"Retry-After": str(RETRY_AFTER)} if error.status == 429 else None
    return problem(request, error.status, detail=error.message, errors=errors, headers=headers, code=code)


def code_of(error: AccountsError) -> str:
    """LastOwner -> last_owner."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).lower()


def _wrong_input(request, error: exceptions.ValidationError):
    place = getattr(error, "place", None)
    if place:
        errors = [
            {place: name, "code": detail.code, "detail": str(detail)}
            for name, details in error.detail.items()
            for detail in details
        ]
    else:
        errors = [
            {"pointer": pointer, "code": detail.code, "detail": str(detail)} for pointer, detail in flat(error.detail)
        ]
    return problem(request, 400, detail=WRONG_INPUT, errors=errors)


def flat(detail, pointer: str = "#") -> Iterator[tuple[str, exceptions.ErrorDetail]]:
    """DRF's nested errors as (JSON pointer, error): `{"rows": {1: {"price": [e]}}}` -> `#/rows/1/price`."""
    if isinstance(detail, dict):
        for key, inner in detail.items():
            own = key == api_settings.NON_FIELD_ERRORS_KEY
            yield from flat(inner, pointer if own else f"{pointer}/{escaped(key)}")
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            one = isinstance(inner, exceptions.ErrorDetail)
            yield from flat(inner, pointer if one else f"{pointer}/{index}")
    else:
        yield pointer, detail


def escaped(key) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")


def _row(index: int, told: tuple[str, str, Any]) -> dict[str, str]:
    field, code, detail = told
    return {"pointer": f"#/{index}/{field}".rstrip("/"), "code": code, "detail": force_str(detail)}


def _library(request, error: exceptions.APIException):
    headers = {}
    if isinstance(error, exceptions.Throttled):
        headers["Retry-After"] = str(int(error.wait or 1))
        return problem(request, 429, headers=headers)
    if isinstance(error, exceptions.MethodNotAllowed):
        return problem(request, 405)
    said = error.detail if isinstance(error.detail, str) else ""
    own_words = said if said != error.default_detail else ""
    return problem(request, error.status_code, detail=own_words, headers=headers)
