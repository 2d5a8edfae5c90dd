"""Addresses of ours, built from what is stored or set, never from a request."""

from django.conf import settings


def absolute_url(host: str, path: str = "/") -> str:
    standard = {"http": 80, "https": 443}[settings.PUBLIC_SCHEME]
    port = "" if standard == settings.PUBLIC_PORT else f":{settings.PUBLIC_PORT}"
    return f"{settings.PUBLIC_SCHEME}://{host}{port}{path}"


def public_url(path: str = "/") -> str:
    """An address of the public pages."""
    return absolute_url(settings.BASE_DOMAIN, path)
