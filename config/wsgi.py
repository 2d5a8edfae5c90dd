"""WSGI entry point. Refuses to serve when a view lacks a guard (see `accounts.guards`), or when an
identity provider is half set up (see `accounts.providers.configuration`), or when a pooler stands where none may
(see `tenants.pooling`)."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from .requests import Utf8WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")

application = get_wsgi_application()
application.request_class = Utf8WSGIRequest

from accounts.guards import refuse_to_start_unguarded  # noqa: E402  (needs the loaded apps)
from accounts.providers.configuration import refuse_to_start_misconfigured  # noqa: E402
from tenants.pooling import keep_statements, refuse_to_start_misrouted, serve_from_a_pool  # noqa: E402

refuse_to_start_unguarded()
refuse_to_start_misconfigured()
refuse_to_start_misrouted()
keep_statements()
serve_from_a_pool()

# What is loaded by now stays. To look at it again took the collector 140 ms, in the middle of somebody's request.
gc.collect()
gc.freeze()
