"""What sign-up, invitations and commands share when an account comes into being."""

from collections.abc import Mapping
from typing import Any

from allauth.account.models import EmailAddress
from django.db import DEFAULT_DB_ALIAS, transaction

from accounts import access
from accounts.models import Role, User
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


def enter_directory(user: User) -> None:
    """For people of an identity provider, whose addresses allauth does not keep: those that are proven."""
    if user.address_proven and user.email:
        directory.enter(user.email, current_tenant())


def make_member(*, email: str, name: str, password: str, role: Role) -> User:
    """An account with a proven address and one role, in the tenant that the connection is bound to.

    Somebody who was removed gets his old row back, so that history keeps one person.
    """
    email = email.strip().lower()
    user = User.objects.filter(email=email, issuer="local").exclude(removed_at=None).first()
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
