"""Whom a good token makes a member at first sight: refused unless the tenant's own rule says so."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit import trail
from accounts.audit.context import in_the_name_of
from accounts.exceptions import InvitationError, NotAdmitted
from accounts.models import Invitation, User
from accounts.providers.base import Claims
from accounts.providers.verifier import LEEWAY
from tenants.models import Tenant

from . import invite, people


def admit(claims: Claims, tenant: Tenant) -> User:
    """The new member. Raises NotAdmitted, having written nothing."""
    invitation = open_invitation(claims)
    if invitation is None and not is_let_in(claims, tenant):
        # Of two first requests at once the other one may have used the invitation meanwhile.
        return already_here(claims) or refuse(claims)
    person = User(issuer=claims.issuer, subject=claims.subject)
    person.set_unusable_password()
    try:
        return let_in(person, invitation, claims)
    except IntegrityError:  # two first requests at once
        return already_here(claims) or refuse(claims)


def readmit(person: User, claims: Claims, tenant: Tenant) -> User:
    """Somebody who was a member before, under his old row. Raises NotAdmitted.

    Whoever was removed here, or left, comes back by a new invitation alone; whom the provider had taken away, by the
    organisation's rule as well.
    """
    invitation = open_invitation(claims)
    if invitation is None and not (is_brought_again(person, claims) and is_let_in(claims, tenant)):
        raise NotAdmitted("removed, and not invited again", actor=claims.actor)
    person.is_active, person.stopped_by_provider, person.removed_at = True, False, None
    person.synced_token = ""  # this token counts as a new one, were it the last that was followed
    return let_in(person, invitation, claims)


def is_brought_again(person: User, claims: Claims) -> bool:
    """Whether his provider, which had taken him away, says something new: not by a token from before that."""
    gone_at = person.removed_at.timestamp() if person.removed_at else 0
    return person.stopped_by_provider and (claims.issued_at > gone_at + LEEWAY or not claims.kind.is_complete)


def already_here(claims: Claims) -> User | None:
    return User.objects.filter(issuer=claims.issuer, subject=claims.subject).first()


def refuse(claims: Claims):
    raise NotAdmitted("not invited, and not let in by the organisation's rule", actor=claims.actor)


# --- The rules ------------------------------------------------------------------------------------


def open_invitation(claims: Claims) -> Invitation | None:
    """One that still holds, for an address that the provider says is proven: nobody comes in by one he only claims."""
    if not has_proven_address(claims):
        return None
    invitation = (
        Invitation.objects.open()
        .select_for_update(of=("self",))
        .select_related("role__group", "invited_by")
        .filter(email=claims.email)
        .first()
    )
    if invitation is None:
        return None
    try:
        invite.refuse_unacceptable(invitation)
    except InvitationError:
        return None
    return invitation


def is_let_in(claims: Claims, tenant: Tenant) -> bool:
    if tenant.admits == Tenant.Admission.PROVIDER:
        return True
    if tenant.admits == Tenant.Admission.DOMAIN:
        domain = claims.email.rpartition("@")[2]
        return has_proven_address(claims) and domain in tenant.admitted_domains.lower().split()
    return False


def has_proven_address(claims: Claims) -> bool:
    return claims.email_verified is True and claims.has_address


# --- Coming in ------------------------------------------------------------------------------------


def let_in(person: User, invitation: Invitation | None, claims: Claims) -> User:
    """Writes the person, and what an invitation gives him. Raises IntegrityError if he is here already."""
    person.email = claims.email if claims.has_address else ""
    person.address_proven = has_proven_address(claims)
    person.name = claims.name[:80].strip() or person.name
    with transaction.atomic(), in_the_name_of(str(person)), trail.act("joined") as act:
        act.obj = person
        person.save()
        people.enter_directory(person)
        if invitation:
            accept(invitation, person)
    return person


def accept(invitation: Invitation, person: User) -> None:
    """Its role counts as given by hand, and no token takes it away, unless the provider was told of the invitation:
    then the role is the provider's, as soon as a token says it as well, this one or a later one (flows/role_sync.py).
    """
    invitation.accepted_at, invitation.accepted_by = timezone.now(), person
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    person.groups.add(invitation.role.group)
