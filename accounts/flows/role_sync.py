"""Roles by the provider's word: taken over from each new token, both ways, and kept apart from those given by hand.

Written only on change. A token issued before the last one that was followed brings nothing back, and nothing
in a token makes anybody a superuser: there is no such thing here.
"""

import logging
from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction

from accounts.audit import trail
from accounts.models import RIGHTS_OF_PEOPLE, Role, RoleLink, SyncedRole, User
from accounts.providers.base import Claims
from accounts.roles import OWNER
from tenants import directory
from tenants.models import PlatformEvent, Tenant
from tenants.schema import current_tenant, in_public

from . import people

logger = logging.getLogger(__name__)


def roles_meant(provider: str, names: tuple[str, ...]) -> list[Role]:
    """What the provider's roles are here: by the tenant's own list, else of the same name or key, to the letter."""
    if not names:
        return []
    linked = RoleLink.objects.filter(provider=provider, key__in=names).select_related("role__group")
    links = {link.key: link.role for link in linked}
    ours = list(Role.objects.with_permissions())
    called = {role.key: role for role in ours} | {role.name: role for role in ours}
    found = {links[name] if name in links else called.get(name) for name in names}
    return [role for role in ours if role in found]


def rights_of(claims: Claims) -> frozenset[str]:
    """The rights of the roles that a program's token names, without those that are people's own."""
    rights = frozenset[str]().union(*(role.permission_names for role in roles_meant(claims.provider, claims.roles)))
    return rights - RIGHTS_OF_PEOPLE


def follow(user: User, claims: Claims, tenant: Tenant) -> None:
    """Make `user` hold what the token says, if it is not the last one followed. Sets the fields of `user` as well."""
    if not is_new(user, claims):
        return
    with transaction.atomic(), trail.act("roles_followed", user):
        person = User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user.pk)
        if is_new(person, claims):
            follow_profile(person, claims)
            follow_roles(person, wanted_roles(person, claims))
            follow_token(person, claims, tenant)
    user.refresh_from_db()
    for remembered in ("roles", "_role_permissions"):
        user.__dict__.pop(remembered, None)


def is_new(user: User, claims: Claims) -> bool:
    """Not the last one followed, and not issued before it: an old token must not bring a role back."""
    if user.synced_token == claims.digest:
        return False
    return user.synced_at is None or issued(claims) >= user.synced_at


def issued(claims: Claims) -> datetime:
    return datetime.fromtimestamp(claims.issued_at, tz=UTC)


def follow_profile(person: User, claims: Claims) -> None:
    """Name and address, where the token tells them. An address moves no right: nobody is found by it."""
    before = person.email if person.address_proven else ""
    if claims.email_verified is not None:
        person.address_proven = claims.email_verified
    person.email = claims.email or person.email
    person.name = claims.name[:80] or person.name
    after = person.email if person.address_proven else ""
    if before != after:
        if before:
            directory.leave(before, current_tenant())
        people.enter_directory(person)


def wanted_roles(person: User, claims: Claims) -> list[Role]:
    """None without a proven address, whatever the token says; programs have no address to prove."""
    if person.kind == User.Kind.PERSON and not person.address_proven:
        return []
    return roles_meant(claims.provider, claims.roles)


def follow_roles(person: User, wanted: list[Role]) -> None:
    """Only rows that differ are written. Roles given by hand stay."""
    owned = {synced.role_id: synced for synced in SyncedRole.objects.filter(user=person)}
    held = set(person.groups.values_list("pk", flat=True))
    for role in wanted:
        if role.pk not in owned:
            SyncedRole.objects.create(user=person, role=role, held_before=role.pk in held)
    person.groups.add(*[role.group for role in wanted if role.pk not in held])
    for lost in owned.keys() - {role.pk for role in wanted}:
        if not owned[lost].held_before:
            person.groups.remove(lost)
        owned[lost].delete()
        warn_without_owner(lost)


def warn_without_owner(lost: int) -> None:
    """The provider's word counts even for the last owner. The operators are told, since nobody here could mend it."""
    owner = Role.objects.filter(key=OWNER).values_list("pk", flat=True).first()
    if lost != owner or User.objects.members().active().holding(OWNER).exists():
        return
    tenant = current_tenant()
    logger.error("ALERT: %s has no owner any more, by its provider's word.", tenant.schema_name)
    with in_public():
        PlatformEvent.objects.create(kind=PlatformEvent.Kind.NO_OWNER, schema_name=tenant.schema_name)


def follow_token(person: User, claims: Claims, tenant: Tenant) -> None:
    staff_role = tenant.staff_role or settings.IDENTITY_STAFF_ROLE
    is_person = person.kind == User.Kind.PERSON
    person.staff_at_provider = is_person and person.address_proven and staff_role in claims.roles
    person.synced_at, person.synced_token = issued(claims), claims.digest
    person.save(update_fields=["email", "name", "address_proven", "staff_at_provider", "synced_at", "synced_token"])
