"""Coming and going, as Django and allauth tell of it."""

from allauth.mfa.signals import authentication_failed
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from accounts.models import User

from . import trail


@receiver(user_logged_in)
def note_sign_in(request, user, **kwargs):
    if user.kind == User.Kind.PERSON:  # a visit of support has lines of its own
        trail.note("signed_in", user)


@receiver(user_logged_out)
def note_sign_out(request, user, **kwargs):
    if user and user.kind == User.Kind.PERSON:
        trail.note("signed_out", user)


@receiver(user_login_failed)
def note_failed_sign_in(credentials, request=None, **kwargs):
    """What was typed is not kept: it may be a password in the wrong field. A member is known by his address."""
    typed = credentials.get("email") or credentials.get("username") or ""
    member = User.objects.members().filter(email=str(typed).strip().lower()).first()
    trail.note_afterwards("sign_in_failed", member, detail="" if member else "unknown address")


@receiver(authentication_failed)
def note_failed_second_factor(request, user, **kwargs):
    trail.note_afterwards("sign_in_failed", user, detail="second factor")
