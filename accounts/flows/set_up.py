"""A new organisation for somebody who signed up at an identity provider.

The provider says who he is, and perhaps which organisation of its own he belongs to; name and address are chosen
here. Made as any other (tenants/provisioning.py), with an owner who has no password of ours.
Source: docs/decisions/0017-hosted-sign-in.md
"""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.audit import trail
from accounts.exceptions import SignInFailed
from accounts.models import Role, User
from accounts.providers import registry
from accounts.providers.base import SESSION, Provider
from accounts.providers.directory import Can
from accounts.roles import ADMIN, OWNER, SYSTEM_ROLES
from tenants import directory as whereabouts
from tenants import provisioning
from tenants.exceptions import AddressTaken
from tenants.models import Tenant
from tenants.schema import current_tenant, in_public, in_tenant

from . import directory
from .attempts import Attempt
from .hosted_sign_in import NOT_ACCEPTED, Answer, provider_named, session_claims, verified

UNPROVEN = _("Confirm your e-mail address at %(provider)s first. Then sign up again.")
NO_ORGANISATION = _(
    "Your account at %(provider)s belongs to no organisation. Ask its administrators to add you to one."
)
NOT_THEIRS = _(
    "Your organisation at %(provider)s is not here yet. Only somebody whose role there is called Owner or Admin can "
    "set it up. Ask one of them."
)
NOT_OFFERED = _("New organisations are not signed up by %(provider)s here. Ask whoever runs this site.")


@dataclass(frozen=True)
class Newcomer:
    """Who signed up, by the provider's verified word. `tenant` is his organisation there, empty if it named none."""

    provider: str
    issuer: str
    subject: str
    email: str
    name: str
    tenant: str


# What the role of a founder is called at the provider: nobody has linked other words to roles here before that.
FOUNDERS = frozenset({OWNER, ADMIN, SYSTEM_ROLES[OWNER].name, SYSTEM_ROLES[ADMIN].name})


def provider_key() -> str:
    """The provider that new organisations come by. Raises SignInFailed where nobody signs up on its page."""
    provider = registry.hosted_providers().get(settings.IDENTITY_PROVIDER)
    if provider is None or provider.hosted is None:
        name = provider.name if provider else settings.IDENTITY_PROVIDER
        raise SignInFailed(NOT_OFFERED % {"provider": name}, status=403)
    return provider.key


def newcomer_of(attempt: Attempt, answer: Answer) -> Newcomer:
    """Raises SignInFailed without a proven address, and without an organisation where none can be made."""
    provider, _hosted = provider_named(attempt.provider)
    claims = answer.id_claims or verified(answer.tokens.session, SESSION, provider)
    if not (claims.email and claims.email_verified):
        raise SignInFailed(UNPROVEN % {"provider": provider.name}, status=403)
    tenant = provider.tenant(claims.raw) or ""
    if not isinstance(tenant, str) or len(tenant) > 255:
        raise SignInFailed(NOT_ACCEPTED % {"provider": provider.name}, reason="tenant: odd")
    if not tenant and not can_make_organisations(provider):
        raise SignInFailed(NO_ORGANISATION % {"provider": provider.name}, status=403)
    return Newcomer(provider.key, claims.issuer, claims.subject, claims.email, claims.name[:80], tenant)


def demand_may_found(newcomer: Newcomer, answer: Answer) -> None:
    """Whoever sets an organisation up owns it here. One that the provider has already is for those who run it there.

    By the token that he would sign in with. Without any roles in it nobody can tell: then he may.
    Raises SignInFailed.
    """
    if not newcomer.tenant:
        return
    provider, _hosted = provider_named(newcomer.provider)
    claims = session_claims(answer.tokens, provider, answer.id_claims)
    if claims.tenant != newcomer.tenant:
        raise SignInFailed(NOT_ACCEPTED % {"provider": provider.name}, reason="tokens of two organisations")
    if claims.roles and not FOUNDERS.intersection(claims.roles):
        raise SignInFailed(NOT_THEIRS % {"provider": provider.name}, status=403, reason="neither owner nor admin there")


def can_make_organisations(provider: Provider) -> bool:
    return provider.directory is not None and Can.CREATE_TENANT in provider.directory().can


def organisation_of(newcomer: Newcomer) -> Tenant | None:
    """The organisation here that is his at the provider. It may be suspended: its own page says so."""
    if not newcomer.tenant:
        return None
    with in_public():
        return Tenant.objects.filter(provider=newcomer.provider, provider_tenant_id=newcomer.tenant).first()


def sign_in_url(tenant: Tenant) -> str:
    return tenant.absolute_url(reverse("account_login", urlconf=settings.ROOT_URLCONF))


def set_up(newcomer: Newcomer, *, organisation: str, slug: str, name: str = "", **fields) -> Tenant:
    """Make the organisation, its schema, its roles and its owner, all or nothing. `fields` go to the tenant (currency).

    Of two that are set up for one organisation of the provider's, the second finds the first. Raises
    ValidationError (slug), AddressTaken, SchemaExists.
    """
    using = settings.ADMIN_DATABASE
    at_provider = {"provider": newcomer.provider, "provider_tenant_id": newcomer.tenant}
    try:
        with provisioning.new_tenant(name=organisation, slug=slug, using=using, **at_provider, **fields) as tenant:
            owner = make_owner(newcomer, name or newcomer.name or newcomer.email, using=using)
            if not newcomer.tenant:  # made there as well, after the commit, with him as a member
                directory.tell(directory.Deed.CREATE_TENANT, user=owner, using=using)
    except AddressTaken:
        made = organisation_of(newcomer) or made_before(newcomer, slug)
        if made is None:
            raise
        return made
    return tenant


def make_owner(newcomer: Newcomer, name: str, *, using: str) -> User:
    """The first owner, in a tenant that is being made. His role counts as given by hand: no token takes it away."""
    tenant = current_tenant(using)
    with trail.act("organisation_created", tenant, using=using):
        owner = User(issuer=newcomer.issuer, subject=newcomer.subject, email=newcomer.email, name=name[:80])
        owner.address_proven = True
        owner.set_unusable_password()
        owner.save(using=using)
        owner.groups.add(Role.objects.using(using).get(key=OWNER).group)
        whereabouts.enter(owner.email, tenant, using=using)
    return owner


def made_before(newcomer: Newcomer, slug: str) -> Tenant | None:
    """What he made a moment ago: the form was sent twice."""
    with in_public():
        tenant = Tenant.objects.served().filter(slug=slug, provider=newcomer.provider).first()
    if tenant is None:
        return None
    with in_tenant(tenant):
        owners = User.objects.active().holding(OWNER)
        is_his = owners.filter(issuer=newcomer.issuer, subject=newcomer.subject).exists()
    return tenant if is_his else None
