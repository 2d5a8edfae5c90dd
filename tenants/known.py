"""Which tenant a host leads to, as this process remembers it for some seconds.

What is remembered is believed only until the database is asked anything: the statement that binds the schema proves
it on the way (`proof`), by the versions of the two rows that it was read from. So a tenant that was suspended, renamed,
moved or closed by any process is refused at the next request that asks its database for anything; an answer
that needs nothing of it, an address that no page has say, may be TENANT_KNOWN_FOR late.

Source: docs/decisions/0021-known-tenants.md
"""

import time
from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from psycopg import sql

from .bounded import Bounded
from .citus import on_citus
from .models import Tenant

MOST_HOSTS = 10_000  # some 3 kB each
FIELDS = [field.attname for field in Tenant._meta.concrete_fields]

# One row, or none. `xmin` is the transaction that wrote a row, `ctid` where it stands: an UPDATE, whoever sends it,
# changes both, and nobody has to remember to count.
LOOK_UP = """
    SELECT t.*, d.id AS domain_id, d.ctid::text AS domain_place, d.xmin::text AS domain_version,
           t.ctid::text AS tenant_place, t.xmin::text AS tenant_version
      FROM public.tenants_domain d JOIN public.tenants_tenant t ON t.id = d.tenant_id
     WHERE d.domain = %s
"""
# By place: a look at two rows, which costs the planner a third of what two indexes do; and one by one, which costs it
# less than to join them. With their keys, since a VACUUM FULL may put one row where another one stood, and both may be
# of one transaction.
PROOF = sql.SQL(
    "EXISTS (SELECT FROM public.tenants_domain"
    " WHERE ctid = {domain_place} AND xmin = {domain_version} AND id = {domain_id})"
    " AND EXISTS (SELECT FROM public.tenants_tenant"
    " WHERE ctid = {tenant_place} AND xmin = {tenant_version} AND id = {id})"
)
VERSIONS = ("domain_id", "domain_place", "domain_version", "id", "tenant_place", "tenant_version")


@dataclass(frozen=True)
class Known:
    """A tenant that is served. `proof` is a condition that holds as long as the host leads to it, unchanged."""

    row: tuple[Any, ...]
    proof: str
    until: float  # time.monotonic()

    @classmethod
    def of(cls, tenant: Tenant) -> Self:
        """Of one that `find` has just read."""
        proof = PROOF.format(**{name: sql.Literal(getattr(tenant, name)) for name in VERSIONS}).as_string()
        row = tuple(getattr(tenant, name) for name in FIELDS)
        return cls(row, proof, time.monotonic() + settings.TENANT_KNOWN_FOR)

    def tenant(self) -> Tenant:
        """An instance of the caller's own: a form may write into it."""
        return Tenant.from_db(DEFAULT_DB_ALIAS, FIELDS, self.row)


class KnownTenants:
    """By host, as `hosts.normalise` writes it."""

    def __init__(self):
        self._known: Bounded[str, Known] = Bounded(MOST_HOSTS)

    def recall(self, host: str) -> Known | None:
        found = self._known.recall(host)
        return found if found and time.monotonic() < found.until else None

    def keep(self, host: str, tenant: Tenant) -> None:
        """Only what is served; whether another one is open by now is asked each time.

        On Citus the two tables have a copy on every node, each with versions of its own: nothing is kept.
        """
        if tenant.is_served and settings.TENANT_KNOWN_FOR > 0 and not on_citus():
            self._known.keep(host, Known.of(tenant))

    def forget(self, host: str) -> None:
        self._known.drop(host)

    def clear(self) -> None:
        self._known.clear()


KNOWN = KnownTenants()


def find(host: str) -> Tenant | None:
    """The tenant that the host leads to, from the database."""
    return next(iter(Tenant.objects.raw(LOOK_UP, [host])), None)
