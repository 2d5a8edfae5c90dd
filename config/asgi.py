"""ASGI entry point. Refuses to serve when a view lacks a guard (see `accounts.guards`)."""

import os

from django.core.asgi import get_asgi_application

from .requests import Utf8ASGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")

application = get_asgi_application()
application.request_class = Utf8ASGIRequest

from accounts.guards import refuse_to_start_unguarded  # noqa: E402  (needs the loaded apps)

refuse_to_start_unguarded()
