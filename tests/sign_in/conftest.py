"""Acme connected to a provider that is played over HTTP, and browsers that sign in there."""

import pytest
from django.conf import settings as configured

from standin import StandIn
from tenants.models import Tenant
from tenants.schema import in_public
from tests.standin import running

from .browser import Browser

HOSTED = ("frontegg", "auth0", "descope", "oidc")


@pytest.fixture(scope="session")
def stand_ins():
    """Each is started when it is first wanted, and stops with the tests."""
    with running.stand_ins() as of:
        yield of


def point_at(settings, *idps: StandIn) -> None:
    """Make the site use these providers, and no others. New organisations come by the first."""
    environment = {name: value for idp in idps for name, value in idp.environment().items()}
    settings.IDENTITY_PROVIDER = idps[0].provider.name
    settings.PROVIDERS = {idp.provider.name: variables(idp.provider.name, environment) for idp in idps}


def variables(name: str, environment: dict[str, str]) -> dict[str, str]:
    required, optional = configured.PROVIDER_VARIABLES[name]
    wanted = configured.FOR_EACH | dict.fromkeys(required, "") | optional
    return {each: environment.get(f"{name.upper()}_{each}", default) for each, default in wanted.items()}


@pytest.fixture(params=HOSTED)
def idp(request, stand_ins, settings) -> StandIn:
    """A provider with a page of its own, as new. Each test runs with each of them."""
    found = stand_ins(request.param)
    found.reset()
    point_at(settings, found)
    return found


@pytest.fixture
def there(idp, acme):
    """Acme at its provider. Who was not invited is not let in."""
    connect(acme, idp.provider.name, "acme-id")
    yield idp.world.add_tenant("acme-id", name="Acme", alias="acme")
    acme.tenant.provider, acme.tenant.provider_tenant_id, acme.tenant.admits = "local", "", "invited"


@pytest.fixture
def elsewhere(idp, globex):
    """Globex at the same provider."""
    connect(globex, idp.provider.name, "globex-id")
    yield idp.world.add_tenant("globex-id", name="Globex", alias="globex")
    globex.tenant.provider, globex.tenant.provider_tenant_id = "local", ""


def connect(world, provider: str, tenant_id: str, **changes) -> None:
    with in_public():
        changes = {"provider": provider, "provider_tenant_id": tenant_id, **changes}
        Tenant.objects.filter(pk=world.tenant.pk).update(**changes)
    for name, value in changes.items():
        setattr(world.tenant, name, value)


@pytest.fixture
def open_to_all_there(acme, there):
    """Everyone who belongs to Acme at the provider comes in at first sight."""
    connect(acme, acme.tenant.provider, "acme-id", admits="provider")


@pytest.fixture
def ada(idp, there):
    """An editor of Acme at the provider. Nobody here knows her yet."""
    ada = idp.world.add_person("ada", email="ada@acme.test", name="Ada Roe")
    idp.world.join(ada, there, ["Editor"])
    return ada


@pytest.fixture
def browser(idp, tenants, db) -> Browser:
    return Browser(idp)


@pytest.fixture
def another_browser(idp, tenants, db) -> Browser:
    return Browser(idp)


@pytest.fixture
def sign_in_page(acme) -> str:
    return acme.tenant.absolute_url("/account/login/")
