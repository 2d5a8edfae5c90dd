"""Who may be found where."""

import hashlib
import hmac

from django.conf import settings
from django.db import models

from .tenants import Tenant


class DirectoryEntry(models.Model):
    """Who may be found where: the hash of an address, and a tenant in which it has an account.

    Serves "find my organisation" and the switcher. It decides nothing: rights come from the tenant's
    own schema alone. The hash is keyed, so that a stolen table cannot be tested against a list of addresses.
    """

    address_hash = models.CharField(max_length=64)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="directory_entries")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address_hash", "tenant"], name="tenants_directory_once"),
        ]

    def __str__(self) -> str:
        return f"{self.address_hash[:8]}… in {self.tenant_id}"

    @staticmethod
    def hash(address: str) -> str:
        key = f"tenantry.directory:{settings.SECRET_KEY}".encode()
        return hmac.new(key, address.strip().lower().encode(), hashlib.sha256).hexdigest()
