"""What sign-up, invitations and commands share when an account comes into being."""

from collections.abc import Mapping
from typing import Any

from allauth.account.models import EmailAddress
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q, QuerySet

from accounts import access
from accounts.models import LOCAL_ISSUER, Role, User
from accounts.providers import registry
from accounts.roles import OWNER
from tenants import directory
from tenants.schema import current_tenant


def record_address(user: User, *, verified: bool) -> None:
    """Tell allauth the address, and whether it is proven. A proven one enters the directory.

    An unproven one does not: its real owner would find, by our mail, an organisation that a stranger made.
    """
    using = user._state.db or DEFAULT_DB_ALIAS
    addresses = EmailAddress.objects.using(using)
    addresses.update_or_create(user=user, email=user.email, defaults={"primary": True, "verified": verified})
    if verified:
        directory.enter(user.email, current_tenant(using), using=using)


def issuer_here(using: str = DEFAULT_DB_ALIAS) -> str:
    """Whose people come in here: the issuer that stands on their rows. "" where the settings no longer name it."""
    tenant = current_tenant(using)
    if tenant.provider == "local":
        return LOCAL_ISSUER
    provider = registry.provider_of(tenant)
    return provider.issuer if provider else ""


def owners_here() -> QuerySet[User]:
    """Who is in charge: active owners who can come in, not those of a way that was before."""
    return User.objects.members().active().filter(issuer=issuer_here()).holding(OWNER)


def lock_owner_role() -> None:
    """First in whatever changes who holds what: with it, no two such changes run at once, nor wait in a circle."""
    list(Role.objects.select_for_update(no_key=True, of=("self",)).filter(key=OWNER))


def findable_address(user: User) -> str:
    """Under which somebody of an identity provider is found: allauth does not keep it. Unproven: none."""
    return user.email if user.address_proven else ""


def enter_directory(user: User) -> None:
    """For people of an identity provider."""
    if address := findable_address(user):
        directory.enter(address, current_tenant())


def leave_directory(user: User, address: str) -> None:
    """Unless somebody else here has proven the same address: nobody is made harder to find by another's leaving."""
    others = User.objects.present().exclude(pk=user.pk).filter(email=address)
    if address and not others.filter(Q(address_proven=True) | Q(issuer=LOCAL_ISSUER)).exists():
        directory.leave(address, current_tenant())


def make_member(*, email: str, name: str, password: str, role: Role) -> User:
    """An account with a proven address and one role, in the tenant that the connection is bound to.

    Somebody who was removed gets his old row back, so that history keeps one person.
    """
    email = email.strip().lower()
    user = User.objects.filter(email=email, issuer=LOCAL_ISSUER).exclude(removed_at=None).first()
    if user:
        user.name, user.is_active, user.removed_at = name, True, None
        user.set_password(password)
        user.save()
    else:
        user = User.objects.create_local(email=email, name=name, password=password)
    user.groups.set([role.group])
    record_address(user, verified=True)
    return user


@transaction.atomic
def change_profile(*, user: User, changes: Mapping[str, Any]) -> User:
    """Write one's own `name` and `picture`, and nothing else of the row. Raises PermissionDenied."""
    access.hold(user)
    person = access.reread(user)
    for name, value in changes.items():
        setattr(person, name, value)
    person.save(update_fields=list(changes))
    return person


def ask_to_confirm(request, user: User) -> None:
    """Send the confirmation link to an address that is not proven yet. Needs a request on the tenant's host."""
    address = EmailAddress.objects.filter(user=user, email=user.email, verified=False).first()
    if address:
        address.send_confirmation(request, signup=True)
