"""Schemas made of the newest blueprint: a tenant's own at sign-up, and those that wait for one."""

import logging
from functools import lru_cache

from django.conf import settings
from django.db import connections
from psycopg import sql
from psycopg.errors import DuplicateSchema

from . import blueprint, citus
from .exceptions import SchemaExists, TemplateMissing
from .models import Blueprint
from .schema import in_public, in_schema

logger = logging.getLogger(__name__)


def make(schema_name: str, *, using: str) -> str:
    """Create a schema as a copy of the newest blueprint, in the caller's transaction. Returns its fingerprint.

    Raises SchemaExists and TemplateMissing; the transaction is then to be rolled back.
    """
    fingerprint = newest_fingerprint(using)
    statements = script(fingerprint, using)
    create_schema(schema_name, using=using)
    with in_schema(schema_name, using=using, savepoint=False):
        replay(statements, using=using)
    return fingerprint


def newest_fingerprint(using: str) -> str:
    """Raises TemplateMissing where nothing was ever migrated."""
    newest = Blueprint.objects.using(using).order_by("-pk").values_list("fingerprint", flat=True).first()
    if newest is None:
        raise TemplateMissing("Run `manage.py migrate` first: there is no template schema to copy.")
    return newest


@lru_cache(maxsize=2)
def script(fingerprint: str, using: str) -> tuple[str, ...]:
    """A blueprint never changes once written, so its text may stay in memory."""
    return tuple(Blueprint.objects.using(using).values_list("statements", flat=True).get(fingerprint=fingerprint))


def create_schema(schema_name: str, *, using: str) -> None:
    """An empty one. A schema that somebody left under this name is never adopted: SchemaExists."""
    with connections[using].cursor() as cursor:
        for statement in citus.before_create_schema(using):
            cursor.execute(statement)
        claim_name(cursor, sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema_name)), schema_name)


def rename_schema(old: str, new: str, *, using: str) -> None:
    """Its tables go with it as they are: what refers to them does so by number. Raises SchemaExists."""
    rename = sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new))
    with connections[using].cursor() as cursor:
        claim_name(cursor, rename, new)


def claim_name(cursor, statement: sql.Composed, schema_name: str) -> None:
    """Send what gives a schema its name; that the name is another's already is an error of its own."""
    try:
        cursor.execute(statement)
    except Exception as error:
        if isinstance(error.__cause__, DuplicateSchema):
            logger.error("Refused: schema %s exists without a tenant; see `manage.py doctor`.", schema_name)
            raise SchemaExists(schema_name) from error
        raise


def replay(statements: tuple[str, ...], *, using: str) -> None:
    """Send a script in one pipeline, so that its 240 statements do not cost a round trip each.

    One string of all of them takes a tenth less, but several statements in one are no longer the top-level
    ones that Citus shards.
    """
    connection = connections[using]
    with connection.cursor() as cursor:  # binds the schema
        raw = cursor.connection
        with connection.wrap_database_errors, raw.pipeline(), raw.cursor() as sender:
            for statement in statements:
                sender.execute(statement, prepare=False)


def write_blueprint(using: str) -> bool:
    """Keep the template as the newest blueprint. Returns whether it differs from the one before."""
    schema_name = settings.TEMPLATE_SCHEMA
    with in_schema(schema_name, using=using), connections[using].cursor() as cursor:
        statements = blueprint.read_script(cursor, schema_name)
    fingerprint = blueprint.fingerprint(statements)
    with in_public(using=using):
        newest = Blueprint.objects.using(using).order_by("-pk").first()
        if newest and newest.fingerprint == fingerprint:
            return False
        Blueprint.objects.using(using).filter(fingerprint=fingerprint).delete()
        Blueprint.objects.using(using).create(fingerprint=fingerprint, statements=statements)
    return True
