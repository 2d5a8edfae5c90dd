"""Whom a good token makes a member at first sight: refused unless the tenant's own rule says so."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit import trail
from accounts.exceptions import InvitationError, NotAdmitted
from accounts.models import Invitation, User
from accounts.providers.base import Claims
from tenants.models import Tenant

from . import invite, people


def admit(claims: Claims, tenant: Tenant) -> User:
    """The new member. Raises NotAdmitted, having written nothing."""
    invitation = open_invitation(claims)
    if invitation is None and not is_let_in(claims, tenant):
        raise NotAdmitted("not invited, and not let in by the organisation's rule", actor=claims.actor)
    try:
        with transaction.atomic(), trail.act("joined"):
            return make(claims, invitation)
    except IntegrityError:  # two first requests at once
        return User.objects.get(issuer=claims.issuer, subject=claims.subject)


def open_invitation(claims: Claims) -> Invitation | None:
    """One that still holds, for an address that the provider says is proven: nobody comes in by one he only claims."""
    if not (claims.email and claims.email_verified):
        return None
    found = (
        Invitation.objects.open()
        .select_for_update(of=("self",))
        .select_related("role__group", "invited_by")
        .filter(email=claims.email)
        .first()
    )
    if found is None:
        return None
    try:
        invite.refuse_unacceptable(found)
    except InvitationError:
        return None
    return found


def is_let_in(claims: Claims, tenant: Tenant) -> bool:
    if tenant.admits == Tenant.Admission.PROVIDER:
        return True
    if tenant.admits == Tenant.Admission.DOMAIN:
        domain = claims.email.rpartition("@")[2]
        return bool(claims.email_verified and domain and domain in tenant.admitted_domains.lower().split())
    return False


def make(claims: Claims, invitation: Invitation | None) -> User:
    """The role of an invitation counts as given by hand: no token takes it away."""
    user = User(issuer=claims.issuer, subject=claims.subject, email=claims.email, name=claims.name[:80])
    user.address_proven = claims.email_verified is True
    user.set_unusable_password()
    user.save()
    people.enter_directory(user)
    if invitation:
        user.groups.add(invitation.role.group)
        invitation.accepted_at, invitation.accepted_by = timezone.now(), user
        invitation.save(update_fields=["accepted_at", "accepted_by"])
    return user
