"""Roles by the provider's word: taken over from each new token, both ways, and kept apart from those given by hand.

Most new tokens say what the one before said: then nothing is locked, and that they were seen is noted after the
commit. What was changed here stays changed until the provider has been told, or says something new itself. Nothing
that a provider says makes anybody a superuser: there is no such thing here.
Source: docs/decisions/0015-roles-by-the-provider.md
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.audit import trail
from accounts.audit.context import in_the_name_of
from accounts.models import RIGHTS_OF_PEOPLE, DirectoryTask, Invitation, Role, SyncedRole, User
from accounts.providers import registry
from accounts.providers.base import Claims
from accounts.providers.directory import Can
from accounts.roles import OWNER
from accounts.texts import is_address
from tenants.models import PlatformEvent, Tenant
from tenants.schema import current_tenant, in_public, in_tenant

from . import people, role_map
from .provider_word import MARK, Word, word_of

logger = logging.getLogger(__name__)

MARKS_KEPT = 4


@dataclass
class Difference:
    """What has to be written to make a person what the provider says. Empty for most tokens."""

    fields: dict[str, Any] = field(default_factory=dict)
    noted: list[Role] = field(default_factory=list)  # to be noted as the provider's
    gained: list[Role] = field(default_factory=list)
    lost: list[SyncedRole] = field(default_factory=list)
    is_held_back: bool = False  # was said before the provider knew of a change made here

    def __bool__(self) -> bool:
        return bool(self.fields or self.noted or self.gained or self.lost)

    @property
    def moves_rights(self) -> bool:
        return bool(self.noted or self.gained or self.lost or "staff_at_provider" in self.fields)

    def hold_back(self) -> None:
        """Nothing of it moves a right: neither gives one nor takes one."""
        self.noted, self.gained, self.lost, self.is_held_back = [], [], [], True
        self.fields.pop("staff_at_provider", None)


def rights_of(claims: Claims) -> frozenset[str]:
    """The rights of the roles that a program's token names, without those that are people's own."""
    meant = role_map.roles_meant(claims.provider, claims.roles)
    roles = Role.objects.with_permissions().filter(pk__in=[role.pk for role in meant]) if meant else []
    return frozenset[str]().union(*(role.permission_names for role in roles)) - RIGHTS_OF_PEOPLE


# --- Following ------------------------------------------------------------------------------------


def follow(user: User, claims: Claims, tenant: Tenant) -> None:
    """Make `user` what the token says, if it is a new one. Sets what `user` knows of himself as well."""
    word = word_of(claims)
    if not is_news(user, word):
        return
    found = difference(user, word, tenant)
    if found:
        take_over(user, word, tenant)
    elif not found.is_held_back:
        transaction.on_commit(lambda: note_seen(user.pk, word, tenant), robust=True)


def said_now(
    *, roles: Iterable[str], tenant: Tenant, email: str = "", name: str = "", proven: bool | None = None
) -> Word:
    """What the provider's directory has just answered, for `difference` and `take_over`. `roles` are words as they
    stand in tokens; a token that was issued before brings nothing back.
    """
    address = email.lower() if is_address(email) else ""
    return Word(tenant.provider, tuple(roles), address, proven, name[:80].strip(), timezone.now(), "", is_current=True)


def is_news(user: User, word: Word) -> bool:
    """Not seen before, and not said before what was followed last: an old token must not bring a role back."""
    if word.is_current:
        return not user.synced_token.startswith(word.mark or "-")
    if user.synced_at is None or word.at > user.synced_at:
        return True
    return word.at == user.synced_at and word.mark not in marks(user)


def marks(user: User) -> list[str]:
    return [user.synced_token[start : start + MARK] for start in range(0, len(user.synced_token), MARK)]


def take_over(user: User, word: Word, tenant: Tenant) -> bool:
    """Once more under locks, the owner role's before the person's, as flows/membership.py has it."""
    found = Difference()
    with transaction.atomic(), in_the_name_of(name_of(tenant)), trail.act("roles_followed", user):
        people.lock_owner_role()
        person = User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user.pk)
        if is_news(person, word):  # or else another request was quicker
            found = difference(person, word, tenant)
            carry_out(person, found)
            if not found.is_held_back:  # it is looked at again then
                note(person, word)
            person.save(update_fields=["synced_at", "synced_token", *found.fields])
    user.refresh_from_db()
    for remembered in ("roles", "_role_permissions"):
        user.__dict__.pop(remembered, None)
    return bool(found)


def name_of(tenant: Tenant) -> str:
    """Of the provider, for the organisation's log."""
    provider = registry.provider_of(tenant)
    return provider.name if provider else tenant.provider


def note(person: User, word: Word) -> None:
    """Which was followed. Of those said in one second the last four are known, each by the beginning of its digest."""
    same_second = marks(person) if word.at == person.synced_at else []
    person.synced_token = "".join([word.mark, *same_second][:MARKS_KEPT])
    person.synced_at = max(word.at, person.synced_at or word.at)


def note_seen(pk: int, word: Word, tenant: Tenant) -> None:
    """After the commit, in a short transaction of its own: a lock on the person is not held while a view runs."""
    with in_tenant(tenant):
        person = User.objects.select_for_update(no_key=True, of=("self",)).filter(pk=pk).first()
        if person and is_news(person, word):
            note(person, word)
            person.save(update_fields=["synced_at", "synced_token"])


# --- What differs ---------------------------------------------------------------------------------


