"""Host names: those that were, and those that are claimed."""

import secrets

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from .tenants import Tenant


class FormerAddress(models.Model):
    """The host of a renamed or closed tenant. Nobody else gets the slug before `held_until`.

    While `tenant` is there, the host redirects to where it lives now.
    """

    slug = models.CharField(max_length=30, unique=True)
    tenant = models.ForeignKey(
        Tenant, null=True, blank=True, on_delete=models.SET_NULL, related_name="former_addresses"
    )
    held_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.slug} until {self.held_until:%Y-%m-%d}"


class DomainClaim(models.Model):
    """A host of the customer's own, not served before its owner proved it by a DNS record.

    The record is TXT `_tenantry.<domain>` with `value`. Once proven, a Domain row leads to the tenant.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="domain_claims")
    domain = models.CharField(_("domain"), max_length=253)
    token = models.CharField(max_length=43, default=secrets.token_urlsafe, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)
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
