from django.apps import AppConfig

from tenants.postgresql import writes


class AuditConfig(AppConfig):
    name = "accounts.audit"
    label = "audit"

    def ready(self):
        from . import capture, receivers  # noqa: F401  (registers the receivers of Django's and allauth's signals)

        writes.watch(capture.Capture())
