"""Which tables live where. The one place that says it.

`public` knows tenants and nobody's people; everything about people and products is in the tenant's
own schema. No app may stand in both lists: see docs/decisions/0001-schemas.md.
"""

# `tenants` comes before `django_tenants`: its `migrate` and `create_tenant` commands replace the library's.
SHARED_APPS = [
    "tenants",
    "django_tenants",
]

TENANT_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "guardian",
    "accounts",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "accounts.audit",
    "catalog",
    "django.contrib.admin",
]

# No tables of their own.
LIBRARY_APPS = [
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.headless",
    "bootstrap",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]
