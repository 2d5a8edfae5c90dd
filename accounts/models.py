"""People of one tenant: users, the roles they hold, the invitations they got. All in the tenant's schema."""

import hashlib
import secrets
import uuid

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from . import access

LOCAL_ISSUER = "local"


class UserQuerySet(models.QuerySet):
    def members(self):
        """Everyone who is in the organisation, deactivated people included, removed ones not."""
        return self.filter(removed_at=None)

    def active(self):
        return self.filter(is_active=True)

    def holding(self, role_key: str):
        return self.filter(groups__role__key=role_key)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_local(self, *, email: str, name: str, password: str, **fields) -> "User":
        """A person with a password of our own. Roles are given separately (flows)."""
        user = self.model(email=email.strip().lower(), name=name.strip(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person in this tenant. Found by (issuer, subject); the e-mail is only how one signs in locally.

    People are deactivated, never deleted, so that history keeps their names. There is no superuser
    column: nothing can make a tenant's user one. Rights come from roles and grants (`accounts.access`).
    """

    # Removed from the mixin: a flag that opens everything, and rights given past the roles.
    is_superuser = False
    user_permissions = None  # type: ignore[assignment]

    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=80)
    picture = models.URLField(_("picture address"), blank=True, max_length=255)
    issuer = models.CharField(max_length=255, default=LOCAL_ISSUER, editable=False)
    subject = models.CharField(max_length=255, default=uuid.uuid4, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen = models.DateTimeField(_("last seen"), null=True, blank=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="accounts_user_identity"),
            models.UniqueConstraint(
                Lower("email"),
                condition=Q(issuer=LOCAL_ISSUER),
                name="accounts_user_local_email",
                violation_error_message=_("There is an account with this address already."),
            ),
        ]
        permissions = [
            ("change_organisation", "Can change the organisation's settings"),
            ("own_organisation", "Owns the organisation"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    @cached_property
    def roles(self) -> list["Role"]:
        return list(Role.objects.using(self._state.db).filter(group__user=self).select_related("group"))

    @property
    def is_staff(self) -> bool:
        """May open the tenant's Django admin. Follows from the roles held now, and goes with them."""
        return self.is_active and any(role.opens_admin for role in self.roles)

    @property
    def has_proven_address(self) -> bool:
        addresses = self.emailaddress_set  # type: ignore[attr-defined]
        return addresses.filter(email=self.email, verified=True).exists()

    @property
    def initials(self) -> str:
        words = (self.name or self.email).split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def user_display(user: User) -> str:
    return str(user)


class RoleQuerySet(models.QuerySet):
    def with_permissions(self):
        return self.select_related("group").prefetch_related("group__permissions__content_type")

    def may_be_given_by(self, actor: User) -> list["Role"]:
        """The roles all of whose rights the actor holds himself."""
        return [role for role in self.with_permissions() if role.permission_names <= access.role_permissions(actor)]


class Role(models.Model):
    """A Django group with a face. System roles are declared in `accounts.roles`; their rows follow the code."""

    group = models.OneToOneField(Group, on_delete=models.CASCADE, primary_key=True, related_name="role")
    key = models.SlugField(max_length=40, unique=True)
    description = models.CharField(max_length=200, blank=True)
    is_system = models.BooleanField(default=False, editable=False)
    opens_admin = models.BooleanField(_("opens the admin site"), default=False)
    rank = models.PositiveSmallIntegerField(default=100, help_text=_("Order in lists."))

    objects = RoleQuerySet.as_manager()

    class Meta:
        ordering = ["rank", "key"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.group.name

    @cached_property
    def permission_names(self) -> frozenset[str]:
        """The rights of this role, as `app.codename`."""
        return frozenset(f"{p.content_type.app_label}.{p.codename}" for p in self.group.permissions.all())


class InvitationQuerySet(models.QuerySet):
    def open(self):
        """Neither accepted nor revoked; may have expired."""
        return self.filter(accepted_at=None, revoked_at=None)

    def find(self, token: str):
        """The invitation that the token opens, or None."""
        return self.filter(token_hash=Invitation.hash(token)).first()


class Invitation(models.Model):
    """An offer of a role to an address. Only the hash of its token is stored: the mail holds the token."""

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        EXPIRED = "expired", _("Expired")
        ACCEPTED = "accepted", _("Accepted")
        REVOKED = "revoked", _("Withdrawn")

    email = models.EmailField(_("e-mail"))
    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="invitations")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invitations_sent")
    sent_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="invitations_accepted"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-sent_at"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=Q(accepted_at=None, revoked_at=None),
                name="accounts_invitation_one_open",
                violation_error_message=_("This address has an open invitation already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.role_id}"

    @staticmethod
    def hash(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    def renew(self) -> str:
        """Set a new token and a new expiry; return the token. The one before stops working."""
        token = secrets.token_urlsafe(32)
        self.token_hash = self.hash(token)
        self.sent_at = timezone.now()
        self.expires_at = self.sent_at + settings.INVITATION_LIFETIME
        return token

    @property
    def state(self) -> State:
        if self.accepted_at:
            return self.State.ACCEPTED
        if self.revoked_at:
            return self.State.REVOKED
        return self.State.PENDING if self.expires_at > timezone.now() else self.State.EXPIRED

    @property
    def masked_email(self) -> str:
        name, _at, host = self.email.partition("@")
        return f"{name[:1]}•••@{host}"


class SignInTicket(models.Model):
    """A right to be signed in once, within seconds, on this tenant's host. See flows/sign_in.py."""

    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"ticket for {self.user_id}"
