"""What may stand in a query: every name is declared, and one that is not is refused. (Z10)"""

from collections.abc import Callable, Iterable

from django.utils.translation import gettext_lazy as _
from rest_framework.serializers import ErrorDetail

from .exceptions import BadParameters

FIELDS = "fields"


def refuse_unknown(request, allowed: Iterable[str]) -> None:
    """Raise BadParameters for a name that is not allowed, or that is given twice."""
    names, allowed = request.query_params, set(allowed)
    errors = {name: [_unknown()] for name in names if name not in allowed}
    errors |= {name: [_twice()] for name in names if name in allowed and len(names.getlist(name)) > 1}
    if errors:
        raise BadParameters(errors)


def _unknown() -> ErrorDetail:
    return ErrorDetail(_("There is no such parameter here."), "unknown")


def _twice() -> ErrorDetail:
    return ErrorDetail(_("Give this parameter once."), "twice")


def sparse_fields(request, declared: Callable[[], Iterable[str]]) -> list[str] | None:
    """The fields asked for by `?fields=id,title`, or None for all. `declared` tells those there are, if it matters."""
    asked = request.query_params.get(FIELDS)
    if asked is None:
        return None
    names, allowed = asked.split(","), list(declared())
    if not set(names) <= set(allowed):
        text = _("Choose from: %(names)s.") % {"names": ", ".join(allowed)}
        raise BadParameters({FIELDS: [ErrorDetail(text, "invalid_choice")]})
    return names
