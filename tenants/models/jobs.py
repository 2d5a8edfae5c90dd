"""What runs by itself, and how it went."""

from django.db import models


class Job(models.Model):
    """One line of `settings.HOUSEKEEPING`: when it ran last, how long it took, and what it said.

    The rows named in LOCKS are no jobs: whoever runs the jobs holds a lock on the one, whoever migrates on the other.
    """

    RUNNER = "runner"
    FLEET = "fleet"
    LOCKS = (RUNNER, FLEET)

    name = models.CharField(max_length=100, unique=True)
    started_at = models.DateTimeField(null=True)
    took_ms = models.PositiveIntegerField(default=0)
    ok = models.BooleanField(default=True)
    result = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name
