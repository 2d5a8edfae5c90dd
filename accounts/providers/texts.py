"""What a provider says, taken for no more than it plainly is: in tokens, and in the answers of its API."""

import hashlib
from collections.abc import Mapping
from typing import Any, TypeGuard

LONGEST_TEXT = 255
MOST_ROLES = 100


def is_text(value: Any) -> TypeGuard[str]:
    """A plain text of reasonable length, without blanks at its ends or anything that does not print."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT and value == value.strip() and value.isprintable()


def cache_name(about: str, *parts: str) -> str:
    """Under which to keep what was learned: by a digest, since not every cache takes long names or odd letters."""
    return f"{about}:{hashlib.sha256(repr(parts).encode()).hexdigest()}"


def mapping(value: Any) -> Mapping[str, Any]:
    """A part of a message, as an empty one where it is of another shape."""
    return value if isinstance(value, Mapping) else {}


def names(value: Any) -> tuple[str, ...]:
    """Roles that are no list of texts are none: nothing follows from what a token merely resembles."""
    listed = value if isinstance(value, list) and len(value) <= MOST_ROLES else []
    return tuple(name for name in listed if is_text(name))
