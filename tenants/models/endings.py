"""What is left to be known of tenants that are gone."""

from django.db import models
from django.db.models import Q


class PurgeReport(models.Model):
    """What was deleted with a tenant, and when. Holds nobody's data: names and numbers of the organisation only.

    Written in the transaction that takes the tenant away. `finished_at` is set once its schema, renamed to
    `dropped_schema`, and its files are gone as well; until then `purge_tenants` and the doctor go on with it.
    """

    name = models.CharField(max_length=80)
    slug = models.CharField(max_length=30)
    schema_name = models.CharField(max_length=63)
    dropped_schema = models.CharField(max_length=63, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    tables = models.PositiveIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0, help_text="Tables, indexes and files.")
    files = models.PositiveIntegerField(default=0)
    domains = models.PositiveIntegerField(default=0)
    directory_entries = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-started_at", "-pk"]
        indexes = [
            # Every sign-up asks whether a schema of its name is still on its way out; finished reports stay for ever.
            models.Index(fields=["schema_name"], condition=Q(finished_at=None), name="tenants_purge_unfinished"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.slug})"
