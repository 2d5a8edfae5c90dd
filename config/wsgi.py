"""WSGI entry point. Refuses to serve what is not set up as it must be (config/serving.py)."""

import os

from django.core.wsgi import get_wsgi_application

from .requests import Utf8WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")

application = get_wsgi_application()
application.request_class = Utf8WSGIRequest

from .serving import begin  # noqa: E402  (needs the loaded apps)

begin()
