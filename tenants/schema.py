"""Choosing a schema outside a request: jobs, commands, and the few writes that cross to `public`."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction

if TYPE_CHECKING:
    from .models import Tenant
    from .postgresql.base import DatabaseWrapper


def wrapper(using: str = DEFAULT_DB_ALIAS) -> "DatabaseWrapper":
    """The connection as what it is: our own backend's."""
    return cast("DatabaseWrapper", connections[using])


def current_tenant(using: str = DEFAULT_DB_ALIAS) -> "Tenant":
    """The tenant of this request, job or command. In `public` it has nothing but a schema name."""
    return cast("Tenant", wrapper(using).tenant)


def proven_tenant(using: str = DEFAULT_DB_ALIAS) -> "Tenant":
    """The same as it is stored now: a request's may be one that the process remembers (tenants/known.py)."""
    wrapper(using).prove()
    return current_tenant(using)


def current_schema(using: str = DEFAULT_DB_ALIAS) -> str:
    return wrapper(using).schema_name


@contextmanager
def in_tenant(tenant: "Tenant", using: str = DEFAULT_DB_ALIAS, *, savepoint: bool = True) -> Iterator[None]:
    """One transaction, bound to the tenant's schema; afterwards the connection is the one before's again.

    Inside another transaction it is a savepoint of that one, so both commit together; without `savepoint`, an
    error in the block is the end of the outer one too. The tenant is readable as `current_tenant()` meanwhile.
    """
    connection = wrapper(using)
    before = connection.tenant
    with transaction.atomic(using=using, savepoint=savepoint):
        try:
            connection.set_tenant(tenant)
            yield
        finally:
            connection.set_tenant(before)


def in_schema(schema_name: str, using: str = DEFAULT_DB_ALIAS, *, savepoint: bool = True):
    """The same for a schema that is no tenant's: `public`, the template, one that is being compared."""
    return in_tenant(cast("Tenant", SimpleNamespace(schema_name=schema_name)), using=using, savepoint=savepoint)


def in_public(using: str = DEFAULT_DB_ALIAS):
    return in_schema(settings.PUBLIC_SCHEMA_NAME, using=using)
