"""Which tenants there are, and where they live."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from tenants.addresses import absolute_url
from tenants.slugs import PLATFORM_SCHEMA, SLUG_PATTERN


class TenantQuerySet(models.QuerySet):
    def served(self):
        """Tenants whose pages open."""
        return self.filter(status=Tenant.Status.ACTIVE, schema_ready=True)

    def customers(self):
        """All but the platform's own: what the console shows, and may suspend, rename and close."""
        return self.exclude(schema_name=PLATFORM_SCHEMA)


class Tenant(TenantMixin):
    """An organisation: its own schema, its own people, its own products.

    Made by `provisioning.create_tenant` alone. Deleting the row never drops the schema:
    `provisioning.delete_tenant` does both, in an order that can be undone half-way.
    """

    class Status(models.TextChoices):
        PREPARING = "preparing", _("Preparing")
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        CLOSING = "closing", _("Closing")

    class Admission(models.TextChoices):
        """Whom a good token of this organisation's makes a member. Invited people come in under each of them."""

        INVITED = "invited", _("Only who was invited here")
        DOMAIN = "domain", _("Also who has a verified address at one of the domains")
        PROVIDER = "provider", _("Everyone who belongs to the organisation at the provider")

    class Ring(models.TextChoices):
        """In this order a deploy goes through the tenants (tenants/fleet/rings.py)."""

        OWN = "own", _("Our own")
        FRIENDLY = "friendly", _("Friendly")
        REST = "rest", _("The rest")

    auto_create_schema = False
    auto_drop_schema = False

    name = models.CharField(_("name"), max_length=80)
    slug = models.CharField(
        _("address"), max_length=30, unique=True, validators=[RegexValidator(rf"^{SLUG_PATTERN.pattern}\Z")]
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.PREPARING)
    schema_ready = models.BooleanField(
        default=False, help_text=_("False while a migration has not finished, or when the doctor found a difference.")
    )
    currency = models.CharField(
        _("currency"),
        max_length=3,
        default="EUR",
        validators=[RegexValidator(r"^[A-Z]{3}\Z", _("Use the three letters of ISO 4217."))],
        help_text=_("ISO 4217 code."),
    )
    catalogue_is_public = models.BooleanField(
        _("public catalogue"), default=False, help_text=_("Visitors may see published products without signing in.")
    )
    provider = models.CharField(
        _("identity provider"),
        max_length=40,
        default="local",
        db_default="local",
        help_text=_("Whose people come in: a name of settings.IDENTITY_PROVIDERS, or local."),
    )
    provider_tenant_id = models.CharField(
        _("id at the provider"),
        max_length=255,
        blank=True,
        db_default="",
        help_text=_("What the tenant claim of a token must be on this host."),
    )
    admits = models.CharField(
        _("who comes in at first sight"),
        max_length=10,
        choices=Admission,
        default=Admission.INVITED,
        db_default=Admission.INVITED,
    )
    admitted_domains = models.CharField(
        _("domains of addresses"),
        max_length=300,
        blank=True,
        db_default="",
        help_text=_("With the rule by domain: whose verified address ends so, separated by blanks."),
    )
    staff_role = models.CharField(
        _("role of staff at the provider"),
        max_length=100,
        blank=True,
        db_default="",
        help_text=_("Whoever holds it there opens the admin site here. Empty: settings.IDENTITY_STAFF_ROLE."),
    )
    signs_out_at_provider = models.BooleanField(_("sign out at the provider, too"), default=False, db_default=False)
    session_idle_minutes = models.PositiveIntegerField(
        _("sign out after so many minutes without use"),
        null=True,
        blank=True,
        validators=[MinValueValidator(10), MaxValueValidator(60 * 24 * 7)],
        help_text=_("In a browser. Empty: after a week."),
    )
    session_longest_hours = models.PositiveIntegerField(
        _("sign in again after so many hours"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 14)],
        help_text=_("However much it is used, by programs too. Empty: after two weeks."),
    )
    ring = models.CharField(
        _("ring"),
        max_length=10,
        choices=Ring,
        default=Ring.REST,
        db_default=Ring.REST,
        help_text=_("Whose schema is migrated first at a deploy."),
    )
    is_sandbox = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text=_("A twin to try things in: personal data is masked, and no mail leaves it."),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    notice = models.CharField(
        _("reason"),
        max_length=200,
        blank=True,
        db_default="",
        help_text=_("Shown to everyone who comes while the organisation is suspended."),
    )
    suspended_at = models.DateTimeField(null=True, blank=True, editable=False)
    purge_after = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("Closing: until then it can be undone.")
    )

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("slug"), name="tenants_tenant_slug_any_case"),
            models.UniqueConstraint(
                fields=["provider", "provider_tenant_id"],
                condition=~models.Q(provider_tenant_id=""),
                name="tenants_tenant_at_provider",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_served(self) -> bool:
        return self.status == self.Status.ACTIVE and self.schema_ready

    @property
    def is_platform(self) -> bool:
        """The operators' own. Its host serves the console, and nobody suspends, renames or closes it."""
        return self.schema_name == PLATFORM_SCHEMA

    @property
    def host(self) -> str:
        return f"{self.slug}.{settings.BASE_DOMAIN}"

    def absolute_url(self, path: str = "/") -> str:
        """The address that goes into mails and redirects. Built from what is stored, never from a request."""
        return absolute_url(self.host, path)


class Domain(DomainMixin):
    """A host name that leads to a tenant. Stored in lower case, without port or trailing dot."""

    class Meta:
        constraints = [models.UniqueConstraint(Lower("domain"), name="tenants_domain_any_case")]
