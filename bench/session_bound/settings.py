"""bench/settings.py with the fault."""

from bench.settings import *

DATABASES["default"]["ENGINE"] = "bench.session_bound"
