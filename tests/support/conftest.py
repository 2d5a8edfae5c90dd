"""Two organisations and the platform: its people, and a visit from there."""

from dataclasses import dataclass

import pytest

from accounts.audit.models import Entry
from accounts.models import SupportPass, SupportVisit
from tests.accounts.conftest import racing  # noqa: F401  (a fixture, for the tests here)
from tests.conftest import HostClient

REASON = "The order list is empty, ticket 4711"


@dataclass
class Visit:
    """A visitor inside, in a browser of his own."""

    client: HostClient
    row: SupportVisit

    def get(self, path: str = "/products/", **kwargs):
        return self.client.get(path, **kwargs)

    def post(self, path: str, data=None, **kwargs):
        return self.client.post(path, data, **kwargs)

    def is_inside(self) -> bool:
        return self.get().status_code == 200

    def seen(self) -> list[str]:
        """The lines of the pages seen, the oldest first."""
        lines = Entry.objects.filter(action="page_seen", object_id=str(self.row.pk)).order_by("pk")
        return list(lines.values_list("detail", flat=True))


@pytest.fixture
def knock(operator_as, acme):
    """`knock("support", minutes=30)`: the answer to an operator's form for entering Acme, or `tenant`."""

    def make(who="support", tenant=None, **typed):
        address = f"/console/organisations/{(tenant or acme.tenant).pk}/enter/"
        return operator_as(who).post(address, {"reason": REASON, "minutes": 60, **typed})

    return make


@pytest.fixture
def enter(knock, acme):
    """`enter("support")`: the path on Acme's host to which an operator is sent."""

    def make(who="support", tenant=None, **typed) -> str:
        response = knock(who, tenant, **typed)
        assert response.status_code == 302
        return response["Location"].removeprefix((tenant or acme.tenant).absolute_url(""))

    return make


@pytest.fixture
def visiting(enter, acme):
    """`visiting()`: somebody from support inside Acme."""

    def make(who="support", **typed) -> Visit:
        path = enter(who, **typed)
        client = HostClient(acme.tenant.host)
        assert client.get(path).status_code == 302
        return Visit(client, SupportVisit.objects.latest("pk"))

    return make


@pytest.fixture
def visit(visiting) -> Visit:
    return visiting()


@pytest.fixture
def give_pass(client_as):
    """The owner lets support write, through his page."""

    def make(hours=4) -> SupportPass:
        assert client_as("owner").post("/support/pass/", {"hours": hours}).status_code == 302
        return SupportPass.objects.latest("pk")

    return make
