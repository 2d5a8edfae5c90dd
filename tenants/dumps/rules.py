"""What becomes of each table in a dump: carried, left out, and, where people are to be made unknown, masked.

The apps above say it of their tables (settings.TENANT_DUMP_RULES). A column of text about which nothing is said
stops a masked dump, so that a new one cannot be forgotten.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.module_loading import import_string
from psycopg import sql

from .exceptions import UndeclaredColumn

# Of these types nothing tells who somebody is, once names and addresses are masked: numbers, times, yes and no.
TELLING_NOTHING = ("bigint", "integer", "smallint", "boolean", "numeric", "timestamp", "bigint[]", "tsvector")

SANDBOX_DOMAIN = "sandbox.invalid"  # a name that no mail server can have (RFC 2606)


@dataclass(frozen=True)
class Rule:
    """`masks`: column -> SQL expression over the row that stands in its place in a masked dump. `clean`: the
    other columns of text, which hold nothing personal.

    `in_dumps` False: rows that are only good here and now (sessions, tickets, queues). `in_masked` False: rows that
    are about people through and through, or that let somebody in. `bound_to_schema`: rows that are only right in a
    schema of the same name.
    """

    in_dumps: bool = True
    in_masked: bool = True
    bound_to_schema: bool = False
    masks: Mapping[str, str] = field(default_factory=dict)
    clean: frozenset[str] = frozenset()


EVERY_ROW = Rule()


def all_rules() -> dict[str, Rule]:
    """Table -> its rule, of all apps."""
    rules: dict[str, Rule] = {}
    for path in settings.TENANT_DUMP_RULES:
        rules.update(import_string(path))
    return rules


def is_carried(rule: Rule, *, masked: bool) -> bool:
    return rule.in_dumps and not (masked and (not rule.in_masked or rule.bound_to_schema))


def undeclared(rule: Rule, columns: Mapping[str, str]) -> list[str]:
    """Columns that may hold something personal and of which the rule says nothing. `columns`: name -> definition."""
    if not is_carried(rule, masked=True):
        return []
    return [
        name
        for name, definition in columns.items()
        if not definition.startswith(TELLING_NOTHING) and name not in rule.masks and name not in rule.clean
    ]


def expressions(
    table: str, rule: Rule, columns: Mapping[str, str], chosen: Iterable[str], *, masked: bool
) -> sql.Composed:
    """What is selected of a table: the `chosen` columns, or what stands in their place. Raises UndeclaredColumn."""
    if masked and (missing := undeclared(rule, columns)):
        names = ", ".join(f"{table}.{name}" for name in missing)
        raise UndeclaredColumn(f"Nothing says whether {names} may hold personal data: see settings.TENANT_DUMP_RULES.")
    masks = rule.masks if masked else {}
    return sql.SQL(", ").join(sql.SQL(masks[name]) if name in masks else sql.Identifier(name) for name in chosen)
