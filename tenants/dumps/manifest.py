"""What a dump says about itself: whose it is, of which version, and what is in it, each part with its digest."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from tenants.models import Tenant

from .exceptions import ForeignDump, UnfitDump

PRODUCT, FORMAT = "tenantry", 1
# Of the tenant's public row: what its contents need to make sense (prices have a currency), and its own choices.
# Address, state, domains and the binding to an identity provider belong to the place and not to the contents.
SETTINGS = ("name", "currency", "catalogue_is_public", "session_idle_minutes", "session_longest_hours", "is_sandbox")


@dataclass(frozen=True)
class Digest:
    """Of a part as it is before it is packed. `bytes` is its length, `sha256` hexadecimal."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Table:
    """`sequences`: column -> the last number that its sequence gave out."""

    name: str
    columns: list[str]
    rows: int
    sequences: dict[str, int]
    digest: Digest

    @property
    def part(self) -> str:
        return f"tables/{self.name}"


@dataclass(frozen=True)
class File:
    """An upload. `path` is below the tenant's folder; the part has a number for a name, never a path."""

    path: str
    number: int
    digest: Digest

    @property
    def part(self) -> str:
        return f"files/{self.number}"


@dataclass(frozen=True)
class Manifest:
    """`migrations` are [app, name] of all that were applied: with the same ones, two schemas have the same tables.
    `fixed_rows` are the content types and permissions, by whose numbers other rows refer to them:
    table -> [[id, ...], ...].
    """

    slug: str
    schema_name: str
    settings: dict[str, Any]
    masked: bool
    made_at: str
    migrations: list[list[str]]
    fixed_rows: dict[str, list[list]]
    tables: list[Table]
    files: list[File]

    @property
    def parts(self) -> list[Table | File]:
        return [*self.tables, *self.files]

    def to_json(self) -> bytes:
        return json.dumps({"product": PRODUCT, "format": FORMAT, **asdict(self)}, indent=1).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Manifest":
        """Raises ForeignDump, and UnfitDump for a format that came after this code."""
        try:
            values = json.loads(text)
            product, number = values.pop("product"), values.pop("format")
            if product == PRODUCT and isinstance(number, int) and number > FORMAT:
                raise UnfitDump("The dump was made by a newer version of this software.")
            if (product, number) != (PRODUCT, FORMAT):
                raise ForeignDump("This is not a dump of a tenant.")
            tables = [Table(**{**table, "digest": Digest(**table["digest"])}) for table in values.pop("tables")]
            if set(values["settings"]) - set(SETTINGS):
                raise ForeignDump("The dump says things of the tenant that no dump of ours says.")
            files = [File(**{**file, "digest": Digest(**file["digest"])}) for file in values.pop("files")]
            return cls(**values, tables=tables, files=files)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ForeignDump("This is not a dump of a tenant.") from error


def settings_of(tenant: Tenant) -> dict[str, Any]:
    return {name: getattr(tenant, name) for name in SETTINGS}


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
