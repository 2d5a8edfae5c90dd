"""Key sets over real HTTP: away, slow, wrong, turned over. Good tokens never wait for any of it. (T4, L1, L2, L3)"""

import threading
import time
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from accounts.exceptions import CredentialRefused, ProviderAway
from accounts.providers import http, verifier
from accounts.providers.http import ask
from accounts.providers.keys import KeySource
from accounts.providers.oidc import Discovery
from accounts.providers.remote_keys import RemoteKeys, SharedSecret
from tests.accounts import forge
from tests.accounts.test_verifier import Clock

from .battery import CASES, REALM, oidc
from .faulty import BODIES, faulty

MINUTE, HOUR = 60, 3600
SLOW = ["drip", "drip headers", "hang"]
WRONG = [name for name in BODIES if name != "good"]
FAULTS = [*WRONG, *SLOW, "redirect", "close", "bomb", 204, 404, 429, 500, 503]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def server():
    with faulty() as server:
        yield server


@pytest.fixture
def quick(monkeypatch):
    """`quick()`: from now on the three seconds that an answer may take are less."""
    return lambda: monkeypatch.setattr(http, "SECONDS", 0.3)


@pytest.fixture
def keys(server, clock):
    return RemoteKeys(lambda: server.url, clock=clock)


def renewals() -> list[Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "renew"]


def after_renewal() -> None:
    for thread in renewals():
        thread.join(10)


def good_token(kid: str = "good") -> str:
    return forge.token(head=forge.header(kid=kid))


def accepts(provider, text: str) -> bool:
    try:
        verifier.verify(text, entry="access", providers=[provider])
    except CredentialRefused:
        return False
    return True


# --- L1, L2: away, slow, wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS)
def test_a_key_set_that_goes_wrong_leaves_the_known_keys_in_place(fault, server, keys, clock, quick):
    provider = forge.provider(keys=keys)
    assert accepts(provider, good_token())
    quick()
    with faulty() as trap:
        server.mode, server.trap = fault, trap.url
        clock.now += HOUR
        assert accepts(provider, good_token())
        after_renewal()
        assert len(server.asked) == 2
        assert accepts(provider, good_token("unknown")) is False
        assert trap.asked == [], "no redirect is followed"
    clock.now += MINUTE
    server.mode = "good"
    assert accepts(provider, good_token())
    after_renewal()
    assert len(server.asked) >= 3


@pytest.mark.parametrize("fault", FAULTS)
def test_a_key_set_that_was_never_read_refuses_nobody(fault, server, keys, clock, quick):
    """Whether a token is good cannot be said: its holder is asked to come again, and does not wait for it."""
    quick()
    server.mode, server.trap = fault, "http://127.0.0.1:9/"
    provider = forge.provider(keys=keys)
    for _try in range(3):
        with pytest.raises(ProviderAway):
            verifier.verify(good_token(), entry="access", providers=[provider])
    assert len(server.asked) == 1, "a failure is not repeated at once"
    assert keys.are_known is False
    server.mode = "good"
    clock.now += 10
    assert keys.are_known is True
    assert accepts(provider, good_token())


def test_a_host_that_refuses_or_has_no_address(clock):
    for address in ("http://127.0.0.1:1/keys", "http://no-such-host.invalid/keys", "no address", "http://[::1", ""):
        keys = RemoteKeys(lambda address=address: address, clock=clock)
        assert keys.are_known is False


def test_keys_are_good_for_a_day_without_their_provider(server, keys, clock):
    provider = forge.provider(keys=keys)
    assert accepts(provider, good_token())
    server.mode = 500
    for hours in range(1, 24):
        clock.now += HOUR
        assert accepts(provider, good_token()), f"after {hours} hours"
        after_renewal()
    clock.now += HOUR + 1
    with pytest.raises(ProviderAway):
        verifier.verify(good_token(), entry="access", providers=[provider])
    server.mode = "good"
    clock.now += MINUTE
    assert accepts(provider, good_token())


def test_keys_that_may_not_be_kept_for_so_long_are_not_fresh_either(server, clock):
    """However long they count as fresh, and by the short way that a token takes which was seen before, too."""
    keys = RemoteKeys(lambda: server.url, clock=clock, keep_for=lambda: timedelta(minutes=1))
    provider, text = forge.provider(keys=keys), good_token()
    assert [accepts(provider, text) for _time in range(2)] == [True, True]
    server.mode = 500
    clock.now += MINUTE + 1
    with pytest.raises(ProviderAway):
        verifier.verify(text, entry="access", providers=[provider])


