"""Customers' own domains: claimed by anybody, served only to whom the DNS gives them, and only as long."""

import dns.rcode
import pytest
from django.core.exceptions import ValidationError

from tenants import domains
from tenants.exceptions import ClaimError
from tenants.hosts import clean_host
from tenants.models import Domain, DomainClaim
from tests.conftest import HostClient

HOST = "shop.apex.test"
LOGIN = "/account/login/"


@pytest.fixture
def claim(apex) -> DomainClaim:
    return domains.claim(apex, HOST)


def prove(server, *claims) -> None:
    for claim in claims:
        server.records.setdefault(claim.record_name, []).append(claim.record_value)


def served(host=HOST) -> int:
    return HostClient(host).get(LOGIN).status_code


def test_a_claimed_host_is_served_once_it_is_proven(claim, name_server, manage):
    assert served() == 404
    manage("verify_domains")
    assert (served(), Domain.objects.filter(domain=HOST).exists()) == (404, False)
    prove(name_server, claim)
    assert "1 of 1 domains are proven" in manage("verify_domains")
    response = HostClient(HOST).get(LOGIN)
    assert (response.status_code, "Apex" in response.text) == (200, True)
    assert name_server.asked[-1] == f"_tenantry.{HOST}"


@pytest.mark.parametrize("host", ["SHOP.apex.test", "shop.apex.test.", "shop.apex.test:8000"])
def test_a_proven_host_is_served_however_it_is_written(claim, name_server, manage, host):
    prove(name_server, claim)
    manage("verify_domains")
    assert served(host) == 200


@pytest.mark.parametrize("host", ["apex.test", "x.shop.apex.test", "shop.apex.test.evil.test", "shop.apex.test@evil"])
def test_proving_one_host_opens_no_other(claim, name_server, manage, host):
    prove(name_server, claim)
    manage("verify_domains")
    assert served(host) == 404


def test_cookies_of_a_proven_host_are_its_own(claim, name_server, manage):
    prove(name_server, claim)
    manage("verify_domains")
    cookie = HostClient(HOST).get(LOGIN).cookies["csrftoken"]
    assert (cookie["domain"], cookie["samesite"]) == ("", "Lax")


def test_forms_on_a_proven_host_want_their_token_and_take_it(claim, name_server, manage):
    prove(name_server, claim)
    manage("verify_domains")
    client = HostClient(HOST, enforce_csrf_checks=True)
    token = client.get(LOGIN).cookies["csrftoken"].value
    sent = {"login": "nobody@apex.test", "password": "x"}
    assert client.post(LOGIN, sent).status_code == 403
    kept = {"csrfmiddlewaretoken": token}
    evil = client.post(LOGIN, sent | kept, headers={"origin": "http://evil.test"})
    good = client.post(LOGIN, sent | kept, headers={"origin": f"http://{HOST}"})
    assert (evil.status_code, good.status_code) == (403, 200)


@pytest.mark.parametrize(
    ("records", "rcode", "words"),
    [
        (None, dns.rcode.NOERROR, "There is no TXT record"),
        ([], dns.rcode.NOERROR, "There is no TXT record"),
        (["tenantry-verification=other", "v=spf1 -all"], dns.rcode.NOERROR, "has another value"),
        (None, dns.rcode.SERVFAIL, "did not answer"),
        (None, dns.rcode.REFUSED, "did not answer"),
    ],
)
def test_any_other_answer_proves_nothing_and_is_told(claim, name_server, records, rcode, words):
    name_server.rcode = rcode
    if records is not None:
        name_server.records[claim.record_name] = records
    settled = domains.settle(claim, domains.ask(claim), tell=lambda switched: None)
    assert (settled.verified_at, words in settled.last_problem) == (None, True)
    assert served() == 404


def test_name_servers_that_are_silent_are_waited_for_no_longer_than_told(claim, name_server):
    name_server.is_silent = True
    assert "did not answer" in domains.ask(claim).problem


def test_a_long_record_may_come_in_parts(claim, name_server):
    value = claim.record_value
    name_server.records[claim.record_name] = [f"{value[:10]}|{value[10:]}"]
    assert domains.ask(claim).proves


