"""A request as TenantMiddleware runs it, without one."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from tenants.known import Known, find


@contextmanager
def request_of(tenant) -> Iterator[None]:
    """Of a tenant that is remembered."""
    before = connection.tenant
    known = Known.of(find(tenant.host))
    try:
        with transaction.atomic():
            connection.set_tenant(known.tenant())
            connection.expect(known.proof)
            yield
    finally:
        connection.expect_nothing()
        connection.set_tenant(before)
