"""In which tenants a provider may have sessions to end: noted when one begins, asked when it says that one is over."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts.models import ProviderSession
from accounts.providers.base import LOGOUT, Provider
from tenants.models import SessionPlace, Tenant
from tenants.schema import current_tenant, in_public


def note(kept: ProviderSession, provider: Provider) -> None:
    """Only of providers that send log-outs by the back channel. In the caller's transaction."""
    if LOGOUT not in provider.kinds:
        return
    tenant, until = current_tenant(), timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    digests = digests_of(provider, subject=kept.subject, sid=kept.sid)
    with in_public():
        SessionPlace.objects.bulk_create(
            [SessionPlace(digest=digest, tenant_id=tenant.pk, until=until) for digest in digests],
            update_conflicts=True,
            unique_fields=["digest", "tenant"],
            update_fields=["until"],
        )


def tenants_with(provider: Provider, *, subject: str = "", sid: str = "") -> list[Tenant]:
    """Those that may have a session of this subject, or of this session of the provider's. One question."""
    digests = digests_of(provider, subject=subject, sid=sid)
    found = Tenant.objects.filter(session_places__digest__in=digests, provider=provider.key, schema_ready=True)
    return list(found.distinct())


def digests_of(provider: Provider, *, subject: str, sid: str) -> list[str]:
    named = {"sub": subject, "sid": sid}
    return [SessionPlace.hash(provider.key, what, value) for what, value in named.items() if value]
