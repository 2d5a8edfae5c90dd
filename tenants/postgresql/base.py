"""PostgreSQL with the tenant bound to the transaction.

django-tenants sends `SET search_path` for the session, before the query and outside its transaction.
Behind a transaction-mode pooler that pair may reach two server connections: up to 91 % of reads came
from another tenant. Here the path is set by `set_config(.., true)`, which lives and dies with the
transaction, names the tenant alone, and a tenant query without a transaction is refused.

Source: docs/decisions/0002-tenant-bound-to-transaction.md
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.postgresql.introspection import DatabaseIntrospection
from django.db.backends.postgresql.operations import DatabaseOperations as DjangoOperations
from django_tenants.postgresql_backend import base as django_tenants_backend
from django_tenants.postgresql_backend.base import FakeTenant

from tenants.exceptions import OutsideTransaction, SchemaMissing

from . import writes

PUBLIC = "public"
NO_TIMEOUT = "0"

BIND = """
    SELECT set_config('search_path', quote_ident(%(schema)s), %(local)s),
           set_config('statement_timeout', %(timeout)s, %(local)s),
           to_regnamespace(quote_ident(%(schema)s)) IS NOT NULL
"""


class DatabaseOperations(DjangoOperations):
    compiler_module = "tenants.postgresql.compiler"


class DatabaseWrapper(django_tenants_backend.DatabaseWrapper):
    """One connection. `schema_name` says whose it should be, `_bound_to` whose it is."""

    ops_class = DatabaseOperations

    def __init__(self, *args, **kwargs):
        self._bound_to: str | None = None
        self._session_bound = False
        self.statement_timeout = NO_TIMEOUT  # as PostgreSQL writes it; the middleware sets a request's
        super().__init__(*args, **kwargs)
        # With the tenant alone on the path, PostgreSQL's own visibility rules say which tables there
        # are; the library's version would send a session-wide SET around each question.
        self.introspection = DatabaseIntrospection(self)

    # --- which tenant it should be ---------------------------------------------------------------

    def set_tenant(self, tenant, include_public=False):
        """Name the tenant for the queries to come. Sends nothing.

        Unlike the library's, it keeps the content-type cache: content types have the same ids in
        every tenant (`manage.py doctor` proves it).
        """
        self.tenant = tenant
        self.schema_name = tenant.schema_name
        self.include_public_schema = False
        self.set_settings_schema(self.schema_name)

    def set_schema(self, schema_name, include_public=False, tenant_type=None):
        self.set_tenant(FakeTenant(schema_name, tenant_type))

    @contextmanager
    def session_bound(self, schema_name: str) -> Iterator[None]:
        """Bind `schema_name` to the session, for migrations over the direct address.

        Migrations ask and write outside transactions too. The connection is closed afterwards, so
        that nothing of the binding can be left on it. Never use it behind a pooler.
        """
        self.close()
        self._session_bound = True
        self.set_schema(schema_name)
        try:
            yield
        finally:
            self.close()
            self._session_bound = False
            self.set_schema_to_public()

    # --- which tenant it is ------------------------------------------------------------------------

    def _handle_search_path(self, cursor=None):
        """Bind the schema before the first statement that needs it. Called for every cursor.

        Raises OutsideTransaction and SchemaMissing, both before the statement is sent.
        """
        if self._setting_search_path or self._bound_to == self.schema_name:
            return
        if not (self.in_atomic_block or self._session_bound):
            if self.schema_name != PUBLIC:
                raise OutsideTransaction(
                    f"A query on tenant schema {self.schema_name!r} needs a transaction: use transaction.atomic()."
                )
            if self._bound_to is None:
                return  # an unbound session is a public one
        if self.needs_rollback:
            return  # the transaction is broken; the statement to come will say so
        self._bind(self.connection.cursor() if cursor is None else cursor)

    def _bind(self, cursor) -> None:
        self._setting_search_path = True
        arguments = {
            "schema": self.schema_name,
            "local": not self._session_bound,
            "timeout": self.statement_timeout,
        }
        try:
            cursor.execute(BIND, arguments)
            exists = cursor.fetchone()[-1]
        finally:
            self._setting_search_path = False
        self._bound_to = self.schema_name
        if not exists:
            self._bound_to = None
            raise SchemaMissing(f"There is no schema {self.schema_name!r}.")

    def _forget_binding(self) -> None:
        if not self._session_bound:
            self._bound_to = None

    # Whatever ends a transaction, or part of one, ends what was bound in it.

    def close(self):
        self._bound_to = None
        super().close()

    def commit(self):
        try:
            super().commit()
        finally:
            self._forget_binding()

    def rollback(self):
        try:
            super().rollback()
        finally:
            self._bound_to = None

    def savepoint_rollback(self, sid):
        self._setting_search_path = True  # a failed transaction takes no other statement before this one
        try:
            super().savepoint_rollback(sid)
        finally:
            self._setting_search_path = False
            self._bound_to = None
            writes.undone(self, sid)
