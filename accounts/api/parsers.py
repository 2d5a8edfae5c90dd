"""JSON as RFC 8259 has it and no looser: what two programs could read differently is refused. (N8)"""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from .exceptions import TooLarge

DEEPEST = 20
LONGEST_NUMBER = 40


class StrictJSONParser(BaseParser):
    """UTF-8 without a mark; no name twice, no NaN or Infinity, no lone surrogate, no zero character, bounded
    depth, size and numbers. Numbers with a point become Decimal, so that none is rounded.
    """

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None) -> Any:
        body = stream.read()
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        return read(body)


def read(body: bytes) -> Any:
    """The value that `body` is. Raises ParseError with a sentence."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_no_name_twice,
            parse_int=_whole,
            parse_float=_exact,
            parse_constant=_not_a_number,
        )
    except UnicodeDecodeError as error:
        raise ParseError(_("The body is not UTF-8.")) from error
    except RecursionError as error:
        raise ParseError(_("The body is nested too deeply.")) from error
    except ValueError as error:
        raise ParseError(_("The body is not JSON.")) from error
    _look_inside(value, 0)
    return value


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ParseError(_("The body has a name twice in one object."))
    return made


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ParseError(_("A number in the body is too long."))
    return int(text)


def _exact(text: str) -> Decimal:
    if len(text) > LONGEST_NUMBER:
        raise ParseError(_("A number in the body is too long."))
    try:
        return Decimal(text)
    except InvalidOperation as error:  # an exponent beyond what Decimal holds
        raise ParseError(_("A number in the body is too large.")) from error


def _not_a_number(_name: str):
    raise ParseError(_("NaN and Infinity are not JSON."))


def _look_inside(value: Any, depth: int) -> None:
    if depth > DEEPEST:
        raise ParseError(_("The body is nested too deeply."))
    if isinstance(value, str):
        _readable(value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            _readable(name)
            _look_inside(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _look_inside(inner, depth + 1)


def _readable(text: str) -> None:
    """A lone surrogate is no character, and PostgreSQL stores no zero one."""
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ParseError(_("The body holds a character that is none."))
