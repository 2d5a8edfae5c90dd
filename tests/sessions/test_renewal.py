"""The tokens of a session: looked at on each page, renewed in one place; and what comes when that fails. (D26, D30)"""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import ProviderSession
from accounts.providers.tokens import Tokens
from tenants.schema import in_tenant
from tenants.sealing import Unsealable
from tests.sign_in.conftest import connect
from tests.test_counts import statements

from .conftest import COOKIE, is_in

ENDED, NEARLY = timedelta(seconds=-61), timedelta(seconds=30)


def token_path(place) -> str:
    return place.idp.provider.flow.token_paths[0]


def test_a_page_opens_by_the_token_and_asks_the_provider_nothing(place):
    client = place.signed_in()
    asked = place.asked(token_path(place))
    assert (is_in(client), place.asked(token_path(place))) == (True, asked)


def test_pages_write_no_session_and_log_nobody_in_again(frontegg):
    """D31: a sign-in at each request would be three writes and a new CSRF token each time."""
    client = frontegg.signed_in()
    client.get("/products/")
    with CaptureQueriesContext(connection) as captured:
        assert client.get("/products/").status_code == 200
    sql = [query["sql"] for query in captured.captured_queries]
    assert not [each for each in sql if each.startswith(("UPDATE", "INSERT", "DELETE"))]


def test_such_a_page_asks_one_statement_more_than_one_by_a_password(frontegg, acme, client_as):
    """The row of the tokens. What they say was verified before, and is remembered."""
    by_provider = len(statements(frontegg.signed_in(), "/categories/"))
    connect(acme, "local", "")
    client = client_as("editor")
    assert by_provider == len(statements(client, "/categories/")) + 1


def test_an_ended_token_is_renewed_and_the_page_opens(place):
    client = place.signed_in()
    place.expire(client, lifetime=ENDED)
    ended = place.opened(client)
    assert is_in(client)
    assert place.opened(client).session != ended.session
    assert place.kept(client).expires_at.timestamp() > 0


def test_a_token_that_is_about_to_end_is_renewed_before_it_does(frontegg):
    client = frontegg.signed_in()
    frontegg.expire(client, lifetime=NEARLY)
    before = frontegg.opened(client)
    assert is_in(client)
    assert frontegg.opened(client).session != before.session


def test_a_rotated_refresh_token_is_kept(place):
    client = place.signed_in()
    place.idp.faults.rotate_refresh_tokens = True
    seen = [place.opened(client).refresh]
    for _round in range(3):
        place.expire(client, lifetime=ENDED)
        assert is_in(client)
        seen.append(place.opened(client).refresh)
    assert len(set(seen)) == 4


def test_a_refused_renewal_signs_out_kindly(place):
    client = place.signed_in()
    place.expire(client, lifetime=ENDED)
    place.idp.provider.flow.ledger.refresh_tokens.clear()
    response = client.get("/profile/")
    assert response.status_code == 302
    assert response["Location"] == "/account/login/?next=/profile/"
    assert "cache" in response["Clear-Site-Data"]
    assert [str(each) for each in get_messages(response.wsgi_request)] == ["Your session had ended."]
    assert not ProviderSession.objects.exists()


def test_somebody_disabled_there_is_signed_out_at_the_next_renewal(frontegg):
    client = frontegg.signed_in()
    frontegg.idp.world.disable(frontegg.ada, frontegg.tenant)
    assert is_in(client)
    frontegg.expire(client, lifetime=ENDED)
    assert not is_in(client)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_while_the_provider_is_away_a_good_token_goes_on(frontegg, status):
    client = frontegg.signed_in()
    frontegg.expire(client, lifetime=NEARLY)
    frontegg.idp.faults.answer(token_path(frontegg), status=status, times=None)
    asked = frontegg.asked(token_path(frontegg))
    assert [is_in(client) for _page in range(3)] == [True] * 3
    assert frontegg.asked(token_path(frontegg)) == asked + 1  # nobody waits for it again at once


def test_with_an_ended_token_the_page_says_who_does_not_answer_and_keeps_the_session(frontegg):
    client = frontegg.signed_in()
    frontegg.expire(client, lifetime=ENDED)
    frontegg.idp.faults.answer(token_path(frontegg), status=503, times=None)
    response = client.get("/profile/")
    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert "Clear-Site-Data" not in response
    assert "provider does not answer" in response.content.decode()
    assert Session.objects.filter(pk=client.cookies[COOKIE].value).exists()
    assert client.get("/api/v1/me/").status_code == 503


