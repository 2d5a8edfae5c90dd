"""Production: secrets have no defaults, everything is HTTPS, cookies belong to one host."""

from django.core.exceptions import ImproperlyConfigured

from .base import *
from .base import BASE_DOMAIN, env

SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
BASE_DOMAIN = env.str("BASE_DOMAIN")
PUBLIC_SCHEME = "https"
PUBLIC_PORT = env.int("PUBLIC_PORT", default=443)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[BASE_DOMAIN, f".{BASE_DOMAIN}"])

if not env.str("DATABASE_URL", default=""):
    raise ImproperlyConfigured("Set DATABASE_URL (or DATABASE_URL_FILE): production has no database of its own.")

SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
# Set only when the front server strips X-Forwarded-Proto from what clients send, and adds the client to
# X-Forwarded-For: without its last entry all clients would be one address, and share one rate limit.
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1

# The prefix makes browsers refuse the cookie from a sibling subdomain or for a parent domain.
SESSION_COOKIE_NAME = "__Host-sessionid"
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrftoken"
CSRF_COOKIE_SECURE = True
