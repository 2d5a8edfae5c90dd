"""What happened in the organisation: one line an act, written with it and never changed."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from .text import SEARCHED


class Entry(models.Model):
    """One line. Everything is held by value, so that it stays as it was whatever becomes of people and objects.

    `changes` is field -> [before, after]. `through` says by which door the actor came.
    """

    class Through(models.TextChoices):
        PAGE = "page", _("Page")
        API = "api", _("API")
        KEY = "key", _("API key")
        ADMIN = "admin", _("Admin site")
        SUPPORT = "support", _("Support visit")
        COMMAND = "command", _("Command")

    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200, blank=True)
    through = models.CharField(max_length=10, choices=Through)
    credential = models.CharField(max_length=120, blank=True, help_text=_("The API key or visit it came by."))
    action = models.CharField(max_length=40)
    object_type = models.CharField(max_length=100, blank=True, help_text=_("As in catalog.product."))
    object_id = models.CharField(max_length=40, blank=True)
    object_name = models.CharField(max_length=200, blank=True)
    changes = models.JSONField(default=dict)
    detail = models.CharField(max_length=500, blank=True)
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        default_permissions = ["view"]
        permissions = [("export_entry", "Can export the audit log")]
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_entry_newest"),
            models.Index(fields=["actor_id", "-at", "-id"], name="audit_entry_actor"),
            models.Index(fields=["object_type", "object_id", "-at", "-id"], name="audit_entry_object"),
            GinIndex(SEARCHED, name="audit_entry_words"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_name} {self.action} {self.object_name}"


class Link(models.Model):
    """One link of the chain that seals the log: see accounts/audit/seal.py.

    `digest` is made of the link before and of the whole line, with a key that the database does not hold.
    The line is named by its number alone: a foreign key would have to lock rows that nobody may change.
    """

    position = models.BigIntegerField(primary_key=True)
    entry_id = models.BigIntegerField(unique=True)
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ["position"]
        default_permissions = []

    def __str__(self) -> str:
        return f"{self.position}: {self.digest[:12]}…"
