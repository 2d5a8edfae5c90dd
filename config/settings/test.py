"""The test suite: quick hashes, mail in memory, nothing outside the machine."""

from .base import *
from .base import STORAGES, env

SECRET_KEY = "tests-only-" + "0123456789abcdef" * 4
TENANT_KNOWN_FOR = 3600  # no count of statements depends on how long a test takes
SPARE_SCHEMAS = 0  # a test that wants spares says so
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MAIL_TRANSPORT = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
DATABASE_POOL = {}  # a test sees its own transaction; tests/test_pooler.py turns the pool on
STATEMENTS_PER_CONNECTION = env.int("STATEMENTS_PER_CONNECTION", default=0)  # and sees statements, not their calls
