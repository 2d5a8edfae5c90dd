"""What a provider says, taken for no more than it plainly is: in tokens, and in the answers of its API."""

from typing import Any, TypeGuard

LONGEST_TEXT = 255
MOST_ROLES = 100


def is_text(value: Any) -> TypeGuard[str]:
    """A plain text of reasonable length, without blanks at its ends or anything that does not print."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT and value == value.strip() and value.isprintable()


def names(value: Any) -> tuple[str, ...]:
    """Roles that are no list of texts are none: nothing follows from what a token merely resembles."""
    listed = value if isinstance(value, list) and len(value) <= MOST_ROLES else []
    return tuple(name for name in listed if is_text(name))
