"""What we do when Django or allauth says that something happened. Never between our own apps."""

from allauth.account.signals import email_changed
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver

from tenants import directory
from tenants.schema import current_tenant

from .flows import session_bounds, support


@receiver(user_logged_in)
def bind_session_to_tenant(request, **kwargs):
    """The middleware compares it at each request."""
    session_bounds.bind(request.session)


@receiver(user_logged_in)
def list_session(request, **kwargs):
    """Every session is on its owner's list, however he signed in: that list is what ends them all."""
    UserSession.objects.create_from_request(request)


@receiver(user_logged_out)
def unlist_session(request, **kwargs):
    """With its row on the list go the tokens of an identity provider, however somebody signed out."""
    UserSession.objects.filter(session_key=request.session.session_key).delete()


@receiver(user_logged_out)
def end_support_visit(request, user, **kwargs):
    """Whoever signs out of a visit has ended it."""
    if visit := getattr(request, "support_visit", None):
        support.end(actor=user, visit=visit)


@receiver(email_changed)
def move_directory_entry(request, user, from_email_address, to_email_address, **kwargs):
    """Sent when an address was proven, the first one included: none is in the directory before."""
    if from_email_address:  # None when a first address was proven
        directory.leave(from_email_address.email, current_tenant())
    directory.enter(to_email_address.email, current_tenant())
