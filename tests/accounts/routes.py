"""Every route of both hosts as an address that can be asked for."""

import re
from collections.abc import Iterator

from django.conf import settings

from accounts.guards import routes

# What stands in for each converter and each named group: a row of Acme's, or a value of the right shape.
SAMPLES = {
    **dict.fromkeys(("pk", "object_id"), "1"),
    **dict.fromkeys(("token", "ticket", "key", "uidb36", "name", "rest"), "sample"),
    "principal": "user-1",
    "provider": "oidc",
}
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")


def paths(urlconf: str) -> Iterator[str]:
    for pattern, _name, _view in routes(urlconf):
        filled = PARAMETER.sub(lambda match: SAMPLES[match[1] or match[2]], pattern)
        yield "/" + re.sub(r"[\^$]|\\Z", "", filled)


TENANT_PATHS = sorted(set(paths(settings.ROOT_URLCONF)))
PUBLIC_PATHS = sorted(set(paths(settings.PUBLIC_SCHEMA_URLCONF)))
