"""People of one tenant, in the tenant's own schema."""

import uuid
from functools import cache, lru_cache
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Permission, PermissionsMixin
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat, Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.prepared import Prepared, Slot, prepare, run_in_turn

from .roles import Role

LOCAL_ISSUER = "local"
PERSON = Slot("person", models.BigIntegerField())


class UserQuerySet(models.QuerySet):
    def present(self):
        """Everyone who can act here or could again: people, deactivated ones too, service accounts, support."""
        return self.filter(removed_at=None)

    def members(self):
        """The people of the organisation, deactivated ones included, removed ones not."""
        return self.present().filter(kind=User.Kind.PERSON)

    def active(self):
        return self.filter(is_active=True)

    def holding(self, role_key: str):
        return self.filter(groups__role__key=role_key)

    def read_rights(self, pk: int) -> list[str]:
        """The rights of somebody's roles as they are now, as `app.codename`."""
        return [right for (right,) in _rights().run(self.db, person=pk)]

    def lock_and_read_rights(self, pk: int, *others: Prepared, **values: Any) -> tuple[list[str], list] | None:
        """The same once his row is locked until the commit, and the rows of other questions that are sent behind it.

        None for somebody who is not there, or not active.
        """
        locked, rights, *found = run_in_turn(_lock(), _rights(), *others, using=self.db, person=pk, **values)
        return ([right for (right,) in rights], found) if locked else None

    def lock_and_look(self, pk: int, question: Prepared, **values: Any) -> list[tuple] | None:
        """Lock his row until the commit, and have a look at one row in the same statement: none, or the row.

        What is seen is from before the lock: somebody may have taken a right away while this waited for him. So
        whoever writes by it lets the statement that writes ask again (accounts/new_rows.py). None for somebody who is
        not there, or not active.
        """
        rows = _look(question).run(self.db, person=pk, **values)
        return [row[1:] for row in rows if row[0]] if rows else None


def rights_of(person) -> models.QuerySet:
    """The rights of somebody's roles, as `app.codename`. `person` is his key, or an expression for it."""
    held = Permission.objects.filter(group__user=person).order_by()
    return held.annotate(right=Concat("content_type__app_label", Value("."), "codename")).values_list("right")


@cache
def _rights() -> Prepared:
    return prepare(rights_of(PERSON))


@cache
def _lock() -> Prepared:
    active = User.objects.filter(pk=PERSON, is_active=True).order_by()
    return prepare(active.select_for_update(no_key=True, of=("self",)).values_list("pk"))


@lru_cache(maxsize=256)
def _look(question: Prepared) -> Prepared:
    """`question` beside the locked person, in a statement that has a row as long as he is there."""
    locked = _lock()
    text = f"WITH locked AS MATERIALIZED ({locked.sql})"
    # Both texts are the ORM's own, with their values apart.
    text += f" SELECT NOT (seen IS NULL), seen.* FROM locked LEFT JOIN ({question.sql}) seen ON true"  # noqa: S608
    converters = tuple((place + 1, functions, made) for place, functions, made in question.converters)
    return Prepared(text, (*locked.parameters, *question.parameters), converters)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_local(self, *, email: str, name: str, password: str, **fields) -> "User":
        """A person with a password of our own. Roles are given separately (flows)."""
        user = self.new_local(email=email, name=name, password=password, **fields)
        user.save(using=self._db)
        return user

    def new_local(self, *, email: str, name: str, password: str, **fields) -> "User":
        """The same, not saved. Hashing is slow on purpose: no transaction has to wait for it."""
        user = self.model(email=email.strip().lower(), name=name.strip(), **fields)
        user.set_password(password)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person in this tenant. Found by (issuer, subject); the e-mail is only how one signs in locally.

    People are deactivated, never deleted, so that history keeps their names. There is no superuser
    column: nothing can make a tenant's user one. Rights come from roles and grants (`accounts.access`).
    """

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        SERVICE = "service", _("Service account")  # holds the organisation's own API keys; never signs in
        SUPPORT = "support", _("Support")  # an operator on a visit; see SupportVisit

    # Removed from the mixin: a flag that opens everything, and rights given past the roles.
    is_superuser = False
    user_permissions = None  # type: ignore[assignment]

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PERSON, db_default=Kind.PERSON, editable=False)
    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=80)
    picture = models.URLField(_("picture address"), blank=True, max_length=255)
    issuer = models.CharField(max_length=255, default=LOCAL_ISSUER, editable=False)
    subject = models.CharField(max_length=255, default=uuid.uuid4, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    # Of people of an identity provider: what its last token said. Of local people, allauth knows. `synced_token` are
    # the beginnings of the digests of those tokens that were issued in the second `synced_at`, the last one first.
    address_proven = models.BooleanField(default=False, db_default=False, editable=False)
    staff_at_provider = models.BooleanField(default=False, db_default=False, editable=False)
    stopped_by_provider = models.BooleanField(default=False, db_default=False, editable=False)  # and not here
    synced_at = models.DateTimeField(null=True, blank=True, editable=False)
    synced_token = models.CharField(max_length=64, blank=True, db_default="", editable=False)
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
            ("operate_organisations", "Can create, rename, suspend and close organisations"),
            ("view_organisations", "Can see all organisations and their figures"),
            ("enter_organisations", "Can enter an organisation as support"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    @cached_property
    def limits(self) -> frozenset[str] | None:
        """What the credential of this request may do at most; None is no limit of its own.

        Service accounts and support act by a credential alone: without one they may do nothing.
        """
        return None if self.kind == self.Kind.PERSON else frozenset()

    @cached_property
    def roles(self) -> list["Role"]:
        return list(Role.objects.using(self._state.db).filter(group__user=self).select_related("group"))

    @property
    def is_staff(self) -> bool:
        """May open the tenant's Django admin. Follows from the roles held now, here or at the provider, and goes
        with them.

        Support may not: what it sees and does there would be past the banner and the limits of its pages.
        """
        if not self.is_active or self.kind != self.Kind.PERSON:
            return False
        return self.staff_at_provider or any(role.opens_admin for role in self.roles)

    @property
    def is_local(self) -> bool:
        """Whether he signs in with a password of ours."""
        return self.issuer == LOCAL_ISSUER

    @property
    def has_proven_address(self) -> bool:
        if not self.is_local:
            return self.address_proven
        addresses = self.emailaddress_set  # type: ignore[attr-defined]
        return addresses.filter(email=self.email, verified=True).exists()

    @property
    def initials(self) -> str:
        words = [word for word in (self.name or self.email).split() if word[0].isalnum()]
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def user_display(user: User) -> str:
    return str(user)
