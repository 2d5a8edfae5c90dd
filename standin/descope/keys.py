"""Access keys: what a machine exchanges for a token."""

import secrets
from dataclasses import dataclass, field

from ..world import Tenant


@dataclass(eq=False)
class AccessKey:
    """`id` is the subject of its tokens."""

    id: str
    name: str
    tenant: Tenant
    roles: list[str] = field(default_factory=list)
    active: bool = True
    secret: str = field(default_factory=secrets.token_hex)
