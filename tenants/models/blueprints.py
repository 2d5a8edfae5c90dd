"""The template schema as a script."""

from django.db import models


class Blueprint(models.Model):
    """The template schema as a list of SQL statements; a sign-up replays the newest one.

    Written by `manage.py migrate`. `fingerprint` is the hash of the statements; `version` and `rows` are what a
    copy has for its SchemaState, empty as long as the run that wrote it has not ended with the template.
    """

    fingerprint = models.CharField(max_length=64, unique=True)
    statements = models.JSONField()
    version = models.CharField(max_length=12, blank=True, db_default="")
    rows = models.CharField(max_length=12, blank=True, db_default="")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.fingerprint[:12]
