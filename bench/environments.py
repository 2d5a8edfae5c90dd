"""What each side's processes are told: which settings, which database, which issuer."""

import os

from . import postgres
from .issuer import AUDIENCE

CLIENT = "bench-client"


def peer(database: str = "peer") -> dict[str, str]:
    return {"DJANGO_SETTINGS_MODULE": "bench.peer.settings", "BENCH_DATABASE": database}


def floor(database: str = "peer") -> dict[str, str]:
    """It answers from the peer's own tables."""
    return {"DJANGO_SETTINGS_MODULE": "bench.floor.settings", "BENCH_DATABASE": database}


def product(database: str = "product") -> dict[str, str]:
    """As a deployment behind a proxy for TLS sets it, with the bench's issuer as identity provider."""
    return {
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "DATABASE_URL": postgres.address(database),
        "BASE_DOMAIN": "localhost",
        "BEHIND_TLS_PROXY": "true",
        "SECRET_KEY": "bench-only-" + "0123456789abcdef" * 4,
        "IDENTITY_PROVIDERS": "oidc",
        "OIDC_ISSUER": os.environ["BENCH_ISSUER"],
        "OIDC_CLIENT_ID": CLIENT,
        "OIDC_CLIENT_SECRET": "bench-only",
        "OIDC_AUDIENCE": AUDIENCE,
        "OIDC_TENANT_CLAIM": "tenant",
        "WEB_THREADS": "1",  # as config/gunicorn.py says it: the workers are synchronous
    }
