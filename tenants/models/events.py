"""What the platform itself keeps a note of: refused credentials, and errors of a tenant's pages."""

from django.db import models


class ProviderMessage(models.Model):
    """A message of an identity provider that was taken: a webhook's event, a logout token. Each works once.

    Its id is unique within the provider; rows are kept as long as a copy of the message could still be accepted.
    Under `over:` and the digest of whom it meant (SessionPlace.hash) stands when the last log-out came.
    """

    provider = models.CharField(max_length=40)
    message_id = models.CharField(max_length=255)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "message_id"], name="tenants_provider_message_once"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.message_id}"


class PlatformEvent(models.Model):
    """A line of the platform's own log. A refused credential is noted here, never in a tenant's audit log.

    `schema_name` is the tenant whose host was asked, by value. Holds no token and no part of one.
    """

    class Kind(models.TextChoices):
        TOKEN_REJECTED = "token_rejected"
        CROSS_ACCESS = "cross_access_denied"
        ERROR = "error"
        NO_OWNER = "no_owner"  # the identity provider took the last owner's role away
        NOT_TOLD = "not_told"  # the identity provider could not be told what was done here
        NOT_FOLLOWED = "not_followed"  # the identity provider's list of members was not believed

    at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=30, choices=Kind)
    schema_name = models.CharField(max_length=63, blank=True)
    actor = models.CharField(max_length=300, blank=True, help_text="Issuer and subject, where they were proven.")
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=32, blank=True)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at"], name="tenants_event_at"),
            models.Index(fields=["schema_name", "kind", "-at"], name="tenants_event_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M:%S}"
