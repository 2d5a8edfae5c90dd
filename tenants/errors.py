"""A note of what broke in a tenant, for the operators. Its own small transaction, and never the next trouble."""

import logging
from datetime import timedelta

from django.db import DatabaseError
from django.utils import timezone

from .models import PlatformEvent, Tenant
from .schema import in_public

logger = logging.getLogger(__name__)

# A page that breaks at every request of a busy tenant fills no table.
MOST_AN_HOUR = 60


def note_error(request, tenant: Tenant, status: int) -> None:
    """Write down that an answer was a 5xx: by which route, which method, and what kind of exception.

    The path itself is not noted: it may hold a token.
    """
    match = getattr(request, "resolver_match", None)
    words = [str(status), getattr(request, "broken_by", ""), request.method or "", match.route if match else ""]
    try:
        with in_public():
            errors = PlatformEvent.objects.filter(kind=PlatformEvent.Kind.ERROR, schema_name=tenant.schema_name)
            recent = errors.filter(at__gt=timezone.now() - timedelta(hours=1)).order_by()
            if len(recent.values_list("pk", flat=True)[:MOST_AN_HOUR]) < MOST_AN_HOUR:
                PlatformEvent.objects.create(
                    kind=PlatformEvent.Kind.ERROR,
                    schema_name=tenant.schema_name,
                    request_id=getattr(request, "id", ""),
                    detail=" ".join(filter(None, words))[:300],
                )
    except DatabaseError:
        logger.exception("An error of %s could not be noted.", tenant.schema_name)
