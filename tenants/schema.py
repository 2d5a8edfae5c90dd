"""Choosing a schema outside a request: jobs, commands, and the few writes that cross to `public`."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction


@contextmanager
def in_schema(schema_name: str, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """One transaction, bound to `schema_name`; afterwards the connection is the one before's again.

    Inside another transaction it is a savepoint of that one, so both commit together.
    """
    connection = connections[using]
    before = connection.tenant
    with transaction.atomic(using=using):
        try:
            connection.set_schema(schema_name)
            yield
        finally:
            connection.set_tenant(before)


@contextmanager
def in_tenant(tenant, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """The same for a Tenant, which stays readable as `connection.tenant` meanwhile."""
    connection = connections[using]
    before = connection.tenant
    with transaction.atomic(using=using):
        try:
            connection.set_tenant(tenant)
            yield
        finally:
            connection.set_tenant(before)


def in_public(using: str = DEFAULT_DB_ALIAS):
    return in_schema(settings.PUBLIC_SCHEMA_NAME, using=using)
