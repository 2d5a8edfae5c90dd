"""Host names: those that were, and those that are claimed."""

import secrets
from datetime import timedelta

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .tenants import Tenant


class FormerAddressQuerySet(models.QuerySet):
    def held(self):
        """Those that nobody else may have yet."""
        return self.filter(held_until__gt=timezone.now())

    def hold(self, slug: str, length: timedelta, *, tenant: Tenant | None = None) -> None:
        """Keep a slug that was just given up. `tenant` is who had it, if it lives on elsewhere."""
        self.update_or_create(slug=slug, defaults={"tenant": tenant, "held_until": timezone.now() + length})


class FormerAddress(models.Model):
    """The host of a renamed or closed tenant. Nobody else gets the slug before `held_until`.

    While `tenant` is there, the host redirects to where it lives now.
    """

    slug = models.CharField(max_length=30, unique=True)
    tenant = models.ForeignKey(
        Tenant, null=True, blank=True, on_delete=models.SET_NULL, related_name="former_addresses"
    )
    held_until = models.DateTimeField()

    objects = FormerAddressQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.slug} until {self.held_until:%Y-%m-%d}"


class DomainClaim(models.Model):
    """A host of the customer's own, not served before its owner proved it by a DNS record.

    The record is TXT `_tenantry.<domain>` with `record_value`. Once proven, a Domain row leads to the tenant, for
    as long as the record is found: `failing_since` says since when it is not (tenants/domains.py).
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="domain_claims")
    domain = models.CharField(_("domain"), max_length=253)
    token = models.CharField(max_length=43, default=secrets.token_urlsafe, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    last_problem = models.CharField(max_length=200, blank=True, editable=False)

    class Meta:
        ordering = ["domain"]
        constraints = [
            models.UniqueConstraint("tenant", Lower("domain"), name="tenants_claim_once"),
            models.UniqueConstraint(
                Lower("domain"), condition=models.Q(verified_at__isnull=False), name="tenants_claim_one_proven"
            ),
        ]

    def __str__(self) -> str:
        return self.domain

    @property
    def record_name(self) -> str:
        return f"_tenantry.{self.domain}"

    @property
    def record_value(self) -> str:
        return f"tenantry-verification={self.token}"
