"""The floor's, with Django's own backend and a rung more in each view."""

from bench.floor.settings import *
from bench.floor.settings import DATABASES

ROOT_URLCONF = "bench.ladder.views"
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
