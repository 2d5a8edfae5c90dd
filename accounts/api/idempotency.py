"""A POST that may be sent twice and acts once: the client names it by `Idempotency-Key`."""

import hashlib
import re
from datetime import timedelta
from functools import wraps

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.serializers import ErrorDetail

from accounts.exceptions import AccountsError
from accounts.models import IdempotentAnswer

from .exceptions import BadHeader
from .renderers import JSONRenderer

HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x21-\x7e]{1,255}")
LIFETIME = timedelta(hours=24)
KEPT_HEADERS = ("ETag", "Location")


class KeyReused(AccountsError):
    """The same key came with another request."""

    message = _("This Idempotency-Key was used for another request.")


def idempotent(action):
    """Decorate an action that answers a POST. What it refuses is not remembered: mended, it may be sent again.

    The key is claimed in the transaction of the work: of two at once the second waits for the first, and is
    given its answer.
    """

    @wraps(action)
    def answer_once(view, request, *args, **kwargs):
        key = request.headers.get(HEADER)
        if key is None:
            return action(view, request, *args, **kwargs)
        claim = _claim(request, _checked(key))
        if claim.status is not None:
            return _replay(claim)
        response = action(view, request, *args, **kwargs)
        _remember(claim, response)
        return response

    answer_once.is_idempotent = True  # type: ignore[attr-defined]
    return answer_once


def _checked(key: str) -> str:
    if not KEY.fullmatch(key):
        text = _("1 to 255 visible ASCII characters are required.")
        raise BadHeader({HEADER: [ErrorDetail(text, "invalid")]})
    return key


def _claim(request, key: str) -> IdempotentAnswer:
    """A new row without an answer, or the one that an earlier request has left. Raises KeyReused."""
    own = {"user_id": request.user.pk, "key": key}
    fingerprint = _fingerprint(request)
    IdempotentAnswer.objects.filter(**own, created_at__lt=timezone.now() - LIFETIME).delete()
    try:
        with transaction.atomic():
            return IdempotentAnswer.objects.create(**own, fingerprint=fingerprint)
    except IntegrityError:
        earlier = IdempotentAnswer.objects.get(**own)
    if earlier.fingerprint != fingerprint:
        raise KeyReused
    return earlier


def _fingerprint(request) -> str:
    """Of the request and of the credential: what one key of somebody was told is not another key's to hear."""
    sent = f"{request.auth.label} {request.method} {request.get_full_path()}\n".encode() + request._request.body
    return hashlib.sha256(sent).hexdigest()


def _remember(claim: IdempotentAnswer, response) -> None:
    claim.status = response.status_code
    claim.headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    claim.body = JSONRenderer().render(response.data).decode() if response.data is not None else ""
    claim.save()


def _replay(earlier: IdempotentAnswer) -> HttpResponse:
    headers = {**earlier.headers, "Idempotency-Replayed": "true"}
    if earlier.body:
        headers["Content-Type"] = "application/json"
    return HttpResponse(earlier.body, status=earlier.status, headers=headers)


def purge() -> int:
    """Forget the answers of more than a day ago; return how many. For the periodic jobs, in one tenant."""
    return IdempotentAnswer.objects.filter(created_at__lt=timezone.now() - LIFETIME).delete()[0]
