"""ASGI entry point. Refuses to serve when a view lacks a guard (see `accounts.guards`), or when an
identity provider is half set up (see `accounts.providers.configuration`), or when a pooler stands where none may
(see `tenants.pooling`)."""

import gc
import os

from django.core.asgi import get_asgi_application

from .requests import Utf8ASGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")

application = get_asgi_application()
application.request_class = Utf8ASGIRequest

from accounts.guards import refuse_to_start_unguarded  # noqa: E402  (needs the loaded apps)
from accounts.providers.configuration import refuse_to_start_misconfigured  # noqa: E402
from tenants.pooling import (  # noqa: E402
    keep_statements,
    refuse_persistent_connections,
    refuse_to_start_misrouted,
    serve_from_a_pool,
)

refuse_to_start_unguarded()
refuse_to_start_misconfigured()
refuse_persistent_connections()
refuse_to_start_misrouted()
keep_statements()
serve_from_a_pool()

# What is loaded by now stays. To look at it again took the collector 140 ms, in the middle of somebody's request.
gc.collect()
gc.freeze()
