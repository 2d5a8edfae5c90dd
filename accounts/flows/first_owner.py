"""The first owner of a tenant that is being made: himself, his role and his address, in one statement.

The ORM would ask for the role and send a statement for each row, and writing them would take it longer than a spare
schema takes PostgreSQL to hand out. Here they are parts of one `WITH`, which hand the keys on. Whoever watches rows,
the audit log above all, is told of them as if the ORM had sent them; a test compares both ways.
"""

from functools import cache

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db.models.expressions import DatabaseDefault

from accounts.models import Role, User
from accounts.new_rows import as_saved, given_fields
from accounts.roles import OWNER
from tenants.postgresql import writes
from tenants.postgresql.base import DatabaseWrapper
from tenants.postgresql.writes import Change

# Without the role nothing is written, and no row comes back. {columns} and {values} are of the person.
STATEMENT = """
    WITH role AS (SELECT g.id, g.name FROM accounts_role r JOIN auth_group g ON g.id = r.group_id WHERE r.key = %s),
         person AS (INSERT INTO accounts_user ({columns}) SELECT {values} FROM role RETURNING id),
         held AS (INSERT INTO accounts_user_groups (user_id, group_id) SELECT person.id, role.id FROM person, role),
         listed AS (INSERT INTO account_emailaddress (user_id, email, verified, "primary")
                    SELECT id, %s, false, true FROM person)
    SELECT person.id, role.id, role.name FROM person, role
"""


def store(owner: User, connection: DatabaseWrapper) -> Group:
    """In the schema and the transaction of the connection. Returns his role's group. Raises Role.DoesNotExist.

    His address is not proven yet, and the only one there is.
    """
    values = {each.column: as_saved(owner, each, connection) for each in given_fields(User)}
    given = {column: value for column, value in values.items() if not isinstance(value, DatabaseDefault)}
    with connection.cursor() as cursor:
        cursor.execute(_statement(tuple(given)), [OWNER, *given.values(), owner.email])
        found = cursor.fetchone()
    if found is None:
        raise Role.DoesNotExist(f"There is no role {OWNER!r} to give.")
    owner.pk, owner._state.db, owner._state.adding = found[0], connection.alias, False
    group = Group.from_db(connection.alias, ["id", "name"], found[1:])
    _tell_watchers(owner, group, connection)
    return group


def _tell_watchers(owner: User, group: Group, connection: DatabaseWrapper) -> None:
    held = User.groups.through(user=owner, group=group)
    address = EmailAddress(user=owner, email=owner.email, verified=False, primary=True)
    for row in (owner, held, address):
        for watcher in writes.heeding(connection, type(row)):
            watcher.wrote(connection, [Change(None, row)])


@cache
def _statement(columns: tuple[str, ...]) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    return STATEMENT.format(columns=names, values=", ".join(["%s"] * len(columns)))
