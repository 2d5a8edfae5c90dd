"""What a provider's roles are here: the tenant's own list of links, else the role of the same key or name.

Whoever changes the list decides what the holders of a provider's role may do here. So it is asked of him what is
asked of whoever gives a role away: that he holds all of its rights himself.
Source: docs/decisions/0015-roles-by-the-provider.md
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from accounts import access
from accounts.audit import trail
from accounts.exceptions import LinkedAlready, NotYours
from accounts.models import Role, RoleLink, User
from tenants import errands
from tenants.schema import current_tenant

from . import people

MAY_CHANGE = "accounts.change_organisation"


# --- Reading it -----------------------------------------------------------------------------------


def roles_meant(provider: str, words: Iterable[str]) -> list[Role]:
    """The roles here that these words of the provider stand for. To the letter: `Admin ` and `ADMIN` are nothing."""
    wanted = set(words)
    if not wanted:
        return []
    linked = RoleLink.objects.filter(provider=provider, key__in=wanted).select_related("role__group")
    links = {link.key: link.role for link in linked}
    unlinked = wanted - links.keys()
    ours = by_word() if unlinked else {}
    meant = {role for role in links.values() if role} | {ours[word] for word in unlinked if word in ours}
    return sorted(meant, key=lambda role: (role.rank, role.key))


def by_word() -> dict[str, Role]:
    """Every role by what a provider may call it without a link: its key, or its name."""
    ours = list(Role.objects.select_related("group"))
    return {role.name: role for role in ours} | {role.key: role for role in ours}


def word_for(provider: str, role: Role, known: Iterable[str] = ()) -> str | None:
    """What this role is called at the provider; None where no word of the provider's means it.

    A link decides; else its key or name, whichever is among the words that the provider knows, if these are at hand.
    """
    links = {link.key: link.role_id for link in RoleLink.objects.filter(provider=provider)}
    linked = sorted(word for word, role_id in links.items() if role_id == role.pk)
    if linked:
        return next((word for word in linked if word in set(known)), linked[0])
    own = [word for word in (role.name, role.key) if word not in links]
    return next((word for word in own if word in set(known)), own[0] if own else None)


@dataclass(frozen=True)
class Line:
    """One word of the provider's, and what it is here. `known`: the provider says that it has such a role."""

    word: str
    role: Role | None
    link: RoleLink | None = None
    is_known: bool = False


def lines(provider: str, known: Iterable[str]) -> list[Line]:
    """The whole list: links, and what the provider has besides."""
    links = {link.key: link for link in RoleLink.objects.filter(provider=provider).select_related("role__group")}
    words, ours = set(known), by_word()
    return [
        Line(word, links[word].role if word in links else ours.get(word), links.get(word), word in words)
        for word in sorted(words | links.keys(), key=str.casefold)
    ]


# --- Changing it ----------------------------------------------------------------------------------


@transaction.atomic
def link(*, actor: User, provider: str, word: str, role: Role | None) -> RoleLink:
    """Say what the provider's role `word` is here; without `role` it is ignored.

    Raises LinkedAlready, NotYours; neither writes.
    """
    demand_may_change(actor)
    demand_may_set(actor, meant_without_link(word), role)
    try:
        with transaction.atomic(), trail.act("role_linked") as act:
            act.obj = made = RoleLink.objects.create(provider=provider, key=word, role=role)
    except IntegrityError as error:  # the constraint: one link a word
        raise LinkedAlready from error
    look_again()
    return made


@transaction.atomic
def relink(*, actor: User, link: RoleLink, role: Role | None) -> None:
    """Let it stand for another role from now on. Raises NotYours."""
    demand_may_change(actor)
    link = locked(link)
    demand_may_set(actor, link.role, role)
    link.role = role
    with trail.act("role_relinked", link):
        link.save(update_fields=["role"])
    look_again()


@transaction.atomic
def unlink(*, actor: User, link: RoleLink) -> None:
    """From now on the word means the role of its own name, if there is one. Raises NotYours."""
    demand_may_change(actor)
    link = locked(link)
    demand_may_set(actor, link.role, meant_without_link(link.key))
    with trail.act("role_unlinked", link):
        link.delete()
    look_again()


def demand_may_change(actor: User) -> None:
    """The owner role's row is locked first, as for each change of what people hold (flows/membership.py)."""
    people.lock_owner_role()
    access.require_for_write(actor, MAY_CHANGE)


def look_again() -> None:
    """Everybody's token counts as a new one: what it says means something else from his next request on.
    Whoever was asked for since it was issued is asked for again, in the next round of `manage.py reconcile --due`.
    """
    User.objects.filter(issuer=people.issuer_here()).exclude(synced_token="").update(synced_token="")
    errands.read(current_tenant())


def demand_may_set(actor: User, before: Role | None, after: Role | None) -> None:
    """Nobody gives a role whose rights he does not hold, and nobody takes one either."""
    held = access.role_permissions(actor)
    if any(role and not role.permission_names <= held for role in (before, after)):
        raise NotYours


def meant_without_link(word: str) -> Role | None:
    found = by_word().get(word)
    return found and Role.objects.with_permissions().get(pk=found.pk)


def locked(link: RoleLink) -> RoleLink:
    """As it is stored now. Raises RoleLink.DoesNotExist."""
    return RoleLink.objects.select_for_update(of=("self",)).select_related("role").get(pk=link.pk)
