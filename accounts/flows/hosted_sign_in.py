"""Signing in on an identity provider's own page: the code flow, with PKCE, state, nonce and the issuer's name.

    tenant's host -> public host (begin) -> provider -> public host (finish) -> tenant's host (arrive)

All of it is for one browser, one organisation and one provider. Tokens are believed by the verifier's word alone.
Source: docs/decisions/0017-hosted-sign-in.md, RFC 6749, RFC 7636, RFC 9207, OpenID Connect Core 1.0
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from authlib.integrations.base_client import OAuthError
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.exceptions import CredentialRefused, ProviderAway, SignInFailed
from accounts.models import User
from accounts.providers import registry, verifier
from accounts.providers.base import ID_TOKEN, SESSION, Claims, Provider
from accounts.providers.hosted import Hosted
from accounts.providers.oauth import client_of
from accounts.providers.tokens import Tokens
from tenants.models import Domain, Tenant, absolute_url, public_url
from tenants.schema import in_public, in_tenant

from . import back_channel, recognise, sign_in
from .attempts import Ask, Attempt

logger = logging.getLogger(__name__)

NOT_ACCEPTED = _("What %(provider)s sent could not be accepted. You are not signed in.")
NOT_THERE = _("This organisation is not open, or its people sign in elsewhere now.")
ELSEWHERE = _("You signed in to another organisation than this one. Choose the right one, or another account.")
ENDED_THERE = _("%(provider)s has ended this sign-in meanwhile.")
REFUSED_THERE = _("%(provider)s did not let you in.")
# Errors of the authorization endpoint (RFC 6749, 4.1.2.1) that are answered with another status than 400.
STATUS_OF_ERRORS = {"access_denied": 403, "server_error": 503, "temporarily_unavailable": 503}
LONGEST_SENTENCE = 300  # of the provider's own words


@dataclass(frozen=True)
class Answer:
    """What came back: the tokens, what the ID token says where there is one, and when they were asked for."""

    tokens: Tokens
    id_claims: Claims | None
    began_at: datetime


def callback_url(provider: Provider) -> str:
    """Each provider has an address of its own: an answer that another one passes on arrives at the wrong one."""
    return public_url(reverse("hosted-callback-of", args=[provider.key], urlconf=settings.PUBLIC_SCHEMA_URLCONF))


def provider_named(key: str) -> tuple[Provider, Hosted]:
    """Raises SignInFailed for one that is not active, or has no page to sign in on."""
    provider = registry.hosted_providers().get(key)
    if provider is None or provider.hosted is None:
        raise SignInFailed(NOT_THERE, status=403, reason=f"no hosted provider {key}")
    return provider, provider.hosted


# --- To the provider ----------------------------------------------------------------------------------


def begin(ask: Ask, provider_key: str) -> tuple[str, Attempt]:
    """Where to send the browser, and what is to be remembered of it. Raises SignInFailed, ProviderAway."""
    provider, hosted = provider_named(provider_key)
    attempt = Attempt(provider.key, ask)
    more = parameters(ask, hosted)
    with client_of(hosted, redirect_uri=callback_url(provider), code_challenge_method="S256") as client:
        url, _state = client.create_authorization_url(
            hosted.authorize(), state=attempt.state, nonce=attempt.nonce, code_verifier=attempt.verifier, **more
        )
    return url, attempt


def parameters(ask: Ask, hosted: Hosted) -> dict[str, str]:
    prompt = {"prompt": ask.prompt} if ask.prompt else {}
    if not ask.tenant:
        return {**hosted.extra, **hosted.for_sign_up, **prompt}
    return {**hosted.extra, **ask.invitation, **hosted.for_tenant(tenant_asked_for(ask)), **prompt}


def tenant_asked_for(ask: Ask) -> Tenant:
    with in_public():
        tenant = Tenant.objects.served().filter(pk=ask.tenant).first()
    if tenant is None:
        raise SignInFailed(NOT_THERE, status=403)
    return tenant


# --- And back -----------------------------------------------------------------------------------------


def demand_same_issuer(attempt: Attempt, provider: Provider, *, named: str, issuer: str | None) -> None:
    """The answer must be of the provider that was asked: by the address it came to, and by `iss` where it says one.

    Raises SignInFailed. At the address that all providers share, `iss` must be there.
    """
    if issuer is not None and issuer not in provider.issuers:
        raise SignInFailed(reason="the answer of another issuer")
    if named != attempt.provider and (named or issuer is None):
        raise SignInFailed(reason="an answer at another provider's address")


def demand_no_error(provider: Provider, answer: Mapping[str, str]) -> None:
    """Raises SignInFailed with the provider's own sentence, if it sent an error in place of a code."""
    error = answer.get("error", "")
    if error:
        said = answer.get("error_description", "")[:LONGEST_SENTENCE]
        message = REFUSED_THERE % {"provider": provider.name}
        raise SignInFailed(message, status=STATUS_OF_ERRORS.get(error, 400), said=said, reason="an error of theirs")


