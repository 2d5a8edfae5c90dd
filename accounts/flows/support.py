"""A visit of the platform's support in an organisation: asked for over there, seen and ended here.

The visitor is a user of kind support in the customer's own schema, so that everything he sees and does is
the customer's to read. He holds the admin role, which is inert: such a user may do nothing without limits
of his own (`User.limits`), and only a running visit sets them, request by request (accounts/visits.py).
Source: docs/decisions/0013-support-visits.md
"""

from datetime import timedelta
from functools import partial

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts import access
from accounts.audit import trail
from accounts.exceptions import NotOpenToSupport, PassTooLong, VisitTooLong
from accounts.models import LOCAL_ISSUER, Role, SupportPass, SupportVisit, User
from accounts.roles import ADMIN, OWNER
from tenants.models import Tenant
from tenants.schema import current_schema, current_tenant, in_public, in_tenant
from tenants.slugs import PLATFORM_SCHEMA

from . import people, sign_in

PLATFORM_ISSUER = "platform"
SESSION_VISIT = "support_visit"
MAY_ENTER = "accounts.enter_organisations"
MAY_END = "accounts.change_supportvisit"
MAY_PASS = "accounts.add_supportpass"

SHORTEST_VISIT = timedelta(minutes=15)
SHORTEST_PASS = timedelta(hours=1)
# How long after its end a session is kept, so that a late click is told why it leads nowhere.
FAREWELL = timedelta(days=1)
NAME_ENDING = " (support)"
LONGEST_NAME = 80  # User.name


# --- The operator's side --------------------------------------------------------------------------


@transaction.atomic
def enter(*, operator: User, tenant: Tenant, reason: str, length: timedelta) -> str:
    """Begin a visit in `tenant`; return the path on its host that lets the operator in, once, within a minute.

    Called on the platform's host. The rows are written in the customer's schema, the line of who went where
    and why in the platform's log; both or neither. An earlier visit of the same operator there ends.
    The owners are told by mail after the commit.
    Raises PermissionDenied, NotOpenToSupport, VisitTooLong; none of them writes.
    """
    if current_schema() != PLATFORM_SCHEMA:
        raise PermissionDenied(MAY_ENTER)
    access.require_for_write(operator, MAY_ENTER)
    if not tenant.is_served or tenant.is_platform:
        raise NotOpenToSupport
    if not SHORTEST_VISIT <= length <= settings.SUPPORT_VISIT_LONGEST:
        raise VisitTooLong
    trail.note("entered", tenant, detail=reason)
    with in_tenant(tenant):
        # Visits before their visitor: a request of the visit locks in that order too.
        _end_visits_of(operator)
        with trail.act("visit_opened", detail=reason) as act:
            visitor, ends_at = _visitor_for(operator), timezone.now() + length
            act.obj = visit = SupportVisit.objects.create(visitor=visitor, reason=reason, ends_at=ends_at)
        _tell_owners(visit)
        ticket = sign_in.issue_ticket(visitor)
    return reverse("accounts:support-arrive", args=[ticket], urlconf=settings.ROOT_URLCONF)


def _end_visits_of(operator: User) -> None:
    visits = SupportVisit.objects.running().filter(
        visitor__issuer=PLATFORM_ISSUER, visitor__subject=_known_as(operator)
    )
    for earlier in visits.select_related("visitor").select_for_update(of=("self",)):
        _end(earlier, by=earlier.visitor)


def _visitor_for(operator: User) -> User:
    """The operator as a user here. Found again by what he is known as.

    He has neither address nor password: an address would let him ask for a password by mail.
    """
    name = operator.name[: LONGEST_NAME - len(NAME_ENDING)] + NAME_ENDING
    visitor, _made = User.objects.get_or_create(
        issuer=PLATFORM_ISSUER,
        subject=_known_as(operator),
        defaults={"kind": User.Kind.SUPPORT, "name": name, "password": make_password(None)},
    )
    if visitor.name != name:
        visitor.name = name
        visitor.save(update_fields=["name"])
    visitor.groups.set([Role.objects.get(key=ADMIN).group])
    return visitor


def _known_as(operator: User) -> str:
    """His subject; of an operator who came by an identity provider, whose subjects are another's words, his number."""
    return str(operator.subject if operator.is_local else operator.pk)


def _known_by(subject: str) -> Q:
    known = Q(issuer=LOCAL_ISSUER, subject=subject)
    return known | (~Q(issuer=LOCAL_ISSUER) & Q(pk=int(subject))) if subject.isdecimal() else known


