"""Where a session is that an identity provider may end: it names neither the tenant nor our session."""

import hashlib
import hmac

from django.conf import settings
from django.db import models

from .tenants import Tenant


class SessionPlace(models.Model):
    """That `tenant` may have a session of this subject, or of this session of the provider's. It decides nothing: the
    session is looked for over there. Rows are good until no session can be left.
    """

    digest = models.CharField(max_length=64)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="session_places")
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest", "tenant"], name="tenants_session_place_once")]
        indexes = [models.Index(fields=["until"], name="tenants_session_place_until")]

    def __str__(self) -> str:
        return f"{self.digest[:8]}… in {self.tenant_id}"

    @staticmethod
    def hash(provider: str, what: str, value: str) -> str:
        """`what` is sub or sid. Keyed: a stolen table cannot be tested against a list of people."""
        key = f"tenantry.session-place:{settings.SECRET_KEY}".encode()
        return hmac.new(key, f"{provider}\n{what}\n{value}".encode(), hashlib.sha256).hexdigest()
