"""One provider active, and Acme connected to it."""

import pytest

from accounts.providers import http, verifier
from tenants.models import Tenant
from tenants.schema import in_public

from .battery import HERE, Case, Wire


@pytest.fixture
def wire(monkeypatch, settings):
    """`wire(case)`: the provider is active, and what it publishes is there to be asked for."""

    def plug(case: Case) -> Wire:
        settings.PROVIDERS = case.settings
        wire = Wire(case)
        monkeypatch.setattr(http, "ask", wire)
        verifier.VERIFIED.clear()
        return wire

    return plug


@pytest.fixture
def connect(acme):
    """`connect(case)`: Acme's people are this provider's, and all of them are let in."""

    def to(case: Case) -> Tenant:
        with in_public():
            Tenant.objects.filter(pk=acme.tenant.pk).update(
                provider=case.provider_key, provider_tenant_id=HERE, admits=Tenant.Admission.PROVIDER
            )
            acme.tenant.refresh_from_db()
        return acme.tenant

    return to
