"""The battery once more as requests: what each provider's people meet at the API's door. (T1-T13, I1, L1)"""

import json
import time

import jwt
import pytest

from accounts.models import Role, User
from accounts.providers import local as local_profile
from accounts.providers import verifier
from tenants.models import PlatformEvent
from tenants.schema import in_public
from tests.accounts import forge
from tests.accounts.programs import Program
from tests.snapshot import snapshot

from .battery import CASES, HOSTED, THERE, Case

ME = "/api/v1/me/"


@pytest.fixture
def ask(acme):
    """`ask(token)`: oneself, by the header that is given or as Bearer."""
    client = Program(acme)

    def me(token: str = "", **headers):
        return client.get(ME, headers=headers or {"authorization": f"Bearer {token}"})

    return me


def events() -> list[tuple[str, str]]:
    with in_public():
        return list(PlatformEvent.objects.order_by("pk").values_list("kind", "detail"))


def same_but_for_its_number(response) -> dict:
    return {**response.json(), "request_id": ""}


def bad_tokens(case: Case) -> dict[str, str]:
    """One of each family, as far as the way in tells nothing of it."""
    good, now = case.token(), int(time.time())
    head, body, _signature = good.split(".")
    return {
        "T1 unsigned": case.token(head={"alg": "none"}, sign=lambda message: b""),
        "T1 another signature": f"{head}.{body}.{forge.b64(b'0' * 64)}",
        "T2 another algorithm": case.token(head={"alg": "HS512"}, sign=forge.hs256(forge.public_spellings()["pem"])),
        "T3 its own key": case.token(head={"jwk": forge.JWK}),
        "T5 a critical header": case.token(head={"crit": ["exp"]}),
        "T5 too long": case.token(body={"x": "y" * 9000}),
        "T6 another issuer": case.token(body={"iss": "https://other.test"}),
        "T7 another audience": case.token(body={"aud": "sibling"}),
        "T8 another type": case.token(head={"typ": "rt+jwt"}),
        "T8 another kind": case.token(next(name for name, kind in case.kinds.items() if "access" not in kind.entries)),
        "T9 over": case.token(body={"iat": now - 3600, "exp": now - 61}),
        "T9 without an end": case.token(body={"exp": ...}),
        "T10 nobody": case.token(body={case.subject: ""}),
        "T11 no tenant": case.token(body={"tenant": None}) if case.say_tenant else "a.b.c",
    }


