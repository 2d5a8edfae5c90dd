"""What must be right in a provider's settings before anybody's token is believed. One rule for checks and registry."""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from .remote_keys import FEWEST_SECRET_BYTES

HOST = re.compile(r"[a-z0-9.:-]+")
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
ASYMMETRIC = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
# Variables that are addresses. Auth0's may be a name alone, which is then meant with https.
ADDRESSES = {
    "frontegg": ("BASE_URL", "API_GATEWAY_URL"),
    "auth0": ("DOMAIN",),
    "descope": ("BASE_URI",),
    "rownd": ("API_URL",),
    "oidc": ("ISSUER",),
}
# The one of them that tokens name as their issuer. Descope's and Rownd's hold more than that.
ISSUERS = {
    "frontegg": "BASE_URL",
    "auth0": "DOMAIN",
    "descope": "PROJECT_ID",
    "rownd": "API_URL",
    "oidc": "ISSUER",
}


def kind_of(name: str) -> str:
    """A name with a dash is a further provider of the kind before it: `oidc-okta`."""
    return name.partition("-")[0]


def variable(name: str, each: str) -> str:
    return f"{name.upper().replace('-', '_')}_{each}"


def missing(name: str) -> list[str]:
    """The variables that this provider needs and has not."""
    required, _optional = settings.PROVIDER_VARIABLES[kind_of(name)]
    return [variable(name, each) for each in required if not settings.PROVIDERS[name][each]]


def is_sound(address: str) -> bool:
    """https, or this very machine, and no name and password in it."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not HOST.fullmatch(host) or parts.username is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def is_loopback(host: str) -> bool:
    return host in LOOPBACK or host.endswith(".localhost")


def all_problems() -> list[str]:
    """Of every active provider, and of the choice between them."""
    found = [problem for name in settings.PROVIDERS for problem in problems(name)] + shared_issuers()
    if settings.IDENTITY_PROVIDER not in ("local", *settings.PROVIDERS):
        active = ", ".join(["local", *settings.PROVIDERS])
        found.append(f"IDENTITY_PROVIDER is {settings.IDENTITY_PROVIDER!r}, but active are only: {active}.")
    return found


def shared_issuers() -> list[str]:
    """Two providers of one issuer: a token could not say whose it is."""
    seen: dict[str, str] = {}
    found = []
    for name, values in settings.PROVIDERS.items():
        each = ISSUERS.get(kind_of(name), "")
        address = values.get(each, "").rstrip("/")
        if address and seen.setdefault(address, name) != name:
            found.append(f"{variable(name, each)} is that of {seen[address]!r} as well.")
    return found


def refuse_to_start_misconfigured() -> None:
    """Called by wsgi.py and asgi.py: a provider that is half set up is not served. Raises ImproperlyConfigured."""
    if found := all_problems():
        raise ImproperlyConfigured("Identity providers: " + " ".join(found))


def problems(name: str) -> list[str]:
    """Sentences, of which each names a variable; none for a provider that can be served."""
    if kind_of(name) not in settings.PROVIDER_VARIABLES:
        return [f"IDENTITY_PROVIDERS names {name!r}, which is none of {', '.join(settings.PROVIDER_VARIABLES)}."]
    if lacking := missing(name):
        return [f"{each} is not set." for each in lacking]
    return [*unsound_addresses(name), *wrong_algorithms(name), *same_audiences(name)]


def unsound_addresses(name: str) -> list[str]:
    values = settings.PROVIDERS[name]
    return [
        f"{variable(name, each)} is neither an https address nor one of this machine."
        for each in ADDRESSES[kind_of(name)]
        if not is_sound(values[each] if "://" in values[each] or each != "DOMAIN" else f"https://{values[each]}")
    ]


def wrong_algorithms(name: str) -> list[str]:
    values = settings.PROVIDERS[name]
    if kind_of(name) == "oidc":
        allowed = values["ALGORITHMS"].split()
        if not allowed or set(allowed) - ASYMMETRIC:
            return [f"{variable(name, 'ALGORITHMS')} may name {', '.join(sorted(ASYMMETRIC))}."]
    if kind_of(name) == "frontegg":
        if values["JWT_ALGORITHM"] not in ("RS256", "HS256"):
            return [f"{variable(name, 'JWT_ALGORITHM')} is RS256 or HS256."]
        if values["JWT_ALGORITHM"] == "HS256" and len(values["JWT_SECRET"].encode()) < FEWEST_SECRET_BYTES:
            return [f"{variable(name, 'JWT_SECRET')} has fewer than {FEWEST_SECRET_BYTES} bytes."]
    return []


def same_audiences(name: str) -> list[str]:
    """Where the API and the client have one name, an ID token passes for an access token."""
    values = settings.PROVIDERS[name]
    if kind_of(name) in ("auth0", "oidc") and values["AUDIENCE"] == values["CLIENT_ID"]:
        return [f"{variable(name, 'AUDIENCE')} is the client's id: it names the API, which is another."]
    return []
