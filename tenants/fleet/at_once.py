"""One tenant in one trip: it is taken to be as the one before was found, and proves it where the work is done.

Most tenants have what the last one had, so nothing has to be asked first. One string begins the transaction, proves,
does everything and commits; one that is otherwise fails its proof before anything is changed in it, and is looked at
(replay.py). Against looking first: 0.1 instead of 0.7 ms of Python a tenant, and
0.6 of the server's time.

No commit waits for the disk. PostgreSQL keeps the order of commits, so a crash of the server takes the last of them
whole, with the row that says they were done, and `wait_for_the_disk` at the end says that there is none left to lose.
"""

from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from psycopg import sql

from tenants import citus
from tenants.models import SchemaState
from tenants.postgresql.sending import send
from tenants.schema import in_public, in_schema, wrapper

from .patience import Patience

# A word for what a schema says it has. The order is the database's own, the same for every schema.
APPLIED = """
    SELECT encode(sha256(convert_to(string_agg(app || ' ' || name, ',' ORDER BY app, name), 'UTF8')), 'hex')
      FROM django_migrations
"""
# Not `1 / 0`, which PostgreSQL works out before it asks.
PROOF = """
    SELECT (CASE WHEN ({applied}) = {word}
                  AND (SELECT rows FROM public.tenants_schemastate WHERE schema_name = {here}) = {rows}
            THEN '1' ELSE 'not as the one before' END)::int
"""
# The one that is bound, so that the text is the same for all tenants. In its own collation, "C", there is no index.
HERE = sql.SQL('current_schema()::text COLLATE "default"')
NOBODY_WAITS = "SET LOCAL synchronous_commit = off"
NEXT = "\n;\n"  # a line of its own: a statement may end with a comment


@dataclass(frozen=True)
class Script:
    """From the limits to the COMMIT: the proof, then what the one before lacked, if that was anything."""

    text: str
    lacked: bool


@dataclass
class LastScript:
    """The last script. Threads share it, and replace it as a whole."""

    script: Script | None = None


def fits(using: str) -> bool:
    """Not on Citus: it takes some statements by themselves alone, and its workers have disks of their own."""
    return not citus.on_citus(using)


def worded(statements: list[str], *, word: str, rows: str, patience: Patience, using: str) -> str:
    """`word` and `rows` are what the one before was found with; `statements` end with what says that it is done."""
    return NEXT.join([NOBODY_WAITS, *patience.limits(using), proof(word, rows), *statements, "COMMIT"])


def proof(word: str, rows: str) -> str:
    """Fails where the schema is not as the script was written for."""
    literals = {"word": sql.Literal(word), "rows": sql.Literal(rows)}
    return sql.SQL(PROOF).format(applied=sql.SQL(APPLIED), here=HERE, **literals).as_string()


def at_once(schema_name: str, script: Script, *, using: str) -> None:
    """Send it. Raises SchemaMissing, and whatever the database says; the tenant is then as before."""
    with in_schema(schema_name, using=using):
        connection = wrapper(using)
        connection.note_more_than_read()
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            send(connection, cursor, [*connection.due(), script.text])


def wait_for_the_disk(*, using: str) -> None:
    """Return when every commit before is safe: one that waits has the log written up to itself."""
    with in_public(using=using):
        rows = SchemaState.objects.using(using).filter(pk=settings.PUBLIC_SCHEMA_NAME)
        rows.update(changed_at=timezone.now())