def test_nobody_waits_while_the_key_set_hangs(server, keys, clock):
    """Fifty good tokens during the hang: each is answered before the one question that hangs is over."""
    provider = forge.provider(keys=keys)
    tokens = [forge.token(body=forge.claims(sub=f"person-{number}")) for number in range(50)]
    assert accepts(provider, good_token())
    server.arrived.clear()
    server.mode = "hang"
    clock.now += HOUR
    assert all(accepts(provider, token) for token in tokens)
    assert server.arrived.wait(10)
    assert len(renewals()) == 1, "still hanging"
    assert len(server.asked) == 2
    server.release.set()
    after_renewal()


def crowd_of_twenty(provider) -> list:
    """What each was told of those who come in the same moment: whether the token is good, or to come again later."""
    start, answers = Barrier(20), []

    def come(token: str) -> None:
        start.wait()
        try:
            answers.append(accepts(provider, token))
        except ProviderAway:
            answers.append("later")

    crowd = [Thread(target=come, args=[good_token()]) for _number in range(20)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(20)
    return answers


def test_a_crowd_on_a_cold_start_asks_once_and_all_are_let_in(server, clock):
    """Each deploy starts processes that know no key yet, and requests do not wait for them to be warm."""
    provider = forge.provider(keys=RemoteKeys(lambda: server.url, clock=clock))
    assert crowd_of_twenty(provider) == [True] * 20
    assert len(server.asked) == 1


def test_a_crowd_on_a_cold_start_waits_no_longer_than_for_one_answer(server, clock, quick):
    """The provider hangs: the crowd is told to come again when that one question is over, and asks no more."""
    quick()
    server.mode = "hang"
    provider = forge.provider(keys=RemoteKeys(lambda: server.url, clock=clock))
    assert crowd_of_twenty(provider) == ["later"] * 20
    assert len(server.asked) == 1


def test_our_own_keys_are_waited_for_on_a_cold_start():
    """They lie in our database: with nothing to go on, the crowd waits for the first one, and asks no more."""
    begun, go_on, reads, found = threading.Event(), threading.Event(), [], []

    def load():
        reads.append(1)
        begun.set()
        go_on.wait(10)
        return [forge.JWK]

    keys = KeySource(load)
    crowd = [Thread(target=lambda: found.append(keys.find("good"))) for _number in range(10)]
    for thread in crowd:
        thread.start()
    assert begun.wait(10)
    go_on.set()
    for thread in crowd:
        thread.join(10)
    assert len(found) == 10
    assert None not in found
    assert len(reads) == 1


# --- T4, L3: turned over --------------------------------------------------------------------------------------


def test_ten_thousand_unknown_ids_ask_twice_a_minute(server, keys, clock):
    for number in range(10_000):
        assert number == 0 or keys.find(f"unknown-{number}") is None
        keys.find("good")
        clock.now += MINUTE / 10_000
    assert len(server.asked) <= 2
    assert keys.find("good")


def test_a_hundred_rotations_refuse_nobody_a_minute_after(server, keys, clock):
    """The new key is good at first sight or within a minute of it; the old one is gone within five."""
    provider, made = forge.provider(keys=keys), {}
    assert accepts(provider, good_token())
    for number in range(100):
        kid = f"key-{number}"
        made[kid] = {**forge.JWK, "kid": kid}
        server.body = {"keys": [made[kid]]}
        clock.now += 45
        assert accepts(provider, good_token(kid)), kid
        if number:
            assert not accepts(provider, good_token(f"key-{number - 1}")), "withdrawn"
    assert len(server.asked) <= 2 * 101


def test_a_new_key_is_good_at_first_sight_though_nobody_came_for_an_hour(server, keys, clock):
    provider = forge.provider(keys=keys)
    assert accepts(provider, good_token())
    server.body = {"keys": [{**forge.JWK, "kid": "next"}]}
    clock.now += HOUR
    assert accepts(provider, good_token("next"))
    assert len(server.asked) == 2


def test_a_withdrawn_key_is_gone_within_five_minutes(server, keys, clock):
    provider, text = forge.provider(keys=keys), good_token()
    assert accepts(provider, text)
    server.body = {"keys": [{**forge.JWK, "kid": "next"}]}
    clock.now += 5 * MINUTE
    accepts(provider, text)
    after_renewal()
    assert not accepts(provider, text), "though it was verified before"
    assert accepts(provider, good_token("next"))


def test_the_same_id_with_another_key_is_another_key(server, keys, clock):
    provider, text = forge.provider(keys=keys), good_token()
    assert accepts(provider, text)
    server.body = {"keys": [{**forge.public_jwk(forge.OTHER_KEY.public_key()), "kid": "good"}]}
    clock.now += 5 * MINUTE
    accepts(provider, text)
    after_renewal()
    assert not accepts(provider, text)
    assert accepts(provider, forge.token(sign=lambda message: forge.rs256(message, forge.OTHER_KEY)))


def test_old_and_new_key_are_good_side_by_side(server, keys, clock):
    provider = forge.provider(keys=keys)
    assert accepts(provider, good_token())
    server.body = {"keys": [forge.JWK, {**forge.JWK, "kid": "next"}]}
    clock.now += MINUTE
    assert accepts(provider, good_token("next"))
    assert accepts(provider, good_token())


# --- Secrets ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("secret", "good"), [("", False), ("x" * 31, False), ("x" * 32, True)])
def test_a_shared_secret_has_the_length_of_one(secret, good):
    assert (SharedSecret(secret).find("") is not None) is good
    assert SharedSecret(secret).are_known is good


# --- Discovery -----------------------------------------------------------------------------------------------------


def discovery(server, clock) -> Discovery:
    made = Discovery(f"http://127.0.0.1:{server.server_port}", clock=clock)
    server.body = {"issuer": made.issuer, "jwks_uri": server.url}
    return made


def test_discovery_leads_to_the_keys_and_is_asked_once_an_hour(server, clock):
    found = discovery(server, clock)
    assert [found.address("jwks_uri") for _time in range(3)] == [server.url] * 3
    assert len(server.asked) == 1
    clock.now += HOUR
    assert found.address("jwks_uri") == server.url
    after_renewal()
    assert len(server.asked) == 2


@pytest.mark.parametrize("issuer", ["https://evil.test", None, 7, "", "http://127.0.0.1/"])
def test_discovery_of_another_issuer_is_none(server, clock, issuer):
    found = discovery(server, clock)
    server.body = {**server.body, "issuer": issuer}
    for _time in range(3):
        with pytest.raises(ProviderAway):
            found.address("jwks_uri")
    assert len(server.asked) == 1, "a failure is not repeated at once"


@pytest.mark.parametrize("address", [None, 7, "", "file:///etc/passwd", "http://inner.example/keys", "ftp://x", "//x"])
def test_discovery_that_leads_astray_is_not_followed(server, clock, address):
    found = discovery(server, clock)
    server.body = {**server.body, "jwks_uri": address}
    with pytest.raises(ProviderAway):
        found.address("jwks_uri")


def test_discovery_that_goes_away_is_kept(server, clock):
    found = discovery(server, clock)
    assert found.address("jwks_uri") == server.url
    server.mode = 500
    clock.now += 10 * HOUR
    assert found.address("jwks_uri") == server.url
    after_renewal()
    assert found.address("jwks_uri") == server.url


# --- The limits of every question -------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [*SLOW, "huge", "bomb", "close"])
def test_no_answer_takes_longer_or_weighs_more_than_it_may(server, fault):
    server.mode, began = fault, time.monotonic()
    with pytest.raises(ProviderAway):
        ask("GET", server.url, seconds=0.3)
    assert time.monotonic() - began < 5


def test_a_search_for_an_address_that_hangs_is_not_waited_for(monkeypatch):
    released, began = threading.Event(), time.monotonic()
    monkeypatch.setattr("socket.getaddrinfo", lambda *args, **kwargs: released.wait(30) and [])
    with pytest.raises(ProviderAway, match="slow"):
        ask("GET", "http://slow.test/", seconds=0.2)
    assert time.monotonic() - began < 5
    released.set()


# --- Ready ----------------------------------------------------------------------------------------------------


def test_not_ready_before_the_keys_are_known(public_client, wire):
    """R: a fresh process says whom it waits for, and asks by itself."""
    assert public_client.get("/health/ready/").status_code == 200
    network = wire(oidc)
    network.is_away = True
    response = public_client.get("/health/ready/")
    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert "oidc" in response.content.decode()
    assert public_client.get("/health/").status_code == 200
    network = wire(oidc)
    assert public_client.get("/health/ready/").status_code == 200
    assert network.asked == [f"{REALM}/.well-known/openid-configuration", f"{REALM}/certs"]
    network.is_away = True
    assert public_client.get("/health/ready/").status_code == 200


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_profile_knows_its_keys_by_itself(case, public_client, wire):
    """From the addresses that its settings give, and nothing else."""
    wire(case)
    assert public_client.get("/health/ready/").content == b"ready"
