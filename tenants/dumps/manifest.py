"""What a dump says about itself: whose it is, of which version, and what is in it, each part with its digest."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError

from tenants.fleet.rows import FIXED_ID_TABLES
from tenants.models import Tenant

from .exceptions import DamagedDump, ForeignDump, UnfitDump
from .typed import build, demand

PRODUCT, FORMAT = "tenantry", 1
# Of the tenant's public row: what its contents need to make sense (prices have a currency), and its own choices.
# Address, state, domains and the binding to an identity provider belong to the place and not to the contents.
SETTINGS = ("name", "currency", "catalogue_is_public", "session_idle_minutes", "session_longest_hours", "is_sandbox")
DAMAGED = "The dump's manifest is damaged: {}."


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
    """`migrations` are (app, name) of all that were applied: with the same ones, two schemas have the same tables.
    `fixed_rows` are the content types and permissions, by whose numbers other rows refer to them: table ->
    (id, app or content type, model or codename).
    """

    slug: str
    schema_name: str
    settings: dict[str, Any]
    masked: bool
    made_at: str
    migrations: list[tuple[str, str]]
    fixed_rows: dict[str, list[tuple[int, int | str, str]]]
    tables: list[Table]
    files: list[File]

    @property
    def parts(self) -> list[Table | File]:
        return [*self.tables, *self.files]

    def to_json(self) -> bytes:
        return json.dumps({"product": PRODUCT, "format": FORMAT, **asdict(self)}, indent=1).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Manifest":
        """Of a sealed text. Raises ForeignDump, DamagedDump, and UnfitDump for a format that came after this code."""
        values = read(text)
        refuse_other_format(values.pop("product", None), values.pop("format", None))
        try:
            manifest = build(cls, values, "manifest")
            manifest.demand_sound()
        except (ValueError, ValidationError) as error:
            raise DamagedDump(DAMAGED.format(said(error))) from error
        return manifest

    def demand_sound(self) -> None:
        """Raises ForeignDump, and ValueError or ValidationError where a value has the right type and makes no sense."""
        if set(self.settings) - set(SETTINGS):
            raise ForeignDump("The dump says things of the tenant that no dump of ours says.")
        demand(set(self.settings) == set(SETTINGS), "manifest.settings")
        demand(set(self.fixed_rows) == set(FIXED_ID_TABLES), "manifest.fixed_rows")
        demand(all(part.digest.bytes >= 0 for part in self.parts), "a part's length")
        others = {field.name for field in Tenant._meta.fields} - set(SETTINGS)
        Tenant(**self.settings).clean_fields(exclude=others)


def read(text: bytes) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamagedDump(DAMAGED.format("it cannot be read")) from error
    if not isinstance(values, dict):
        raise DamagedDump(DAMAGED.format("it says nothing by name"))
    return values


def refuse_other_format(product: Any, number: Any) -> None:
    if product != PRODUCT:
        raise ForeignDump("This is not a dump of a tenant.")
    if type(number) is int and number > FORMAT:
        raise UnfitDump("The dump was made by a newer version of this software.")
    if type(number) is not int or number != FORMAT:  # JSON's true equals 1
        raise DamagedDump(DAMAGED.format(f"there is no format {number!r}"))


def said(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(
            f"manifest.settings.{name}: {' '.join(words).rstrip('.')}" for name, words in error.message_dict.items()
        )
    return str(error)


def settings_of(tenant: Tenant) -> dict[str, Any]:
    return {name: getattr(tenant, name) for name in SETTINGS}


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
