"""What a tenant knows of its identity provider: whose roles are whose, sessions with tokens, and what is to be told."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .people import User
from .roles import Role


class RoleLink(models.Model):
    """What a role of the provider's is here. Without a row it is the role of the same name or key, if there is one.

    No `role`: the provider's role is ignored. `key` is compared as it stands, to the letter.
    """

    provider = models.CharField(max_length=40)
    key = models.CharField(_("role at the provider"), max_length=255)
    role = models.ForeignKey(
        Role, null=True, blank=True, on_delete=models.CASCADE, related_name="links", verbose_name=_("role here")
    )

    class Meta:
        verbose_name = _("role of the identity provider")
        ordering = ["key"]
        constraints = [models.UniqueConstraint(fields=["provider", "key"], name="accounts_rolelink_once")]

    def __str__(self) -> str:
        return f"{self.key}: {self.role or '-'}"


class SyncedRole(models.Model):
    """A role that somebody holds by the provider's word, and loses by it. Roles given by hand have no row here.

    `held_before`: he had been given it by hand as well, so it stays when the provider takes it back. `taken_here`: the
    provider says it and he does not hold it, since somebody here gave him another one in its place.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="synced_roles")
    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="+")
    held_before = models.BooleanField(default=False)
    taken_here = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="accounts_syncedrole_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.role_id}"


class ProviderSession(models.Model):
    """The tokens of a browser's session, sealed. Beside the session and not in it, since a session is saved whole:
    a request that began before a refresh would put burnt tokens back.

    Goes with its row on the list of sessions. `sid` is the provider's own name for the session.
    """

    listed = models.OneToOneField(
        "usersessions.UserSession", on_delete=models.CASCADE, primary_key=True, related_name="at_provider"
    )
    provider = models.CharField(max_length=40)
    subject = models.CharField(max_length=255)
    sid = models.CharField(max_length=255, blank=True)
    tokens = models.TextField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["provider", "subject"], name="accounts_at_provider_subject")]

    def __str__(self) -> str:
        return f"{self.provider} session of {self.subject}"


class DirectoryTaskQuerySet(models.QuerySet):
    def waiting(self):
        return self.filter(done_at=None, given_up_at=None)

    def due(self):
        return self.waiting().filter(next_try_at__lte=timezone.now())


class DirectoryTask(models.Model):
    """Something done here that the provider is to be told. Written with the deed, sent after the commit, and again
    until it worked. Each can be repeated: it says how things shall be, not what to change.
    """

    class Deed(models.TextChoices):
        CREATE_TENANT = "create_tenant", _("Create the organisation")
        INVITE = "invite", _("Invite")
        WITHDRAW = "withdraw", _("Withdraw an invitation")
        SET_ROLES = "set_roles", _("Set roles")
        DEACTIVATE = "deactivate", _("Deactivate")
        REACTIVATE = "reactivate", _("Reactivate")
        REMOVE = "remove", _("Remove")

    provider = models.CharField(max_length=40)
    deed = models.CharField(max_length=20, choices=Deed)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="directory_tasks")
    details = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)

    objects = DirectoryTaskQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["next_try_at"], name="accounts_task_due", condition=Q(done_at=None, given_up_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.get_deed_display()} ({self.provider})"
