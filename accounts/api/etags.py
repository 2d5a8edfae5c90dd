"""Lost updates: an answer names its version, and a write may say which one it means."""

from typing import NamedTuple

from django.utils.http import parse_etags, quote_etag
from rest_framework.response import Response

from .exceptions import PreconditionFailed


class Version(NamedTuple):
    """Of an object that is known by its columns alone."""

    version: int


def etag_of(obj) -> str:
    return quote_etag(str(obj.version))


def tagged(response: Response, obj) -> Response:
    response.headers["ETag"] = etag_of(obj)
    return response


def is_known(request, obj) -> bool:
    """Does the client have this version already (`If-None-Match`)?"""
    sent = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    return "*" in sent or any(tag.removeprefix("W/") == etag_of(obj) for tag in sent)


def expected_version(request, obj) -> int | None:
    """The version that the write is meant for, from `If-Match`; None if it does not say.

    Raises PreconditionFailed if that is not the one read here. The flow compares once more, under the lock.
    """
    header = request.META.get("HTTP_IF_MATCH")
    if header is None or header.strip() == "*":
        return None
    if etag_of(obj) not in parse_etags(header):
        raise PreconditionFailed
    return obj.version
