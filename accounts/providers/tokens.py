"""The tokens of one sign-in. They stay on the server, sealed on a row, never in a cookie or a log.

The ID token alone leaves it once more: as the hint in the address that signs its person out at the provider.
"""

import json
from dataclasses import asdict, dataclass, field

from tenants.schema import current_schema
from tenants.sealing import seal, unseal


@dataclass(frozen=True)
class Tokens:
    """`session` is the one that stands for the person (entry SESSION). The others may be empty."""

    session: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    id: str = field(default="", repr=False)

    def seal(self) -> str:
        """For a row in the schema of this tenant: in another one it is noise."""
        return seal(_purpose(), json.dumps(asdict(self)))

    @classmethod
    def unseal(cls, sealed: str) -> "Tokens":
        """Raises tenants.sealing.Unsealable."""
        return cls(**json.loads(unseal(_purpose(), sealed)))


def _purpose() -> str:
    return f"provider-tokens:{current_schema()}"
