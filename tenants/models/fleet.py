"""How far each schema is, and what a migration did to the template."""

from django.db import models

from .tenants import Tenant


class SchemaState(models.Model):
    """One row a schema: `public`, the template, every tenant. It goes with its tenant.

    `version` is the word for the code whose migrations and hooks the schema has seen (tenants/fleet/versions.py),
    `rows` that for its content types, permissions and what the hooks wrote. Empty: nobody knows, so the next run
    looks. A run writes a tenant's row in the transaction that changes the tenant, so the two never disagree.
    """

    class State(models.TextChoices):
        CURRENT = "current", "Current"
        BEHIND = "behind", "Behind"
        MIGRATING = "migrating", "Migrating"
        FAILED = "failed", "Failed"

    schema_name = models.CharField(max_length=63, primary_key=True)
    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, null=True, related_name="schema_state")
    state = models.CharField(max_length=10, choices=State, default=State.BEHIND)
    version = models.CharField(max_length=12, blank=True)
    rows = models.CharField(max_length=12, blank=True)
    error = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveIntegerField(default=0, help_text="Tries since it was last current.")
    closed_for_now = models.BooleanField(default=False, db_default=False, help_text="By a run: the next one opens it.")
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["schema_name"]

    def __str__(self) -> str:
        return f"{self.schema_name}: {self.state}"


class Recording(models.Model):
    """What one migration sent while the template was migrated, to be replayed in the tenants.

    `steps` are those of tenants/fleet/recording.py. `unfit` says why it may not be replayed; empty: it may.
    `fingerprint` is the hash of the migration's file: a recording of another text is not used.
    """

    app = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    steps = models.JSONField(default=list)
    unfit = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["app", "name"], name="tenants_recording_of_migration")]

    def __str__(self) -> str:
        return f"{self.app}.{self.name}"
