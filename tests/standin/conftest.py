"""One stand-in a module, named by its PROVIDER, as new for every test."""

import pytest

from standin import StandIn


@pytest.fixture(scope="module")
def served(request):
    with StandIn(request.module.PROVIDER) as idp:
        yield idp


@pytest.fixture
def idp(served):
    served.reset()
    return served


@pytest.fixture
def acme(idp):
    return idp.world.add_tenant("acme-id", name="Acme", alias="acme")


@pytest.fixture
def ada(idp, acme):
    idp.world.add_role("Admin", permissions=["projects.read"])
    ada = idp.world.add_person("ada", email="ada@acme.test", name="Ada Roe")
    idp.world.join(ada, acme, ["Admin"])
    return ada
