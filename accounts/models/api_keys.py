"""Keys with which programs use the API."""

import hashlib
import ipaddress

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .people import User

# What no program does, whoever made its key: making and ending keys, and what only a person decides.
RIGHTS_OF_PEOPLE = frozenset(
    {
        "accounts.add_apikey",
        "accounts.add_service_apikey",
        "accounts.view_apikey",
        "accounts.delete_apikey",
        "accounts.add_supportpass",
        "accounts.change_supportvisit",
        "accounts.own_organisation",
        "accounts.view_organisations",
        "accounts.operate_organisations",
        "accounts.enter_organisations",
    }
)


class ApiKeyQuerySet(models.QuerySet):
    def alive(self, now=None):
        """Neither revoked nor expired, of somebody who may still act. `now` is a moment, or an expression for it."""
        unexpired = Q(expires_at=None) | Q(expires_at__gt=now or timezone.now())
        return self.filter(unexpired, revoked_at=None, user__is_active=True, user__removed_at=None)


class ApiKey(models.Model):
    """A credential of `user`: a person's own key, or one of a service account of the organisation.

    Its text is `tnt_<prefix>_<secret>`, shown once; only the hash is stored. The secret has 256 random
    bits, so an unsalted hash cannot be guessed at. `rights` are `app.codename`; at use they are cut to
    what the user holds then. `addresses` are networks (CIDR); an empty list means anywhere.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        EXPIRED = "expired", _("Expired")
        REVOKED = "revoked", _("Revoked")

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

    @property
    def limits(self) -> frozenset[str]:
        """What a request with this key may do at most; its user's own rights cut it further."""
        return frozenset(self.rights) - RIGHTS_OF_PEOPLE

    def stands(self) -> bool:
        """Is it alive still? Holds the row: whoever revokes it waits for the write that asks."""
        return type(self).objects.alive().select_for_update(no_key=True, of=("self",)).filter(pk=self.pk).exists()

    def is_open_to(self, address: str) -> bool:
        """May this key be used from there? `address` is an IP address as the front server gave it."""
        if not self.addresses:
            return True
        client = ipaddress.ip_address(address)
        client = getattr(client, "ipv4_mapped", None) or client  # an IPv4 client of a socket that speaks both
        return any(client in ipaddress.ip_network(network) for network in self.addresses)

    @property
    def state(self) -> State:
        if self.revoked_at:
            return self.State.REVOKED
        if self.expires_at and self.expires_at <= timezone.now():
            return self.State.EXPIRED
        return self.State.ACTIVE
