"""Inviting people, and their coming in."""

from dataclasses import dataclass, field

from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts import access, limits
from accounts.audit import trail
from accounts.exceptions import (
    AddressUnproven,
    InvitationExpired,
    InvitationRevoked,
    InvitationUsed,
    InviterMayNotGive,
    NoAccountsHere,
    NotYours,
    WrongRecipient,
)
from accounts.models import LOCAL_ISSUER, DirectoryTask, Invitation, Role, User
from accounts.providers.directory import Can
from tenants.schema import current_tenant

from . import directory as at_provider
from . import people

Deed = DirectoryTask.Deed

MAY_INVITE = "accounts.add_invitation"


@dataclass
class Outcome:
    """What became of each address."""

    sent: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


@transaction.atomic
def invite(*, actor: User, addresses: list[str], role: Role) -> Outcome:
    """Offer `role` to each address (clean, lower case, distinct). Mails leave after the commit.

    People who are members, or have an open invitation, are left as they are and reported. An identity provider
    that can be told sends its own mail, which leads them in by its page; otherwise the link of ours does.
    Raises NotYours, AddressUnproven; neither writes.
    """
    demand_may_invite(actor, role)
    outcome = Outcome()
    members = set(_members_at(addresses).values_list("email", flat=True))
    for address in addresses:
        if address in members:
            outcome.members.append(address)
        elif _invite_one(actor, address, role):
            outcome.sent.append(address)
        else:
            outcome.waiting.append(address)
    return outcome


def _members_at(addresses: list[str]):
    """Who comes in here under these addresses: not by one that he only claims, and not by a provider of before."""
    here = User.objects.members().filter(issuer=people.issuer_here(), email__in=addresses)
    return here.filter(Q(issuer=LOCAL_ISSUER) | Q(address_proven=True))


def _invite_one(actor: User, address: str, role: Role) -> bool:
    invitation = Invitation(email=address, role=role, invited_by=actor)
    token = invitation.renew()
    try:
        with transaction.atomic(), trail.act("invited", invitation):
            invitation.save()
    except IntegrityError:  # the constraint on open invitations: somebody was quicker
        return False
    _send(invitation, token)
    return True


@transaction.atomic
def resend(*, actor: User, invitation: Invitation) -> None:
    """A new token and a new expiry; the link sent before stops working.

    Raises NotYours, AddressUnproven, InvitationUsed, InvitationRevoked.
    """
    demand_may_invite(actor, invitation.role)
    invitation = _locked(invitation)
    refuse_ended(invitation)
    token = invitation.renew()
    invitation.invited_by = actor
    with trail.act("invitation_resent", invitation):
        invitation.save()
    _send(invitation, token)


@transaction.atomic
def revoke(*, actor: User, invitation: Invitation) -> None:
    """Withdraw it. Whoever may invite may withdraw anybody's. Raises InvitationUsed, InvitationRevoked."""
    access.require_for_write(actor, MAY_INVITE)
    invitation = _locked(invitation)
    refuse_ended(invitation)
    invitation.revoked_at = timezone.now()
    with trail.act("invitation_withdrawn", invitation):
        invitation.save(update_fields=["revoked_at"])
        at_provider.tell(Deed.WITHDRAW, email=invitation.email)


@transaction.atomic
def accept(*, token: str, name: str, password: str, visitor) -> User:
    """Turn a pending invitation into a membership, once.

    The token is the proof of the address: it went there and nowhere else. `visitor` is the request's
    user; somebody signed in already is not given a second account.
    Where people come by an identity provider, signing in there is what accepts it (flows/admission.py).
    Raises InvitationUsed, InvitationRevoked, InvitationExpired, InviterMayNotGive, WrongRecipient, NoAccountsHere, and
    Invitation.DoesNotExist for a token that is unknown, or was replaced by sending again.
    """
    invitation = Invitation.objects.select_for_update().get(token_hash=Invitation.hash(token))
    refuse_unacceptable(invitation)
    if visitor.is_authenticated:
        raise WrongRecipient
    if people.issuer_here() != LOCAL_ISSUER:
        raise NoAccountsHere
    if _members_at([invitation.email]).exists():
        raise InvitationUsed
    with trail.act("invitation_accepted", invitation):
        user = people.make_member(email=invitation.email, name=name, password=password, role=invitation.role)
        invitation.accepted_at, invitation.accepted_by = timezone.now(), user
        invitation.save(update_fields=["accepted_at", "accepted_by"])
    return user


def refuse_ended(invitation: Invitation) -> None:
    if invitation.accepted_at:
        raise InvitationUsed
    if invitation.revoked_at:
        raise InvitationRevoked


def refuse_unacceptable(invitation: Invitation) -> None:
    """Raise whatever keeps this invitation from being accepted now."""
    refuse_ended(invitation)
    if invitation.state == Invitation.State.EXPIRED:
        raise InvitationExpired
    inviter = invitation.invited_by
    held = access.role_permissions(inviter)
    if MAY_INVITE not in held or not invitation.role.permission_names <= held:
        raise InviterMayNotGive


def spend_limit(request, times: int = 1) -> None:
    """Count so many mails against what the organisation may send in a day. Raises TooMany, having counted none."""
    limits.spend(request, "invite", key=request.tenant.schema_name, times=times)


def demand_may_invite(actor: User, role: Role) -> None:
    access.require_for_write(actor, MAY_INVITE)
    if not role.permission_names <= access.role_permissions(actor):
        raise NotYours
    if not actor.has_proven_address:
        raise AddressUnproven


def _locked(invitation: Invitation) -> Invitation:
    return Invitation.objects.select_for_update(of=("self",)).select_related("role__group").get(pk=invitation.pk)


def _send(invitation: Invitation, token: str) -> None:
    """One mail, not two: by the provider, if it can be told whom to invite, else by us."""
    if at_provider.can(current_tenant(), Can.INVITE):
        inviter = str(invitation.invited_by)
        at_provider.tell(Deed.INVITE, email=invitation.email, roles=[invitation.role], inviter=inviter)
    else:
        _send_after_commit(invitation, token)


def _send_after_commit(invitation: Invitation, token: str) -> None:
    tenant = current_tenant()
    context = {
        "tenant": tenant,
        "invitation": invitation,
        "url": tenant.absolute_url(reverse("accounts:invitation-accept", args=[token])),
    }
    body = render_to_string("emails/invitation.txt", context)
    subject = " ".join(render_to_string("emails/invitation_subject.txt", context).split())
    transaction.on_commit(lambda: send_mail(subject, body, None, [invitation.email]), robust=True)
