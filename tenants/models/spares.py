"""Schemas that wait for an organisation."""

from django.db import models


class Spare(models.Model):
    """A copy of a blueprint that nobody lives in yet: the next sign-up renames it instead of making one.

    The row comes and goes in the transaction that makes, hands out or drops the schema, so each of the two is
    there with the other. `fingerprint` is the blueprint's: only a spare of the newest one is handed out.
    """

    schema_name = models.CharField(max_length=63, unique=True)
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.schema_name