def finish(attempt: Attempt, code: str) -> Answer:
    """Exchange the code for tokens, and verify them. Raises SignInFailed, ProviderAway."""
    provider, hosted = provider_named(attempt.provider)
    began_at = timezone.now()
    tokens = exchange(provider, hosted, attempt, code)
    id_claims = None
    if tokens.id or hosted.nonce_bound:
        id_claims = verified(tokens.id, ID_TOKEN, provider, demands={"nonce": attempt.nonce})
    return Answer(tokens, id_claims, began_at)


def exchange(provider: Provider, hosted: Hosted, attempt: Attempt, code: str) -> Tokens:
    with client_of(hosted, redirect_uri=callback_url(provider), code_challenge_method="S256") as client:
        try:
            found = client.fetch_token(hosted.token(), code=code, code_verifier=attempt.verifier)
        except OAuthError as error:
            message = NOT_ACCEPTED % {"provider": provider.name}
            raise SignInFailed(message, reason=f"the code was refused: {error.error!a:.60}") from error
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise ProviderAway("an answer that holds no tokens") from error
    tokens = {name: found.get(name) or "" for name in ("access_token", "id_token", "refresh_token")}
    if not all(isinstance(token, str) for token in tokens.values()):
        raise ProviderAway("tokens that are no texts")
    return Tokens(session=tokens[hosted.session_token], refresh=tokens["refresh_token"], id=tokens["id_token"])


def verified(token: str, entry: str, provider: Provider, demands: Mapping[str, str] | None = None) -> Claims:
    """Raises SignInFailed: the reason is for the log."""
    try:
        return verifier.verify(token, entry=entry, providers=[provider], demands=demands)[0]
    except CredentialRefused as refusal:
        raise SignInFailed(NOT_ACCEPTED % {"provider": provider.name}, reason=f"{entry}: {refusal.reason}") from refusal


# --- To the organisation ------------------------------------------------------------------------------


def hop(attempt: Attempt, answer: Answer) -> str:
    """The address on the tenant's host that signs this browser in once.

    Raises SignInFailed, ForeignCredential for a sign-in to another organisation, CredentialRefused, ProviderAway.
    """
    provider, _hosted = provider_named(attempt.provider)
    tenant = tenant_asked_for(attempt.ask)
    if tenant.provider != provider.key:
        raise SignInFailed(NOT_THERE, status=403)
    claims = session_claims(answer.tokens, provider, answer.id_claims)
    recognise.in_tenant_of(claims, provider, tenant)
    with in_tenant(tenant):
        ticket = sign_in.issue_hop(answer.tokens.seal(), attempt.ask.mark, answer.began_at)
    path = reverse("accounts:provider-arrive", args=[ticket], urlconf=settings.ROOT_URLCONF)
    return absolute_url(host_to_return_to(attempt.ask, tenant), f"{path}?{urlencode({'next': attempt.ask.next})}")


def session_claims(tokens: Tokens, provider: Provider, id_claims: Claims | None) -> Claims:
    """Of the token that stands for the person, with the profile of the ID token where it has none of its own."""
    claims = verified(tokens.session, SESSION, provider)
    if id_claims is None:
        return claims
    if id_claims.subject != claims.subject:
        raise SignInFailed(NOT_ACCEPTED % {"provider": provider.name}, reason="tokens of two people")
    if claims.email:
        return claims
    return replace(
        claims,
        email=id_claims.email,
        email_verified=id_claims.email_verified,
        name=claims.name or id_claims.name,
    )


def host_to_return_to(ask: Ask, tenant: Tenant) -> str:
    """Where it began, if that is an address of the tenant's still."""
    with in_public():
        is_theirs = Domain.objects.filter(tenant_id=tenant.pk, domain=ask.host).exists()
    return ask.host if is_theirs else tenant.host


def url_to_begin_again(ask: Ask) -> str:
    """Where it began; empty if that is no more."""
    if not ask.tenant:
        return reverse("hosted-start", urlconf=settings.PUBLIC_SCHEMA_URLCONF)
    try:
        host = host_to_return_to(ask, tenant_asked_for(ask))
    except SignInFailed:
        return ""
    path = reverse("account_login", urlconf=settings.ROOT_URLCONF)
    return absolute_url(host, f"{path}?{urlencode({'next': ask.next})}")


def arrive(tokens: Tokens, provider: Provider, tenant: Tenant, began_at: datetime) -> tuple[User, Claims]:
    """Who the tokens of a hop are for, in the tenant's own schema. Everything is verified once more, and that the
    provider has not ended the session since `began_at`.

    Raises SignInFailed, CredentialRefused, NotAdmitted, ForeignCredential, ProviderAway.
    """
    id_claims = verified(tokens.id, ID_TOKEN, provider) if tokens.id else None
    claims = recognise.in_tenant_of(session_claims(tokens, provider, id_claims), provider, tenant)
    if back_channel.is_over(claims, provider, since=began_at):
        message = ENDED_THERE % {"provider": provider.name}
        raise SignInFailed(message, status=403, reason="logged out by the back channel meanwhile")
    return recognise.user_of(claims, provider, tenant), claims
