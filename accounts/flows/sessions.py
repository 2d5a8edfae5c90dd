"""Ending somebody's session from outside."""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.db.models import Q

from accounts import access
from accounts.audit import trail
from accounts.models import Role, SignInTicket, User

from . import membership

MAY_END = "accounts.change_user"


def within_reach(actor: User, sessions: models.QuerySet[UserSession]) -> models.QuerySet[UserSession]:
    """Those that `actor` may end: his own, and those of people whom he may manage (see demand_may_manage)."""
    if not access.allows(actor, MAY_END):
        return sessions.none()
    givable = [role.pk for role in Role.objects.may_be_given_by(actor)]
    above = User.groups.through.objects.exclude(group__in=givable)
    manageable = User.objects.members().exclude(pk__in=above.values("user"))
    return sessions.filter(Q(user=actor) | Q(user__in=manageable.values("pk")))


@transaction.atomic
def end(*, actor: User, session: UserSession) -> None:
    """The browser is signed out at its next request. Raises NotYours, UserSession.DoesNotExist."""
    access.require_for_write(actor, MAY_END)
    session = UserSession.objects.select_for_update(of=("self",)).select_related("user").get(pk=session.pk)
    if session.user_id != actor.pk:
        membership.demand_may_manage(actor, session.user, MAY_END)
    Session.objects.filter(session_key=session.session_key).delete()
    session.delete()
    trail.note("session_ended", session.user)


def end_all() -> int:
    """Everybody's in this tenant, and what would begin one. Returns how many there were. API keys go on."""
    ended = UserSession.objects.count()
    for kind in (Session, UserSession, SignInTicket):
        kind.objects.all().delete()
    return ended
