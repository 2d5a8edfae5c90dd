"""The keys with which our own access tokens are signed."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class SigningKeyQuerySet(models.QuerySet):
    def published(self):
        return self.filter(Q(retired_at=None) | Q(retired_at__gt=timezone.now()))


class SigningKey(models.Model):
    """One RSA key. Published in the JWKS from its making until `retired_at`; the newest active one signs.

    The private half is encrypted with a key that follows from SECRET_KEY, so that a dump of the database
    alone signs nothing. Rotated by `manage.py rotate_signing_key`.
    """

    kid = models.CharField(max_length=43, unique=True)
    public_jwk = models.JSONField()
    private_pem_encrypted = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    signs_from = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = SigningKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-signs_from"]

    def __str__(self) -> str:
        return self.kid
