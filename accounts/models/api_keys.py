"""Keys with which programs use the API."""

import hashlib

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .people import User


class ApiKeyQuerySet(models.QuerySet):
    def alive(self):
        """Neither revoked nor expired, of somebody who may still act."""
        now = timezone.now()
        unexpired = Q(expires_at=None) | Q(expires_at__gt=now)
        return self.filter(unexpired, revoked_at=None, user__is_active=True, user__removed_at=None)


class ApiKey(models.Model):
    """A credential of `user`: a person's own key, or one of a service account of the organisation.

    Its text is `tnt_<prefix>_<secret>`, shown once; only the hash is stored. The secret has 256 random
    bits, so an unsalted hash cannot be guessed at. `rights` are `app.codename`; at use they are cut to
    what the user holds then. `addresses` are networks (CIDR); an empty list means anywhere.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    rights = ArrayField(models.CharField(max_length=120), verbose_name=_("rights"))
    addresses = ArrayField(models.CharField(max_length=43), default=list, blank=True, verbose_name=_("addresses"))
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(_("ends"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    last_used_from = models.GenericIPAddressField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        permissions = [("add_service_apikey", "Can make API keys of the organisation")]

    def __str__(self) -> str:
        return f"{self.name} (tnt_{self.prefix}…)"

    @staticmethod
    def hash(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()

    @property
    def is_personal(self) -> bool:
        return self.user.kind == User.Kind.PERSON
