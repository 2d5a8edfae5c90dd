"""Operators of the platform on a visit in the organisation, seen and ended by it."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .people import User


class SupportPassQuerySet(models.QuerySet):
    def running(self):
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())


class SupportPass(models.Model):
    """An owner's leave for support to change things until `expires_at`. Without one, support only reads."""

    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(_("ends"))
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = SupportPassQuerySet.as_manager()

    class Meta:
        ordering = ["-issued_at", "-pk"]

    def __str__(self) -> str:
        return f"pass until {self.expires_at:%Y-%m-%d %H:%M}"


class SupportVisitQuerySet(models.QuerySet):
    def running(self):
        return self.filter(ended_at=None, ends_at__gt=timezone.now())


class SupportVisit(models.Model):
    """One visit: who came (`visitor`, a user of kind support), why, and until when at most.

    Whether he may write is asked at each request: only while a SupportPass runs.
    """

    visitor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="support_visits")
    reason = models.CharField(_("reason"), max_length=500)
    started_at = models.DateTimeField(auto_now_add=True)
    ends_at = models.DateTimeField(_("ends"))
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = SupportVisitQuerySet.as_manager()

    # The leave to write that was found for the request being answered; never stored.
    running_pass: SupportPass | None = None

    class Meta:
        ordering = ["-started_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.visitor}: {self.reason[:40]}"

    @property
    def is_running(self) -> bool:
        return self.ended_at is None and self.ends_at > timezone.now()