def test_afterwards_the_same_session_goes_on(frontegg):
    client = frontegg.signed_in()
    frontegg.expire(client, lifetime=ENDED)
    frontegg.idp.faults.answer(token_path(frontegg), status=503)
    assert client.get("/profile/").status_code == 503
    frontegg.forget_outage()
    assert is_in(client)


def test_a_wrong_client_secret_is_our_trouble_and_signs_nobody_out(frontegg):
    client = frontegg.signed_in()
    frontegg.expire(client, lifetime=ENDED)
    frontegg.idp.faults.answer(token_path(frontegg), status=401, body={"error": "invalid_client"}, times=None)
    assert client.get("/profile/").status_code == 503
    assert ProviderSession.objects.exists()


@pytest.mark.parametrize(
    ("error", "status"), [("access_denied", 302), ("login_required", 302), ("invalid_request", 503), ("new", 503)]
)
def test_what_is_refused_to_one_session_is_no_outage_for_the_others(frontegg, error, status):
    refused, other = frontegg.signed_in(), frontegg.signed_in()
    for client in (refused, other):
        frontegg.expire(client, lifetime=ENDED)
    frontegg.idp.faults.answer(token_path(frontegg), status=403, body={"error": error})
    assert refused.get("/profile/").status_code == status
    assert is_in(other)


@pytest.mark.parametrize(("status", "others"), [(400, True), (503, False)])
def test_nor_is_it_where_descopes_own_call_renews(descope, status, others):
    clients = [
        descope.signed_in(tokens=Tokens(each.session, each.refresh)) for each in (descope.tokens(), descope.tokens())
    ]
    for client in clients:
        descope.expire(client, lifetime=ENDED)
    descope.idp.faults.answer("/v1/auth/refresh", status=status)
    assert [is_in(client) for client in clients] == [False, others]


def test_renewed_tokens_that_were_lost_sign_nobody_out_while_the_old_one_is_good(frontegg):
    """The refresh token is spent, and what came for it was rolled back with the request that had kept it."""
    client = frontegg.signed_in()
    frontegg.idp.provider.flow.ledger.refresh_tokens.clear()
    frontegg.expire(client, lifetime=NEARLY)
    assert is_in(client)
    frontegg.expire(client, lifetime=ENDED)
    assert not is_in(client)


@pytest.mark.parametrize(
    "body",
    [
        "<html>",
        "[]",
        '"x"',
        "{}",
        '{"access_token": 7}',
        '{"error": ["x"]}',
        '{"access_token": "x", "expires_in": 1e400}',
        "[" * 5000,
    ],
)
def test_an_odd_answer_is_no_error_page(frontegg, body):
    client = frontegg.signed_in()
    frontegg.expire(client, lifetime=ENDED)
    frontegg.idp.faults.answer(token_path(frontegg), status=200, body=body, times=None)
    assert client.get("/profile/").status_code in (302, 503)


def test_without_a_refresh_token_the_session_lasts_as_long_as_its_token(frontegg, clock):
    first = frontegg.tokens()
    client = frontegg.signed_in(tokens=Tokens(first.session))
    assert is_in(client)
    clock(hours=24, seconds=61)
    assert not is_in(client)


def test_a_token_of_another_person_opens_nothing(frontegg):
    """Neither at a renewal nor by hand put into the row."""
    client, bob = frontegg.signed_in(), frontegg.person("bob", "Admin")
    kept = frontegg.kept(client)
    kept.tokens = frontegg.tokens(bob).seal()
    kept.save()
    assert not is_in(client)


def test_a_token_of_another_organisation_opens_nothing(frontegg):
    client, other = frontegg.signed_in(), frontegg.idp.world.add_tenant("globex-id", name="Globex")
    frontegg.idp.world.join(frontegg.ada, other, ["Admin"])
    kept = frontegg.kept(client)
    kept.tokens = Tokens(frontegg.idp.mint("userToken", person=frontegg.ada, tenant=other)).seal()
    kept.save()
    assert not is_in(client)


def test_roles_follow_the_renewed_token_on_the_same_page(frontegg):
    client = frontegg.signed_in()
    assert client.get("/products/new/").status_code == 200
    frontegg.idp.world.set_roles(frontegg.ada, frontegg.tenant, ["Viewer"])
    frontegg.expire(client, lifetime=ENDED)
    assert client.get("/products/new/").status_code == 403


def test_what_is_sealed_here_is_noise_in_another_tenant(frontegg, globex):
    sealed = frontegg.kept(frontegg.signed_in()).tokens
    with in_tenant(globex.tenant), pytest.raises(Unsealable):
        Tokens.unseal(sealed)