def _tell_owners(visit: SupportVisit) -> None:
    tenant = current_tenant()
    url = tenant.absolute_url(reverse("accounts:support", urlconf=settings.ROOT_URLCONF))
    body = render_to_string("emails/support_visit.txt", {"tenant": tenant, "visit": visit, "url": url})
    subject = " ".join(render_to_string("emails/support_visit_subject.txt", {"tenant": tenant}).split())
    owners = User.objects.members().active().holding(OWNER)
    for address in owners.values_list("email", flat=True):
        # One mail each, and one that fails keeps neither the others nor the visit.
        transaction.on_commit(partial(send_mail, subject, body, None, [address]), robust=True)


# --- The customer's side --------------------------------------------------------------------------


def arrive(request, ticket: str) -> SupportVisit | None:
    """Sign the visitor in for his visit and nothing else. None for a ticket that is not, or no longer, good."""
    visitor = sign_in.redeem_ticket(ticket, current_schema(), User.Kind.SUPPORT)
    visit = visitor and SupportVisit.objects.running().filter(visitor=visitor).first()
    if not visitor or not visit:
        return None
    sign_in.start_session(request, visitor)
    request.session[SESSION_VISIT] = visit.pk
    request.session.set_expiry(visit.ends_at + FAREWELL)
    trail.note("visit_started", visit, detail=visit.reason)
    return visit


def running_visit(*, visitor: User, number: int | None, writes: bool) -> SupportVisit | None:
    """The visit with that number while it runs, with the pass that lets it write if there is one.

    It has ended once its time is over, once somebody ended it, and once the operator may no longer enter
    organisations at all. A request that `writes` holds the rows that let it: whoever ends the visit or
    revokes the pass waits for it, and no write comes after.
    """
    visits = SupportVisit.objects.running().select_related("visitor")
    if writes:
        visits = visits.select_for_update(no_key=True, of=("self",))
    visit = visits.filter(pk=number, visitor=visitor).first()
    if visit is None or not _operator_may_enter(visitor):
        return None
    visit.running_pass = running_pass(lock=writes)
    return visit


def _operator_may_enter(visitor: User) -> bool:
    """Asked in the platform's own schema, where the operator is a member: statements of their own."""
    with in_public():
        platform = Tenant.objects.get(schema_name=PLATFORM_SCHEMA)
    with in_tenant(platform):
        operators = User.objects.members().filter(issuer=people.issuer_here())  # as they sign in there today
        operator = operators.filter(_known_by(visitor.subject)).first()
        return operator is not None and access.allows(operator, MAY_ENTER)


def running_pass(*, lock: bool = False) -> SupportPass | None:
    """The pass that lets support write now. It counts while its issuer could issue it still."""
    passes = SupportPass.objects.running().select_related("issued_by")
    if lock:
        passes = passes.select_for_update(no_key=True, of=("self",))
    found = passes.first()
    return found if found and access.allows(found.issued_by, MAY_PASS) else None


@transaction.atomic
def end(*, actor: User, visit: SupportVisit) -> None:
    """End a visit: its next request is its last. The visitor may end his own. Ending twice changes nothing."""
    if actor.pk != visit.visitor_id:
        access.require_for_write(actor, MAY_END)
    visit = SupportVisit.objects.select_for_update(of=("self",)).select_related("visitor").get(pk=visit.pk)
    if visit.is_running:
        _end(visit, by=actor)


def _end(visit: SupportVisit, *, by: User) -> None:
    visit.ended_at, visit.ended_by = timezone.now(), by
    with trail.act("visit_ended", visit):
        visit.save(update_fields=["ended_at", "ended_by"])


@transaction.atomic
def issue_pass(*, actor: User, length: timedelta) -> SupportPass:
    """Let support write for so long, instead of any pass that runs. Raises PermissionDenied, PassTooLong."""
    access.require_for_write(actor, MAY_PASS)
    if not SHORTEST_PASS <= length <= settings.SUPPORT_PASS_LONGEST:
        raise PassTooLong
    _revoke_running()
    with trail.act("pass_issued") as act:
        act.obj = issued = SupportPass.objects.create(issued_by=actor, expires_at=timezone.now() + length)
    return issued


@transaction.atomic
def revoke_passes(*, actor: User) -> None:
    """No write of support comes after this. Raises PermissionDenied."""
    access.require_for_write(actor, MAY_PASS)
    _revoke_running()


def _revoke_running() -> None:
    for running in SupportPass.objects.running().select_for_update(of=("self",)):
        running.revoked_at = timezone.now()
        with trail.act("pass_revoked", running):
            running.save(update_fields=["revoked_at"])
