"""What the pages about people say of the organisation's identity provider. Nothing, for people of our own."""

from django.utils.translation import gettext as _

from accounts import access
from accounts.flows import directory
from accounts.models import User
from accounts.providers import registry
from accounts.providers.base import Provider
from accounts.providers.directory import Can
from tenants.models import Tenant


def provider_of(tenant: Tenant) -> Provider | None:
    """None where people sign in with a password of ours, and where the settings no longer name their provider."""
    provider = registry.provider_of(tenant)
    return None if provider is None or provider.is_local else provider


def context(request) -> dict:
    """`provider`; `news`: what it has not been told yet; `pending`: whom it has invited, for those who may see that."""
    provider = provider_of(request.tenant)
    if provider is None:
        return {}
    sees_invited = access.allows(request.user, "accounts.view_invitation")
    return {
        "provider": provider,
        "news": directory.news(request.tenant) if sees_invited else None,
        "pending": directory.pending(request.tenant) if sees_invited else [],
    }


def what_becomes_of_it(tenant: Tenant, member: User, what: Can) -> str:
    """Of a change of this member, in a sentence."""
    provider = provider_of(tenant)
    if provider is None or member.is_local:
        return ""
    if directory.can(tenant, what):
        return _("%(provider)s is told of it as well.") % {"provider": provider.name}
    return _("%(provider)s cannot be told by us: change it there, too.") % {"provider": provider.name}
