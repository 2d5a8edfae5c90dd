"""Operators on the platform's host, and the customers they look after."""

from dataclasses import dataclass

import pytest
from django.db import connection

from accounts.audit.models import Entry
from tenants.models import Tenant
from tenants.schema import in_public, in_tenant
from tests.conftest import HostClient
from tests.tenants.conftest import manage, name_server, sql
from tests.world import World

__all__ = ["manage", "name_server", "sql"]  # fixtures of the tenants' side


@dataclass
class Console:
    """One operator's browser, and one organisation in it."""

    client: HostClient
    platform: World
    customer: World

    def path(self, page: str = "") -> str:
        return f"/console/organisations/{self.customer.tenant.pk}/{page}"

    def get(self, page: str = "", **kwargs):
        return self.client.get(self.path(page), **kwargs)

    def post(self, page: str, data=None, **kwargs):
        return self.client.post(self.path(page), data or {}, **kwargs)

    def stored(self) -> Tenant:
        with in_public():
            return Tenant.objects.get(pk=self.customer.tenant.pk)

    def noted(self, action: str) -> tuple[list[Entry], list[Entry]]:
        """The lines of that action in the platform's log, and in the customer's own."""
        found = []
        for world in (self.platform, self.customer):
            with in_tenant(world.tenant):
                found.append(list(Entry.objects.filter(action=action)))
        return found[0], found[1]


@pytest.fixture
def console(operator_as, platform, globex):
    """`console("operator")`: that operator, looking at Globex. The test's own connection is in `public`."""

    def make(who: str = "operator") -> Console:
        made = Console(operator_as(who), platform, globex)
        connection.set_schema_to_public()
        return made

    return make
