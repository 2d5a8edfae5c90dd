"""A developer's machine and the demo: errors are shown, mail goes to the console and to a folder."""

from .base import *
from .base import DATA_DIR, STORAGES, env

DEBUG = True
# Only this machine ever sees it; `prod` has no default.
SECRET_KEY = env.str("SECRET_KEY", default="development-only-" + "0123456789abcdef" * 4)

STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

if not env.str("EMAIL_URL", default=""):
    MAIL_TRANSPORT = "config.mail.ConsoleAndFileBackend"
EMAIL_FILE_PATH = DATA_DIR / "mail"
