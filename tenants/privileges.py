"""What the application's database role may not do: tables that are only ever added to.

Even a table's owner needs the privilege to change its rows, and it can be taken from him. He can give it
back to himself, though, and a superuser is asked for none: so a deployment with two roles, an owner for
migrations (DATABASE_ADMIN_URL) and one for the pages (DATABASE_URL), is the safer one. See docs/deployment.md.
"""

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import sql

from .schema import in_public

CHANGING = ("UPDATE", "DELETE", "TRUNCATE")

# Tables on which nobody holds any of these: the access list is written out, and names no one.
APPEND_ONLY = """
    SELECT c.relname FROM pg_class c
     WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r' AND c.relacl IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM aclexplode(c.relacl) a WHERE a.privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE'))
     ORDER BY c.relname
"""


def append_only(table: str) -> str:
    """The statement after which rows of `table` are added and read, and nothing else."""
    return f'REVOKE {", ".join(CHANGING)} ON TABLE "{table}" FROM PUBLIC, CURRENT_USER{_other_role()}'


def changeable(table: str) -> str:
    return f'GRANT {", ".join(CHANGING)} ON TABLE "{table}" TO CURRENT_USER{_other_role()}'


def _other_role() -> str:
    """The role of the pages, where it is not the one that makes the tables."""
    role = settings.DATABASES[DEFAULT_DB_ALIAS].get("USER")
    if not role or role == settings.DATABASES[settings.ADMIN_DATABASE].get("USER"):
        return ""
    return f", {sql.Identifier(role).as_string(None)}"


def append_only_tables(cursor, schema_name: str) -> list[str]:
    cursor.execute(APPEND_ONLY, {"schema": f'"{schema_name}"'})
    return [table for (table,) in cursor.fetchall()]


def excesses(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """What the role of that connection may do and should not, one sentence each. Looked up in the template."""
    with in_public(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
        role, is_superuser = cursor.fetchone()
        if is_superuser:
            return [
                f"The application's database role {role!r} is a superuser: nothing in the database is closed to it."
            ]
        found = []
        for table in settings.APPEND_ONLY_TABLES:
            place = f'"{settings.TEMPLATE_SCHEMA}"."{table}"'  # no such table yet: no privilege
            cursor.execute("SELECT has_table_privilege(to_regclass(%s), %s)", [place, ", ".join(CHANGING)])
            if cursor.fetchone()[0]:
                found.append(f"The application's database role {role!r} may change rows of {table}.")
    return found
