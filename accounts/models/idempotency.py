"""Requests that may be sent twice and act once."""

from django.db import models

from .people import User


class IdempotentAnswer(models.Model):
    """What a POST with an `Idempotency-Key` was answered, so that sending it again does nothing twice.

    The row is claimed before the work, in its transaction: of two at once the second waits, then finds
    the first one's answer. `fingerprint` is the hash of credential, method, path and body.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="accounts_idempotent_once")]
        indexes = [models.Index(fields=["created_at"], name="accounts_idempotent_age")]

    def __str__(self) -> str:
        return f"{self.key} of {self.user_id}"
