"""Writing the audit log. `note` is the one way into it."""

from contextvars import ContextVar
from typing import Any

from django.db import models
from django.utils import timezone

from .models import Entry

# The request being answered, if one is; set by accounts.audit.middleware.
current_request: ContextVar[Any] = ContextVar("audit_request", default=None)


def note(
    action: str,
    obj: models.Model | None = None,
    *,
    changes: dict[str, list] | None = None,
    detail: str = "",
) -> None:
    """Write one line, in the transaction of the act itself: it stays or goes with it.

    `action` is a past participle ("signed_in", "shared"); who acted, by what and from where follows from
    the request. `changes` is field -> [before, after], in values that JSON can hold.
    """
    request = current_request.get()
    user = getattr(request, "user", None)
    Entry.objects.create(
        at=timezone.now(),
        actor_id=getattr(user, "pk", None),
        actor_name=str(user or ""),
        through=Entry.Through.PAGE if request else Entry.Through.COMMAND,
        action=action,
        object_type=obj._meta.label_lower if obj else "",
        object_id=str(obj.pk) if obj else "",
        object_name=str(obj)[:200] if obj else "",
        changes=changes or {},
        detail=detail,
        request_id=getattr(request, "id", ""),
    )
