"""The template schema as a script."""

from django.db import models


class Blueprint(models.Model):
    """The template schema as a list of SQL statements; a sign-up replays the newest one.

    Written by `manage.py migrate`. `fingerprint` is the hash of the statements.
    """

    fingerprint = models.CharField(max_length=64, unique=True)
    statements = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.fingerprint[:12]
