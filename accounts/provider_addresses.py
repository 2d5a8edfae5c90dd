"""The addresses of ours that a provider must know, to the letter. Printed by `manage.py provider_urls`."""

from collections.abc import Iterator

from django.conf import settings
from django.urls import reverse

from accounts.flows.hosted_sign_in import callback_url
from accounts.providers.base import LOGOUT, Provider
from tenants.models import Domain, absolute_url, public_url
from tenants.schema import in_public


def addresses(provider: Provider) -> Iterator[tuple[str, list[str]]]:
    """What an address is for, and which it is. Those of tenants are one for each host, customers' own included."""
    hosts = hosts_of(provider)
    if provider.hosted:
        yield "Sign-in returns to (redirect URI, callback)", [callback_url(provider)]
        if provider.hosted.for_invitation:
            yield "Invitations lead to (application login URI)", [public("hosted-login")]
        back = reverse("accounts:signed-out", urlconf=settings.ROOT_URLCONF)
        yield "Sign-out returns to (post-logout redirect URI)", [absolute_url(host, back) for host in hosts]
    if LOGOUT in provider.kinds:
        yield "Back-channel log-out", [public("provider-log-out", provider.key)]
    if provider.events:
        yield "Webhooks", [public("provider-events", provider.key)]
    if provider.widget:
        yield "Pages with the sign-in widget (allowed origins)", [absolute_url(host, "") for host in hosts]


def public(name: str, *args: str) -> str:
    return public_url(reverse(name, args=args, urlconf=settings.PUBLIC_SCHEMA_URLCONF))


def hosts_of(provider: Provider) -> list[str]:
    """Of the organisations that are connected to it."""
    with in_public():
        theirs = Domain.objects.filter(tenant__provider=provider.key).order_by("tenant__slug", "pk")
        return list(theirs.values_list("domain", flat=True))