def difference(person: User, word: Word, tenant: Tenant) -> Difference:
    """Reads only. Roles given by hand are no part of it."""
    found = Difference(fields=profile_changes(person, word) if person.kind == User.Kind.PERSON else {})
    proven = found.fields.get("address_proven", person.address_proven)
    trusted = proven or person.kind == User.Kind.SERVICE  # programs have no address to prove
    wanted = role_map.roles_meant(word.provider, word.roles) if trusted else []
    owned = {synced.role_id: synced for synced in SyncedRole.objects.filter(user=person)}
    held = set(person.groups.values_list("pk", flat=True))
    taken = {pk for pk, synced in owned.items() if synced.taken_here}
    found.noted = [role for role in wanted if role.pk not in owned]
    found.gained = [role for role in wanted if role.pk not in held | taken]
    found.lost = [synced for pk, synced in owned.items() if pk not in {role.pk for role in wanted}]
    is_stale = any(role.pk in taken for role in wanted)  # says what was taken here: then of the staff as well
    staff = trusted and person.kind == User.Kind.PERSON and staff_word(tenant) in word.roles and not is_stale
    if staff != person.staff_at_provider:
        found.fields["staff_at_provider"] = staff
    if trusted and found.moves_rights and is_outdated(person, word):
        found.hold_back()
    return found


def staff_word(tenant: Tenant) -> str:
    return tenant.staff_role or settings.IDENTITY_STAFF_ROLE


def profile_changes(person: User, word: Word) -> dict[str, Any]:
    """Name and address, where they are told. An address moves no right, and proves itself anew when it changes."""
    email, name = word.email or person.email, word.name or person.name
    proven = person.address_proven and email == person.email if word.proven is None else word.proven
    said = {"email": email, "name": name, "address_proven": proven}
    return {attribute: value for attribute, value in said.items() if getattr(person, attribute) != value}


def is_outdated(person: User, word: Word) -> bool:
    """Whether his roles were changed here and the provider did not know it yet when it said this."""
    changes = DirectoryTask.objects.filter(user=person, deed=DirectoryTask.Deed.SET_ROLES, given_up_at=None)
    return changes.filter(Q(done_at=None) | Q(done_at__gt=word.at)).exists()


# --- Writing it -----------------------------------------------------------------------------------


def carry_out(person: User, found: Difference) -> None:
    before = people.findable_address(person)
    for attribute, value in found.fields.items():
        setattr(person, attribute, value)
    if people.findable_address(person) != before:
        people.leave_directory(person, before)
        people.enter_directory(person)
    gained = {role.pk for role in found.gained}
    for role in found.noted:
        held_before = role.pk not in gained and not is_by_told_invitation(person, role)
        SyncedRole.objects.create(user=person, role=role, held_before=held_before)
    person.groups.add(*[role.group for role in found.gained])
    for synced in found.lost:
        if not (synced.held_before or synced.taken_here):
            person.groups.remove(synced.role_id)
        synced.delete()
    warn_without_owner({synced.role_id for synced in found.lost})


def is_by_told_invitation(person: User, role: Role) -> bool:
    """Whether he holds it since he was invited with it, and the provider was told so: then it is no role by hand."""
    directory = registry.directory_of(current_tenant())
    is_told = directory is not None and Can.INVITE in directory.can
    return is_told and Invitation.objects.filter(accepted_by=person, role=role).exists()


def warn_without_owner(lost: set[int]) -> None:
    """The provider's word counts even for the last owner. The operators are told, since nobody here could mend it."""
    owner = Role.objects.filter(key=OWNER, pk__in=lost)
    if not lost or not owner.exists() or people.owners_here().exists():
        return
    schema_name = current_tenant().schema_name
    logger.error("ALERT: %s has no owner any more, by its provider's word.", schema_name)
    with in_public():
        PlatformEvent.objects.create(kind=PlatformEvent.Kind.NO_OWNER, schema_name=schema_name)


# --- What is shown ----------------------------------------------------------------------------------


def roles_by_word(members: Iterable[User]) -> dict[int, set[int]]:
    """Person -> keys of the roles that he holds by the provider's word alone. One statement for a page of them."""
    found: dict[int, set[int]] = {member.pk: set() for member in members}
    rows = SyncedRole.objects.filter(user__in=found, taken_here=False, held_before=False)
    for user_id, role_id in rows.values_list("user_id", "role_id"):
        found[user_id].add(role_id)
    return found


def still_said(person: User) -> list[Role]:
    """The roles that the provider says he has, and that were taken from him here."""
    if person.is_local:
        return []
    taken = SyncedRole.objects.filter(user=person, taken_here=True)
    return list(Role.objects.select_related("group").filter(pk__in=taken.values("role")))


# --- Changes made here ----------------------------------------------------------------------------


def changed_here(person: User, role: Role, *, is_told: bool) -> None:
    """Somebody gave `person` this role here instead of those he had. `is_told`: and the provider is told of it.

    What the provider still says of the others brings none of them back: only once it has taken one, and gives it
    anew. The new one is the provider's if it is told, and one given by hand if it cannot be. Tokens that were issued
    before give nothing: where it is told, since its task says so, and else by the moment that is noted here.
    """
    rows = SyncedRole.objects.filter(user=person)
    rows.exclude(role=role).update(taken_here=True, held_before=False)
    if is_told:
        rows.update_or_create(user=person, role=role, defaults={"taken_here": False, "held_before": False})
    else:
        rows.filter(role=role).update(taken_here=False)
        person.synced_at = timezone.now()
    person.staff_at_provider = False
    person.save(update_fields=["staff_at_provider", "synced_at"])


def taken_back(person: User) -> None:
    """The provider has refused a change made here: its word on his roles counts again, from his next request on.
    Not while another change of his roles waits, which says what he shall hold.
    """
    if DirectoryTask.objects.waiting().filter(user=person, deed=DirectoryTask.Deed.SET_ROLES).exists():
        return
    SyncedRole.objects.filter(user=person, taken_here=True).update(taken_here=False)
    User.objects.filter(pk=person.pk).update(synced_token="")
