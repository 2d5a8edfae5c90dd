"""A token is verified once: afterwards it is known by its hash, as long as it and its key last. (Z5)"""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.exceptions import CredentialRefused
from accounts.models import User
from accounts.providers import verifier
from accounts.providers.keys import KeySource
from tests.accounts import forge
from tests.accounts.programs import Program
from tests.accounts.test_verifier import Clock

from .battery import CASES, frontegg

ME = "/api/v1/me/"


@pytest.fixture
def signatures(monkeypatch):
    """How many were checked."""
    checked, real = [], verifier.ALGORITHMS.get_algorithm_by_name

    def counted(*args, **kwargs):
        checked.append(1)
        return real(*args, **kwargs)

    monkeypatch.setattr(verifier.ALGORITHMS, "get_algorithm_by_name", counted)
    return checked


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_warm_token_pays_no_signature(case, signatures):
    text, entry = case.token(), case.kinds[case.usual].entries[0]
    found = [verifier.verify(text, entry=entry, providers=[case.provider])[0] for _time in range(5)]
    assert all(each is found[0] for each in found)
    assert len(signatures) == 1


def test_it_is_known_at_the_entrance_that_it_came_by_alone(signatures):
    text = frontegg.token()
    assert verifier.verify(text, entry="access", providers=[frontegg.provider])
    for other in ("x-api-key", "id", "refresh", "logout"):
        with pytest.raises(CredentialRefused):
            verifier.verify(text, entry=other, providers=[frontegg.provider])


def test_it_ends_with_its_time(monkeypatch):
    text, now = frontegg.token(), timezone.now()
    assert verifier.verify(text, entry="access", providers=[frontegg.provider])
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(minutes=7))
    with pytest.raises(CredentialRefused) as caught:
        verifier.verify(text, entry="access", providers=[frontegg.provider])
    assert caught.value.reason == "expired"


def test_it_ends_with_its_key():
    published, clock = [forge.JWK], Clock()
    provider = forge.provider(keys=KeySource(lambda: list(published), clock=clock))
    text = forge.token()
    assert verifier.verify(text, entry="access", providers=[provider])
    published.clear()
    clock.now += 61
    with pytest.raises(CredentialRefused):
        verifier.verify(text, entry="access", providers=[provider])


def test_it_ends_with_its_provider():
    text = frontegg.token()
    assert verifier.verify(text, entry="access", providers=[frontegg.provider])
    with pytest.raises(CredentialRefused):
        verifier.verify(text, entry="access", providers=[])


def test_what_was_demanded_once_is_demanded_again():
    text = frontegg.token("idToken")
    assert verifier.verify(text, entry="id", providers=[frontegg.provider], demands={"nonce": "n-1"})
    for nonce in ("n-2", "", "N-1"):
        with pytest.raises(CredentialRefused):
            verifier.verify(text, entry="id", providers=[frontegg.provider], demands={"nonce": nonce})


def test_providers_may_be_told_one_by_one():
    """However they come: a second look at them is not an empty one."""
    text = frontegg.token()
    assert verifier.verify(text, entry="access", providers=(each for each in [frontegg.provider]))
    assert verifier.verify(text, entry="access", providers=(each for each in [frontegg.provider]))


def test_being_deactivated_here_bites_on_the_next_request_of_a_warm_token(acme, wire, connect, signatures):
    wire(frontegg)
    connect(frontegg)
    client, headers = Program(acme), {"authorization": f"Bearer {frontegg.token()}"}
    assert [client.get(ME, headers=headers).status_code for _time in range(2)] == [200, 200]
    User.objects.filter(subject="U2person").update(is_active=False)
    assert client.get(ME, headers=headers).status_code == 401
    assert len(signatures) == 1
