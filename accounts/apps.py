from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self):
        from . import checks, receivers  # noqa: F401  (registers checks and the receivers of allauth's signals)
