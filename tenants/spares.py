"""Schemas made beforehand, so that a sign-up renames one instead of making one.

A spare is nobody's: no host leads to it, and what goes through the tenants does not see it. It is handed out in the
sign-up's own transaction, so a sign-up that dies leaves it a spare. Where there is none, the sign-up makes its
schema itself.

Source: docs/decisions/0025-spare-schemas.md
"""

import secrets
from collections.abc import Iterator
from functools import partial

from django.conf import settings
from django.db import connections
from django.db.models import BooleanField, Func
from psycopg import sql

from . import copies
from .findings import Finding
from .models import Blueprint, Spare
from .schema import in_public

PREFIX = "spare_"

# Whoever signs up in the same moment takes the next one, and waits for nobody. A spare whose schema somebody
# dropped by hand, or one of an older blueprint, stays where it is.
TAKE = """
    DELETE FROM public.tenants_spare WHERE id = (
        SELECT id FROM public.tenants_spare
         WHERE fingerprint = (SELECT fingerprint FROM public.tenants_blueprint ORDER BY id DESC LIMIT 1)
           AND to_regnamespace(quote_ident(schema_name)) IS NOT NULL
         ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING schema_name, fingerprint
"""

# In one statement, hence of one moment: a spare that is made or handed out meanwhile is there with its row, or not.
UNPAIRED = """
    SELECT n.nspname, s.schema_name FROM pg_namespace n
      FULL JOIN public.tenants_spare s ON s.schema_name = n.nspname
     WHERE (s.schema_name IS NULL AND starts_with(n.nspname::text, %s)) OR n.nspname IS NULL
     ORDER BY 1, 2
"""

IS_THERE = Func(
    "schema_name",
    template="to_regnamespace(quote_ident(%(expressions)s)) IS NOT NULL",
    output_field=BooleanField(),
)


def hand_out(schema_name: str, *, using: str) -> str | None:
    """Make a spare the schema `schema_name`, in the caller's transaction. None if there is none to have.

    Returns the fingerprint of the blueprint that it is a copy of, the newest. Raises SchemaExists.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(TAKE)
        taken = cursor.fetchone()
    if taken is None:
        return None
    spare, fingerprint = taken
    copies.rename_schema(spare, schema_name, using=using)
    return fingerprint


def refill(using: str) -> tuple[int, int]:
    """Drop what can no longer be handed out, and make what is missing. Returns how many were made, and dropped.

    Each in a transaction of its own: killed anywhere, the rest is done the next time. Raises TemplateMissing.
    """
    with in_public(using=using):
        kept = fit(using)[: settings.SPARE_SCHEMAS]
        rest = list(Spare.objects.using(using).exclude(pk__in=[spare.pk for spare in kept]))
    dropped = sum(discard(spare, using=using) for spare in rest)
    missing = range(len(kept), settings.SPARE_SCHEMAS)
    for _number in missing:
        make(using)
    return len(missing), dropped


def fit(using: str) -> list[Spare]:
    """Those that may be handed out: of the newest blueprint, and their schema is there (as TAKE has it)."""
    newest = Blueprint.objects.using(using).order_by("-pk").values("fingerprint")[:1]
    with in_public(using=using):
        rows = Spare.objects.using(using).alias(there=IS_THERE)
        return list(rows.filter(fingerprint=newest, there=True))


def waits(spare: Spare, *, using: str) -> bool:
    """Is it still one, or has somebody moved in?"""
    with in_public(using=using):
        return Spare.objects.using(using).filter(pk=spare.pk).exists()


def make(using: str) -> Spare:
    """One more, of the newest blueprint."""
    with in_public(using=using):
        schema_name = f"{PREFIX}{secrets.token_hex(6)}"
        fingerprint = copies.make(schema_name, using=using)
        return Spare.objects.using(using).create(schema_name=schema_name, fingerprint=fingerprint)


def discard(spare: Spare, *, using: str) -> bool:
    """Drop a spare, unless somebody is moving in. Returns whether it is gone."""
    with in_public(using=using):
        rows = Spare.objects.using(using).select_for_update(skip_locked=True).filter(pk=spare.pk)
        if not rows.exists():
            return False
        drop(spare.schema_name, using=using)
        rows.delete()
    return True


def drop(schema_name: str, *, using: str) -> None:
    """In the caller's transaction. Refuses any other name with ValueError."""
    if not schema_name.startswith(PREFIX):
        raise ValueError(f"{schema_name} is not a spare schema.")
    with connections[using].cursor() as cursor:
        cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema_name)))


# --- What the doctor asks (tenants/leftovers.py, tenants/doctor.py) -----------------------------------


def unpaired(using: str) -> Iterator[Finding]:
    """Schemas without their row, which somebody made or renamed by hand, and rows without their schema."""
    with in_public(using=using), connections[using].cursor() as cursor:
        cursor.execute(UNPAIRED, [PREFIX])
        found = cursor.fetchall()
    for lost, empty in found:
        if lost:
            cure = partial(drop_lost, lost, using=using)
            yield Finding(settings.PUBLIC_SCHEMA_NAME, f"schema {lost}", "is a spare that nobody knows of", cure)
        else:
            cure = partial(forget, empty, using=using)
            yield Finding(settings.PUBLIC_SCHEMA_NAME, f"spare {empty}", "has no schema", cure)


def drop_lost(schema_name: str, *, using: str) -> None:
    with in_public(using=using):
        drop(schema_name, using=using)


def forget(schema_name: str, *, using: str) -> None:
    with in_public(using=using):
        Spare.objects.using(using).filter(schema_name=schema_name).delete()
