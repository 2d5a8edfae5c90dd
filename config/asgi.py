"""ASGI entry point. Refuses to serve what is not set up as it must be (config/serving.py)."""

import os

from django.core.asgi import get_asgi_application

from .requests import Utf8ASGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")

application = get_asgi_application()
application.request_class = Utf8ASGIRequest

from .serving import begin  # noqa: E402  (needs the loaded apps)

begin(is_async=True)
