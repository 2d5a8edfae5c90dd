"""What can be made to go wrong on the way, and that it goes away again."""

import time

import pytest
import requests

from standin import StandIn

PROVIDER = "oidc"
KEYS = "/realms/main/protocol/openid-connect/certs"


def get(idp, timeout=5, stream=False):
    return requests.get(f"{idp.url}{KEYS}", allow_redirects=False, timeout=timeout, stream=stream)


def test_a_status_comes_as_often_as_asked_and_only_below_its_path(idp):
    idp.faults.answer(KEYS, 503, times=2, body={"why": "away"}, headers={"Retry-After": "1"})
    assert requests.get(f"{idp.url}/_standin/", timeout=5).status_code == 200
    first = get(idp)
    assert (first.json(), first.headers["Retry-After"]) == ({"why": "away"}, "1")
    assert [get(idp).status_code, get(idp).status_code] == [503, 200]


def test_a_fault_without_a_number_lasts_until_it_is_cleared(idp):
    idp.faults.answer(KEYS, 500, times=None, body="<html>")
    assert ([get(idp).status_code for _ in range(3)], get(idp).text) == ([500] * 3, "<html>")
    idp.faults.clear()
    assert get(idp).status_code == 200


def test_an_answer_is_late(idp):
    idp.faults.delay(KEYS, 30)
    with pytest.raises(requests.Timeout):
        get(idp, timeout=0.1)


def test_an_answer_drips_without_an_end(idp):
    idp.faults.drip(KEYS, pause=0.01)
    with get(idp, stream=True) as response:
        assert [chunk for _, chunk in zip(range(5), response.iter_content(1), strict=False)] == [b" "] * 5


def test_a_redirect_leads_elsewhere(idp):
    idp.faults.redirect(KEYS, "http://elsewhere.test/keys")
    assert (get(idp).status_code, get(idp).headers["Location"]) == (302, "http://elsewhere.test/keys")


def test_an_answer_is_huge_and_does_not_say_so(idp):
    idp.faults.huge(KEYS)
    with get(idp, stream=True) as response:
        sizes = [len(chunk) for _, chunk in zip(range(40), response.iter_content(65536), strict=False)]
        assert ("Content-Length" in response.headers, sum(sizes) > 2_000_000) == (False, True)


def test_who_waits_is_let_go_when_it_stops_and_nobody_is_answered_any_more():
    with StandIn("oidc") as idp:
        idp.faults.delay(KEYS, 30)
        url = idp.url
        with pytest.raises(requests.Timeout):
            get(idp, timeout=0.1)
    began = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)
    assert time.monotonic() - began < 1


def test_what_comes_in_is_recorded_whole(idp):
    requests.post(f"{idp.url}/hook?a=1", json={"b": 2}, headers={"X-Own": "c"}, timeout=5)
    [got] = idp.requests
    assert (got.method, got.path, got.query, got.json, got.headers["x-own"]) == (
        "POST",
        "/hook",
        {"a": "1"},
        {"b": 2},
        "c",
    )


def test_a_reset_forgets_everything_but_the_first_keys(idp, ada):
    kid = idp.keys.current.kid
    idp.keys.rotate(keep_old=False)
    idp.faults.drop_keys()
    idp.reset()
    assert (idp.world.people, idp.requests, idp.keys.current.kid) == ({}, [], kid)
    assert [key["kid"] for key in get(idp).json()["keys"]] == [kid]


def test_an_unknown_address_option_or_provider_is_refused(idp):
    unknown = requests.get(f"{idp.url}/nowhere", timeout=5)
    assert (unknown.status_code, unknown.json()) == (404, {"message": "Cannot GET /nowhere"})
    assert requests.delete(f"{idp.url}{KEYS}", timeout=5).status_code == 405
    with pytest.raises(TypeError):
        StandIn("oidc", no_such_option=1)
    with pytest.raises(KeyError):
        StandIn("nobody")


def test_too_much_is_not_read(idp):
    form = {"grant_type": "x" * (2 * 1024 * 1024)}
    assert (
        requests.post(f"{idp.url}/realms/main/protocol/openid-connect/token", data=form, timeout=5).status_code == 413
    )
