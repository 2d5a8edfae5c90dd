"""What the operator console shows of each tenant, counted by a periodic job."""

from django.db import models

from .tenants import Tenant


class Usage(models.Model):
    """One row a tenant, kept by `manage.py refresh_usage`. A request reads it, and never a tenant's schema."""

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True, related_name="usage")
    people = models.PositiveIntegerField(default=0)
    products = models.PositiveIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0, help_text="Tables, indexes and files.")
    schema_version = models.CharField(max_length=100, blank=True, help_text="The newest migration of each app, hashed.")
    is_current = models.BooleanField(default=True, help_text="Whether that is the template's.")
    last_used_at = models.DateTimeField(null=True)
    refreshed_at = models.DateTimeField()
    problem = models.CharField(max_length=200, blank=True, help_text="Why it could not be counted.")

    def __str__(self) -> str:
        return f"usage of {self.tenant_id}"
