"""What binds a session, whoever let it in: one tenant, so long at all, and a browser's so long without use."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from accounts.exceptions import SessionOver
from accounts.models import User
from tenants.models import Tenant
from tenants.schema import current_schema

# In the session. The second one: seconds since 1970.
SESSION_TENANT, SESSION_BEGAN = "tenant", "began"


def bind(session) -> None:
    """When it is signed in. A session row that is copied elsewhere opens nothing there."""
    session[SESSION_TENANT], session[SESSION_BEGAN] = current_schema(), int(timezone.now().timestamp())


def is_of_this_tenant(session) -> bool:
    return session.get(SESSION_TENANT) == current_schema()


def demand_within(session, user: User, tenant: Tenant) -> None:
    """Raises SessionOver. Use is what `last_seen` says, in its steps of five minutes: no session is written for it,
    and somebody who is busy in one browser is not signed out of his other.
    """
    if not is_of_this_tenant(session):
        raise SessionOver("opened in another tenant")
    if is_too_old(session, tenant):
        raise SessionOver("as old as a session may become")
    began = began_at(session)
    if timezone.now() >= max(user.last_seen or began, began) + idle(tenant):
        raise SessionOver("not used for too long")


def is_too_old(session, tenant: Tenant) -> bool:
    """Programs' sessions too: their tokens are renewed for so long and no longer."""
    return timezone.now() >= began_at(session) + longest(tenant)


def began_at(session) -> datetime:
    return datetime.fromtimestamp(session.get(SESSION_BEGAN, 0), tz=UTC)


def longest(tenant: Tenant) -> timedelta:
    """An organisation only shortens it, and the time without use."""
    hours = tenant.session_longest_hours
    return min(timedelta(hours=hours), settings.SESSION_LONGEST) if hours else settings.SESSION_LONGEST


def idle(tenant: Tenant) -> timedelta:
    minutes = tenant.session_idle_minutes
    return min(timedelta(minutes=minutes), settings.SESSION_IDLE) if minutes else settings.SESSION_IDLE
