"""Offers of a membership."""

import hashlib
import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .people import User
from .roles import Role


class InvitationQuerySet(models.QuerySet):
    def open(self):
        """Neither accepted nor revoked; may have expired."""
        return self.filter(accepted_at=None, revoked_at=None)

    def find(self, token: str):
        """The invitation that the token opens, or None."""
        return self.filter(token_hash=Invitation.hash(token)).first()


class Invitation(models.Model):
    """An offer of a role to an address. Only the hash of its token is stored: the mail holds the token."""

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        EXPIRED = "expired", _("Expired")
        ACCEPTED = "accepted", _("Accepted")
        REVOKED = "revoked", _("Withdrawn")

    email = models.EmailField(_("e-mail"))
    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="invitations")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invitations_sent")
    sent_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="invitations_accepted"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-sent_at"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=Q(accepted_at=None, revoked_at=None),
                name="accounts_invitation_one_open",
                violation_error_message=_("This address has an open invitation already."),
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @staticmethod
    def hash(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    def renew(self) -> str:
        """Set a new token and a new expiry; return the token. The one before stops working."""
        token = secrets.token_urlsafe(32)
        self.token_hash = self.hash(token)
        self.sent_at = timezone.now()
        self.expires_at = self.sent_at + settings.INVITATION_LIFETIME
        return token

    @property
    def state(self) -> State:
        if self.accepted_at:
            return self.State.ACCEPTED
        if self.revoked_at:
            return self.State.REVOKED
        return self.State.PENDING if self.expires_at > timezone.now() else self.State.EXPIRED

    @property
    def masked_email(self) -> str:
        name, _at, host = self.email.partition("@")
        return f"{name[:1]}•••@{host}"
