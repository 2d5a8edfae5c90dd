"""The one hop from another host of ours."""

from django.db import models

from .people import User


class SignInTicket(models.Model):
    """A right to be signed in once, within seconds, on this tenant's host. See flows/sign_in.py."""

    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"ticket for {self.user_id}"
