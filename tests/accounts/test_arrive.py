"""The hop from sign-up to the tenant's own host: a signed ticket that works once, for a minute, on one host."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.core import signing
from django.utils import timezone

from accounts.flows import sign_in
from accounts.models import SignInTicket
from tenants.schema import in_tenant
from tests.conftest import HostClient


def is_signed_in(client) -> bool:
    return client.get("/profile/").status_code == 200


def test_sign_up_leads_to_the_own_host_signed_in(newcomer):
    response = newcomer.client.get(newcomer.arrival)
    assert (response.status_code, response["Location"]) == (302, "/")
    page = newcomer.client.get("/profile/")
    assert page.status_code == 200
    assert "ada@tea.test" in page.content.decode()


def test_ticket_works_once(newcomer):
    newcomer.client.get(newcomer.arrival)
    second = HostClient(newcomer.tenant.host)
    assert second.get(newcomer.arrival).status_code == 410
    assert not is_signed_in(second)


@pytest.mark.parametrize("method", ["head", "options", "post"])
def test_only_following_the_link_uses_the_ticket_up(newcomer, method):
    assert getattr(newcomer.client, method)(newcomer.arrival).status_code == 405
    assert not is_signed_in(newcomer.client)
    assert newcomer.client.get(newcomer.arrival).status_code == 302
    assert is_signed_in(newcomer.client)


def test_ticket_ends_after_a_minute(newcomer, monkeypatch):
    SignInTicket.objects.update(expires_at=timezone.now() + timedelta(days=1))  # the signature's own age decides too
    monkeypatch.setattr(signing.time, "time", lambda now=signing.time.time: now() + 61)
    assert newcomer.client.get(newcomer.arrival).status_code == 410
    assert not is_signed_in(newcomer.client)


def test_row_of_a_ticket_ends_after_a_minute(newcomer, clock):
    clock(seconds=61)
    assert newcomer.client.get(newcomer.arrival).status_code == 410
    assert not SignInTicket.objects.exists()


def test_ticket_of_one_tenant_is_refused_by_another(newcomer, globex):
    visitor = HostClient(globex.tenant.host)
    assert visitor.get(newcomer.arrival).status_code == 410
    assert not is_signed_in(visitor)
    with in_tenant(newcomer.tenant):
        assert SignInTicket.objects.count() == 1


def test_ticket_whose_row_another_tenant_has_is_refused_all_the_same(acme, globex):
    """The salt holds the schema: the digest alone would find a row."""
    ticket = sign_in.issue_ticket(acme.owner)
    digest = SignInTicket.objects.latest("pk").digest
    visitor = HostClient(globex.tenant.host)
    with in_tenant(globex.tenant):
        row = SignInTicket.objects.create(
            digest=digest, user=globex.owner, expires_at=timezone.now() + settings.SIGN_IN_TICKET_LIFETIME
        )
    assert visitor.get(f"/arrive/{ticket}/").status_code == 410
    with in_tenant(globex.tenant):
        assert SignInTicket.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    "forge", [lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"), lambda t: t.split(":")[0], lambda t: "x" + t]
)
def test_forged_ticket_signs_nobody_in(newcomer, forge):
    ticket = newcomer.arrival.split("/")[2]
    assert newcomer.client.get(f"/arrive/{forge(ticket)}/").status_code == 410
    assert not is_signed_in(newcomer.client)
    assert SignInTicket.objects.count() == 1


@pytest.mark.parametrize("ticket", ["x", ":", "::", "%00", "%ED%A0%80", "a:b:c", "😍", "x" * 8000])
def test_noise_is_no_ticket(visitor, ticket):
    assert visitor.get(f"/arrive/{ticket}/").status_code == 410


def test_ticket_of_somebody_deactivated_meanwhile_signs_nobody_in(newcomer):
    type(newcomer.owner).objects.update(is_active=False)
    assert newcomer.client.get(newcomer.arrival).status_code == 410


def test_only_a_digest_is_stored(newcomer):
    secret = newcomer.arrival.split("/")[2].split(":")[0]
    row = SignInTicket.objects.get()
    assert re.fullmatch(r"[0-9a-f]{64}", row.digest)
    assert secret not in row.digest


def test_answer_is_never_kept_by_a_cache(newcomer):
    assert "no-store" in newcomer.client.get(newcomer.arrival)["Cache-Control"]
