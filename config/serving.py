"""What a process does once before it serves. What is half set up, or open to anybody by mistake, does not start."""

import gc

from accounts.guards import refuse_to_start_unguarded
from accounts.providers.configuration import refuse_to_start_misconfigured
from tenants import pooling


def begin(*, is_async: bool = False) -> None:
    """Called by config/wsgi.py and config/asgi.py, once the apps are loaded. Raises ImproperlyConfigured."""
    refuse_to_start_unguarded()
    refuse_to_start_misconfigured()
    if is_async:
        pooling.refuse_persistent_connections()
    pooling.refuse_to_start_misrouted()
    pooling.use_sessions()
    pooling.serve_from_a_pool()
    leave_to_the_collector_what_is_new()


def leave_to_the_collector_what_is_new() -> None:
    """What is loaded by now stays. To look at it again took the collector 140 ms, in the middle of a request.

    How often it looks at what is new is left to Python: seldom, and much at once, is what a request notices.
    """
    gc.collect()
    gc.freeze()
