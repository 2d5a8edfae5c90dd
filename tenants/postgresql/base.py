"""PostgreSQL with the tenant bound to the transaction.

django-tenants sends `SET search_path` for the session, before the query and outside its transaction.
Behind a transaction-mode pooler that pair may reach two server connections: up to 91 % of reads came
from another tenant. Here the path is set by `set_config(.., true)`, which lives and dies with the
transaction, names the tenant alone, and a tenant query without a transaction is refused.

Source: docs/decisions/0002-tenant-bound-to-transaction.md
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from django.db.backends.postgresql.operations import DatabaseOperations as DjangoOperations
from django_tenants.postgresql_backend.base import FakeTenant
from psycopg import sql
from psycopg.errors import InvalidSchemaName

from tenants.exceptions import OutsideTransaction, SchemaGone, SchemaMissing, StatementsLost, TenantChanged

from . import writes
from .confirming import ConfirmingWrapper
from .introspection import Introspection

PUBLIC = "public"
NO_TIMEOUT = "0"

# What stands in for a schema where the tenant is another one by now. No schema of a tenant has such a name.
CHANGED = "the tenant changed"


class DatabaseOperations(DjangoOperations):
    compiler_module = "tenants.postgresql.compiler"


class DatabaseWrapper(ConfirmingWrapper):
    """One connection. `schema_name` says whose it should be, `_bound_to` whose it is."""

    ops_class = DatabaseOperations

    def __init__(self, *args, **kwargs):
        self._bound_to: str | None = None
        self._session_bound = self._undoing = False
        self._proof, self._serves = "", None
        self._can_begin_anew = False
        self.statement_timeout = NO_TIMEOUT  # as PostgreSQL writes it; the middleware sets a request's
        super().__init__(*args, **kwargs)
        self.introspection = Introspection(self)

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

    def expect(self, proof: str = "", *, can_begin_anew: bool = False) -> None:
        """A request for the present tenant begins: nothing is bound, and the first binding is to hold by `proof`.

        `proof` is a condition that holds as long as the tenant is the one that was chosen; empty: it was just read.
        `can_begin_anew`: should anything else that is remembered turn out wrong, as with a request that only reads.
        What speaks against serving it is raised as TenantChanged or SchemaGone, which the middleware alone catches.
        """
        self._bound_to, self._proof, self._serves = None, proof, self.schema_name
        self._can_begin_anew = can_begin_anew
        self.forget_belief()

    def prove(self) -> None:
        """Bind now, if that is still due: for whoever decides something by the tenant's row alone.

        Not while a belief is unconfirmed: its question binds first, and no answer leaves before that.
        """
        if self._proof and not self._is_bound() and not self._belief:
            with self.cursor() as cursor:
                cursor.send_due()

    @property
    def may_believe(self) -> bool:
        """May this request go on with what the process remembers? TenantMiddleware begins it anew if that is wrong, as
        long as its tenant is a remembered one too. Values have to be written into the text of what is believed.
        """
        begins = self._can_begin_anew and bool(self._proof) and not self._is_bound()
        return begins and not self._belief and not self.features.uses_server_side_binding

    @property
    def serves_a_request(self) -> bool:
        return self._serves is not None

    def expect_nothing(self) -> None:
        self._proof, self._serves = "", None
        self.forget_belief()

    def _handle_search_path(self, cursor=None):
        """Called for every cursor; the library would send a SET. Here the binding is due with the next statement."""
        self._demand_transaction()

    def _demand_transaction(self) -> None:
        if self.schema_name != PUBLIC and not (self.in_atomic_block or self._session_bound or self._undoing):
            raise OutsideTransaction(
                f"A query on tenant schema {self.schema_name!r} needs a transaction: use transaction.atomic()."
            )

    def due(self) -> list[str]:
        """Raises OutsideTransaction; then nothing is sent."""
        if self._undoing:  # a failed transaction takes no other statement before that one
            return []
        due = super().due()
        if not self._is_bound():
            self._demand_transaction()
            due.append(binding(self.schema_name, self.statement_timeout, self._proof, not self._session_bound))
        return [*due, *self.questions_due()]

    def _is_bound(self) -> bool:
        if self.schema_name == PUBLIC and not (self.in_atomic_block or self._session_bound):
            return True  # an unbound session is a public one
        return self._bound_to == self.schema_name

    def sent(self, cursor, count) -> None:
        if not self._is_bound():
            self._note_schema()
            self._proof = ""
            self._bound_to = self.schema_name
        super().sent(cursor, count)

    def refused(self, error) -> None:
        """Raises TenantChanged, SchemaGone or SchemaMissing where it was the binding that failed, and in a request
        StatementsLost where it was the call of a statement that should have been ready.
        """
        super().refused(error)
        self._bound_to = None
        if self.has_lost(error) and self._serves:
            raise StatementsLost from error
        if not isinstance(error, InvalidSchemaName):
            return
        if self._proof and is_missing(CHANGED, error):
            raise TenantChanged from error
        if is_missing(self.schema_name, error):
            reason = SchemaGone if self.schema_name == self._serves else SchemaMissing
            raise reason(f"There is no schema {self.schema_name!r}.") from error

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
        try:
            super().savepoint_rollback(sid)
        finally:
            writes.undone(self, sid)

    def _savepoint_rollback(self, sid):
        self._undoing = True
        try:
            super()._savepoint_rollback(sid)
        finally:
            self._undoing = False

    def _undone(self):
        self._bound_to = None


def is_missing(schema_name: str, error: InvalidSchemaName) -> bool:
    """Is it this schema that there is none of? The name stands in the message in the quotes of the server's language,
    "t_acme" or »t_acme«, and in no field of its own.
    """
    return re.search(rf"(?<!\w){re.escape(schema_name)}(?!\w)", error.diag.message_primary or "") is not None


@lru_cache(maxsize=4096)
def binding(schema_name: str, timeout: str, proof: str, local: bool) -> str:
    """The statement that binds a schema, and fails where there is none of that name or `proof` does not hold.

    Fails rather than says so: what follows in the same string is then not done. It is planned each time (70 µs with a
    proof, 10 without): a kept one changes the path that its own plan was made for, and is planned anew as well.
    """
    name = f"quote_ident({sql.Literal(schema_name).as_string()})"
    there = f"(CASE WHEN {proof} THEN {name} ELSE '\"{CHANGED}\"' END)" if proof else name
    return (
        f"SELECT set_config('search_path', {name}, {local}),"
        f" set_config('statement_timeout', {sql.Literal(timeout).as_string()}, {local}), {there}::regnamespace"
    )
