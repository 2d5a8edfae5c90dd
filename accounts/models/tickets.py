"""The one hop from another host of ours."""

from datetime import datetime

from django.conf import settings
from django.db import models

from .people import User


class SignInTicket(models.Model):
    """A right to be signed in once, within seconds, on this tenant's host. See flows/sign_in.py.

    From an identity provider there is no `user` yet, but sealed `tokens`, which say who it is, and the hash of the
    `attempt` that the browser began on this host: in any other browser the ticket opens nothing.
    """

    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE)
    tokens = models.TextField(blank=True, db_default="")
    attempt = models.CharField(max_length=64, blank=True, db_default="")
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"ticket for {self.user_id}"

    @property
    def began_at(self) -> datetime:
        return self.expires_at - settings.SIGN_IN_TICKET_LIFETIME
