"""What is still to be done between a tenant and its identity provider. One public row a tenant, so that nobody
has to look into every schema to find out where something waits.
"""

from django.db import models
from django.utils import timezone

from .tenants import Tenant


class ErrandQuerySet(models.QuerySet):
    def to_tell(self):
        return self.filter(tell_at__lte=timezone.now())

    def with_events(self):
        """Where the provider has sent word of somebody that was not looked into yet."""
        return self.exclude(subjects=[])


class Errand(models.Model):
    """`tell_at`: when the next task of its outbox is due. `subjects`: people whom the provider has sent an event of,
    or EVERYBODY. `read_at`: when everybody is to be read anew, event or not; None for at once.
    """

    EVERYBODY = "*"

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, primary_key=True, related_name="errand")
    tell_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    subjects = models.JSONField(default=list)

    objects = ErrandQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["tell_at"], name="tenants_errand_tell"),
            models.Index(fields=["read_at"], name="tenants_errand_read"),
        ]

    def __str__(self) -> str:
        return f"errand of {self.tenant_id}"
