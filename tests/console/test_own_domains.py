"""The customer's own page of domains, and the operator's in his stead."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.audit.models import Entry
from accounts.flows import domains as flow
from tenants.models import Domain, DomainClaim
from tenants.schema import in_public, in_tenant
from tests.accounts.pages import Page
from tests.conftest import HostClient
from tests.snapshot import snapshot

PAGE = "/organisation/domains/"
HOST = "shop.acme.test"


def claims(world) -> list[DomainClaim]:
    with in_public():
        return list(DomainClaim.objects.filter(tenant_id=world.tenant.pk))


def serve(server, claim: DomainClaim) -> None:
    server.records[claim.record_name] = [claim.record_value]


@pytest.mark.parametrize("who", ["owner", "admin", "editor", "viewer", "guest", "stranger"])
def test_who_may_change_the_organisation_claims_domains(client_as, acme, who):
    may = who in ("owner", "admin")
    client = client_as(who)
    assert client.get(PAGE).status_code == (200 if may else 403)
    assert client.post(PAGE, {"domain": HOST}).status_code == (302 if may else 403)
    assert [claim.domain for claim in claims(acme)] == ([HOST] if may else [])


def test_the_page_shows_the_record_to_make(client_as, acme):
    client = client_as("owner")
    client.post(PAGE, {"domain": HOST})
    (claim,) = claims(acme)
    words = Page(client.get(PAGE)).words
    assert f"_tenantry.{HOST}" in words
    assert claim.record_value in words
    assert "Not proven" in words


@pytest.mark.parametrize("is_there", [True, False])
def test_the_button_asks_the_dns_and_says_what_it_said(client_as, acme, name_server, is_there):
    client = client_as("owner")
    client.post(PAGE, {"domain": HOST})
    (claim,) = claims(acme)
    if is_there:
        serve(name_server, claim)
    words = Page(client.post(f"{PAGE}{claim.pk}/check/", follow=True)).words
    assert ("is proven, and served" in words, "There is no TXT record" in words) == (is_there, not is_there)
    assert HostClient(HOST).get("/account/login/").status_code == (200 if is_there else 404)
    connection.set_tenant(acme.tenant)
    assert Entry.objects.filter(action="domain_proven", detail=HOST).exists() is is_there


@pytest.mark.parametrize("verb", ["check", "remove"])
@pytest.mark.parametrize("who", ["owner", "editor"])
def test_the_claims_of_others_are_not_there(client_as, acme, globex, name_server, who, verb):
    with in_public():
        theirs = DomainClaim.objects.create(tenant_id=globex.tenant.pk, domain=HOST)
    serve(name_server, theirs)
    before = snapshot("public")
    assert client_as(who).post(f"{PAGE}{theirs.pk}/{verb}/").status_code == (404 if who == "owner" else 403)
    assert (snapshot("public"), name_server.asked) == (before, [])


@pytest.mark.parametrize("verb", ["check", "remove"])
def test_nothing_happens_by_following_a_link(client_as, acme, verb):
    client = client_as("owner")
    client.post(PAGE, {"domain": HOST})
    (claim,) = claims(acme)
    assert client.get(f"{PAGE}{claim.pk}/{verb}/").status_code == 405
    assert len(claims(acme)) == 1


def test_a_removed_domain_is_no_longer_served(client_as, acme, name_server):
    client = client_as("owner")
    client.post(PAGE, {"domain": HOST})
    (claim,) = claims(acme)
    serve(name_server, claim)
    client.post(f"{PAGE}{claim.pk}/check/")
    client.post(f"{PAGE}{claim.pk}/remove/")
    assert (HostClient(HOST).get("/account/login/").status_code, claims(acme)) == (404, [])


def test_checking_is_limited(client_as, acme, name_server, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"check_domain": "2/h/key"}
    client = client_as("owner")
    client.post(PAGE, {"domain": HOST})
    (claim,) = claims(acme)
    for _click in range(4):
        response = client.post(f"{PAGE}{claim.pk}/check/", follow=True)
    assert len(name_server.asked) == 2
    assert "too many" in Page(response).words


def test_a_right_taken_away_while_the_dns_was_asked_counts(client_as, acme, name_server, monkeypatch):
    client = client_as("admin")
    client.post(PAGE, {"domain": HOST})
    (claim,) = claims(acme)
    serve(name_server, claim)
    ask = flow.domains.ask

    def slow(claim):
        with in_tenant(acme.tenant):
            acme.admin.groups.clear()
        return ask(claim)

    monkeypatch.setattr("accounts.views.domains.domains.ask", slow)
    assert client.post(f"{PAGE}{claim.pk}/check/").status_code == 403
    with in_public():
        assert not Domain.objects.filter(domain=HOST).exists()


def test_an_operator_does_it_in_the_customers_stead(console, globex, name_server):
    made = console()
    assert made.post("domains/", {"domain": "shop.globex.test"}).status_code == 302
    (claim,) = claims(globex)
    serve(name_server, claim)
    made.post(f"domains/{claim.pk}/check/")
    assert HostClient("shop.globex.test").get("/account/login/").status_code == 200
    ours, theirs = made.noted("domain_proven")
    assert (len(ours), len(theirs)) == (1, 1)
    made.post(f"domains/{claim.pk}/remove/")
    assert claims(globex) == []


def test_an_operator_finds_a_claim_under_its_own_organisation_only(console, acme):
    made = console()
    with in_public():
        theirs = DomainClaim.objects.create(tenant_id=acme.tenant.pk, domain=HOST)
    assert made.post(f"domains/{theirs.pk}/remove/").status_code == 404
    assert len(claims(acme)) == 1


def test_the_platform_has_no_domains_of_its_own(operator_as):
    client = operator_as("owner")
    assert (client.get(PAGE).status_code, client.post(PAGE, {"domain": HOST}).status_code) == (404, 404)


def lines_of(world) -> list[str]:
    with in_tenant(world.tenant):
        found = Entry.objects.filter(action__in=("domain_proven", "domain_lost"), detail=HOST).order_by("pk")
        return list(found.values_list("action", flat=True))


def test_what_the_periodic_check_switches_is_told_to_whom_it_concerns(client_as, acme, globex, name_server):
    """Acme proves the host; then its record gives way to Globex's."""
    client_as("owner").post(PAGE, {"domain": HOST})
    serve(name_server, *claims(acme))
    call_command("verify_domains", stdout=StringIO())
    assert (lines_of(acme), lines_of(globex)) == (["domain_proven"], [])
    with in_public():
        theirs = DomainClaim.objects.create(tenant_id=globex.tenant.pk, domain=HOST)
    serve(name_server, theirs)
    for _round in range(2):  # in the first, Acme is found without proof; in the second, Globex takes over
        call_command("verify_domains", stdout=StringIO())
    assert (lines_of(acme), lines_of(globex)) == (["domain_proven", "domain_lost"], ["domain_proven"])