def test_of_two_who_claim_it_only_the_one_who_proves_it_gets_it(claim, make_tenant, name_server, manage):
    thief = domains.claim(make_tenant("thief"), HOST)
    prove(name_server, claim)
    manage("verify_domains")
    assert Domain.objects.get(domain=HOST).tenant_id == claim.tenant_id
    assert DomainClaim.objects.get(pk=thief.pk).verified_at is None


def test_a_second_proof_does_not_push_the_first_one_out(claim, make_tenant, name_server, manage):
    prove(name_server, claim)
    manage("verify_domains")
    second = domains.claim(make_tenant("second"), HOST)
    prove(name_server, second)
    manage("verify_domains")
    assert Domain.objects.get(domain=HOST).tenant_id == claim.tenant_id
    assert "Another organisation" in DomainClaim.objects.get(pk=second.pk).last_problem


def test_a_domain_that_changes_hands_goes_to_who_proves_it_now(claim, make_tenant, name_server, manage):
    prove(name_server, claim)
    manage("verify_domains")
    second = domains.claim(make_tenant("second"), HOST)
    name_server.records = {}
    prove(name_server, second)
    manage("verify_domains")
    assert Domain.objects.get(domain=HOST).tenant_id == second.tenant_id
    assert DomainClaim.objects.get(pk=claim.pk).verified_at is None


@pytest.mark.parametrize(("days", "status"), [(2, 200), (4, 404)])
def test_a_host_whose_record_is_gone_is_switched_off_after_three_days(claim, name_server, manage, clock, days, status):
    prove(name_server, claim)
    manage("verify_domains")
    name_server.records = {}
    manage("verify_domains")
    clock(days=days)
    manage("verify_domains")
    assert served() == status


def test_a_record_that_comes_back_in_time_starts_the_count_anew(claim, name_server, manage, clock):
    prove(name_server, claim)
    manage("verify_domains")
    records, name_server.records = name_server.records, {}
    manage("verify_domains")
    name_server.records = records
    clock(days=2)
    manage("verify_domains")
    name_server.records = {}
    clock(days=4)
    manage("verify_domains")
    assert served() == 200


def test_a_withdrawn_host_is_nobodys(claim, name_server, manage):
    prove(name_server, claim)
    manage("verify_domains")
    domains.withdraw(DomainClaim.objects.get(pk=claim.pk))
    assert (served(), DomainClaim.objects.exists(), Domain.objects.filter(domain=HOST).exists()) == (404, False, False)


def test_the_same_host_is_claimed_once_and_ten_at_most(apex):
    domains.claim(apex, "n0.apex.test")
    with pytest.raises(ClaimError, match="already"):
        domains.claim(apex, "N0.apex.test.")
    for number in range(1, 10):
        domains.claim(apex, f"n{number}.apex.test")
    with pytest.raises(ClaimError, match="10"):
        domains.claim(apex, "n10.apex.test")
    assert DomainClaim.objects.count() == 10


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "",
            "apex",
            "apex..test",
            "-a.test",
            "a-.test",
            "a_b.test",
            "a b.test",
            "http://a.test",
            "a.test/x",
            "a.test:80",
        ),
        *("1.2.3.4", "[::1]", "::1", "1.2.3", "a.123", "*.apex.test", "аpex.test", "apex.tеst", "a" * 64 + ".test"),
        *("a." * 130 + "test", "a\x00.test", "a\n.test", "localhost", "apex.localhost", "x.apex.localhost"),
        *("printer.local", "db.internal", "router.lan", "1.in-addr.arpa"),
    ],
    ids=ascii,
)
def test_what_is_no_domain_or_not_a_customers_is_refused(typed):
    with pytest.raises(ValidationError):
        clean_host(typed)


@pytest.mark.parametrize("typed", ["www.example.com", "WWW.example.com.", "acme.www.example.com", "example.com"])
def test_our_own_names_are_not_claimed(settings, typed):
    assert clean_host("mail.example.com") == "mail.example.com"
    settings.BASE_DOMAIN = "www.example.com"
    with pytest.raises(ValidationError):
        clean_host(typed)


@pytest.mark.parametrize(("typed", "kept"), [("Shop.Apex.TEST.", HOST), (" xn--caf-dma.test ", "xn--caf-dma.test")])
def test_a_domain_is_kept_in_its_one_form(typed, kept):
    assert clean_host(typed) == kept
