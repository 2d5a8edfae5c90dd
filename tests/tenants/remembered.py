"""A request as TenantMiddleware runs it, and what it may send."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from accounts.models import Role, User
from tenants.known import Known, find


@contextmanager
def request_of(tenant) -> Iterator[None]:
    """Of a tenant that is remembered."""
    before = connection.tenant
    known = Known.of(find(tenant.host))
    try:
        with transaction.atomic():
            connection.set_tenant(known.tenant())
            connection.expect(known.proof, can_begin_anew=True)
            yield
    finally:
        connection.expect_nothing()
        connection.set_tenant(before)


def names() -> list[str]:
    return list(User.objects.filter(email="owner@acme.test").values_list("name", flat=True))


def describe() -> None:
    Role.objects.filter(key="guest").update(description="stray")