@pytest.mark.parametrize("case", HOSTED, ids=str)
def test_a_good_token_opens_and_a_bad_one_is_answered_alike(case, wire, connect, ask, caplog, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"note_refused_credential": "99/h/ip"}
    wire(case)
    connect(case)
    assert ask(case.token()).status_code == 200
    before, noted, answers = snapshot(), len(events()), []
    for name, bad in bad_tokens(case).items():
        response = ask(bad)
        assert (response.status_code, name) == (401, name)
        assert response["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        assert len(events()) == (noted := noted + 1), name
        assert not any(part in caplog.text for part in bad.split(".") if len(part) > 20)
        answers.append(same_but_for_its_number(response))
    assert all(answer == answers[0] for answer in answers)
    assert {kind for kind, _detail in events()[-len(answers) :]} == {PlatformEvent.Kind.TOKEN_REJECTED}
    assert snapshot() == before
    assert ask(case.token()).status_code == 200


@pytest.mark.parametrize("case", [case for case in HOSTED if case.say_tenant], ids=str)
def test_another_organisations_token_is_refused_and_noted(case, wire, connect, ask):
    wire(case)
    connect(case)
    assert ask(case.token()).status_code == 200
    before = snapshot()
    response = ask(case.token(body={"tenant": THERE}))
    assert (response.status_code, events()[-1][0]) == (403, PlatformEvent.Kind.CROSS_ACCESS)
    assert snapshot() == before


@pytest.mark.parametrize("case", HOSTED, ids=str)
def test_in_an_organisation_of_another_provider_nobodys_token_counts(case, wire, acme, ask):
    wire(case)
    before = snapshot()
    assert ask(case.token()).status_code == 403
    assert snapshot() == before


@pytest.mark.parametrize("case", [case for case in HOSTED if not case.is_shared_secret], ids=str)
def test_a_provider_whose_keys_were_never_read_is_waited_for(case, wire, connect, ask):
    """503 and no 401: whether the token is good cannot be said."""
    network = wire(case)
    connect(case)
    network.is_away = True
    before, response = snapshot(), ask(case.token())
    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert snapshot() == before


@pytest.mark.parametrize("case", HOSTED, ids=str)
@pytest.mark.parametrize("error", [jwt.InvalidKeyError, jwt.PyJWKClientError, RecursionError, MemoryError])
def test_whatever_the_library_raises_is_no_error_page(case, error, wire, connect, ask, monkeypatch):
    wire(case)
    connect(case)

    def trip(*args, **kwargs):
        raise error("hard-to-find")

    monkeypatch.setattr(verifier.ALGORITHMS, "get_algorithm_by_name", trip)
    response = ask(case.token())
    assert response.status_code == 401
    assert "hard-to-find" not in response.content.decode()


@pytest.mark.parametrize(
    "spelling",
    [
        "bearer {}",
        "Bearer  {}",
        "Bearer\t{}",
        "Bearer {} ",
        "Bearer {},Bearer {}",
        "Basic {}",
        "{}",
        "Bearer Bearer {}",
    ],
)
def test_a_header_is_spelt_in_one_way(spelling, wire, connect, ask):
    case = CASES[0]
    wire(case)
    connect(case)
    good = case.token()
    assert ask(good).status_code == 200
    assert ask(authorization=spelling.replace("{}", good)).status_code == 401


def test_two_credentials_at_once_are_none(wire, connect, ask):
    case = CASES[0]
    wire(case)
    connect(case)
    good = case.token()
    assert ask(**{"authorization": f"Bearer {good}", "x-api-key": good}).status_code == 401
    assert ask(**{"x-api-key": good}).status_code == 401, "a token for another header"


def test_a_token_in_the_address_is_not_looked_at(acme, wire, connect):
    case = CASES[0]
    wire(case)
    connect(case)
    assert Program(acme).get(f"{ME}?access_token={case.token()}").status_code == 401


def test_a_header_wins_over_the_session_of_somebody_else(acme, wire, connect, client_as):
    """Both together: the session is not looked at, and nothing of it is changed."""
    case = CASES[0]
    owner = client_as("owner")
    assert owner.get(ME).json()["name"] == acme.owner.name
    wire(case)
    connect(case)
    by_both = owner.get(ME, headers={"authorization": f"Bearer {case.token()}"})
    assert (by_both.json()["name"], by_both.json()["through"]) == ("Ada Roe", "token")
    assert not by_both.cookies
    assert owner.get(ME, headers={"authorization": "Bearer a.b.c"}).status_code == 401


def test_one_subject_of_two_issuers_is_two_people(wire, connect, ask):
    """T10. The second issuer's person is made anew, and the first one's row stays as it was."""
    first, second = CASES[0], next(case for case in CASES if case.name == "oidc")
    for case in (first, second):
        wire(case)
        connect(case)
        assert ask(case.token()).status_code == 200
    people = User.objects.filter(subject="U2person").order_by("pk")
    assert [person.issuer for person in people] == [first.issuer, second.issuer]


def test_a_token_of_our_own_passes_the_same_verifier(acme, ask, settings):
    """The local profile through the door: good from the sign-in, refused when anything of it is not right."""
    local_profile.KEYS.forget()
    client = Program(acme)
    good = client.tokens("editor@acme.test")["access_token"]
    assert ask(good).status_code == 200
    head, body, signature = good.split(".")
    for bad in (f"{head}.{body}.{signature[:-8]}AAAAAAAA", f"{head}.{body}.", f"{head}.{forge.b64(b'{}')}.{signature}"):
        assert ask(bad).status_code == 401
    local_profile.KEYS.forget()


def test_roles_of_the_token_open_what_they_open_here(acme, wire, connect, ask):
    """For every provider alike: the word in its token, the role of that name here, its rights."""
    for case in HOSTED:
        wire(case)
        connect(case)
        answer = ask(case.token()).json()
        assert answer["roles"] == ["editor"], case
        assert set(answer["permissions"]) == set(Role.objects.get(key="editor").permission_names), case


def test_a_body_says_nothing_of_the_cause(wire, connect, ask):
    case = CASES[0]
    wire(case)
    connect(case)
    for bad in bad_tokens(case).values():
        said = json.dumps(same_but_for_its_number(ask(bad)))
        assert not any(word in said for word in ("signature", "expired", "audience", "issuer", "kid"))
