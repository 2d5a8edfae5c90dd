"""The one verifier against every token that must not pass. Each family is a row of the threat list. (T1-T11, R1, R2)"""

import ast
import inspect
import json
import random
import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.conf import settings
from django.utils import timezone

from accounts.exceptions import CredentialRefused
from accounts.providers import verifier
from accounts.providers.keys import KeySource, KeyUnfit, screened
from tenants.signing import public_jwk

from . import forge
from .forge import AUDIENCE, ISSUER, JWK, claims, header, token

PROVIDER = forge.provider()


def verify(text: str, entry: str = "access", provider=PROVIDER):
    return verifier.verify(text, entry=entry, providers=[provider])[0]


def refused(text: str, **kwargs) -> str:
    """Why it was refused; fails the test if it was not."""
    with pytest.raises(CredentialRefused) as caught:
        verify(text, **kwargs)
    return caught.value.reason


def test_a_good_token_says_who_and_where():
    found = verify(token(body=claims(roles=["admin", "editor"])))
    assert (found.issuer, found.subject, found.tenant) == (ISSUER, "person-1", "7")
    assert found.roles == ("admin", "editor")


@pytest.mark.parametrize(
    "good",
    [
        token(head=header(typ="JWT")),
        token(head=header(alg="PS256", kid="pss"), sign=forge.ps256),
        token(body=claims(aud=[AUDIENCE])),
        token(body=claims(aud=[AUDIENCE, "other"], azp=AUDIENCE)),
        token(body=claims(nbf=int(time.time()))),
        token(body=claims(**{"extra": {"deep": [1, None]}})),
    ],
)
def test_other_good_tokens(good):
    assert verify(good).subject == "person-1"


# --- T1, T2: the signature -------------------------------------------------------------------------------


@pytest.mark.parametrize("alg", ["none", "None", "nOnE", "NONE", "", None, 0, [], ["RS256"], {"a": "RS256"}, ..., True])
@pytest.mark.parametrize("sign", [lambda message: b"", forge.rs256], ids=["unsigned", "signed"])
def test_unsigned_tokens(alg, sign):
    assert refused(token(head=header(alg=alg), sign=sign))


def test_signatures_that_are_not_this_tokens():
    good, another = token(), token(body=claims(sub="person-2"))
    head, body, _signature = good.split(".")
    for signature in ("", "AAAA", forge.b64(b"\0" * 256), another.split(".")[2]):
        assert refused(f"{head}.{body}.{signature}")
    assert refused(token(sign=lambda message: forge.rs256(message, forge.OTHER_KEY)))


@pytest.mark.parametrize("spelling", forge.public_spellings().values(), ids=forge.public_spellings().keys())
@pytest.mark.parametrize("alg", ["HS256", "RS256"])
def test_the_public_key_is_no_secret(alg, spelling):
    assert refused(token(head=header(alg=alg), sign=forge.hs256(spelling)))


@pytest.mark.parametrize(
    ("head", "sign"),
    [
        ({"alg": "RS256", "kid": "pss"}, forge.rs256),
        ({"alg": "PS256", "kid": "pss"}, forge.rs256),
        ({"alg": "RS256"}, forge.ps256),
        ({"alg": "PS256"}, forge.ps256),
        ({"alg": "RS512"}, lambda m: forge.RSA_KEY.sign(m, forge.padding.PKCS1v15(), hashes.SHA512())),
        ({"alg": "ES256K"}, lambda m: forge.EC_KEY.sign(m, ec.ECDSA(hashes.SHA256()))),
        ({"alg": "EdDSA"}, forge.ED_KEY.sign),
    ],
)
def test_the_algorithm_is_the_keys_own(head, sign):
    assert refused(token(head=header(**head), sign=sign))


# --- T3, T4: which key ------------------------------------------------------------------------------------

FOREIGN_JWK = public_jwk(forge.OTHER_KEY.public_key())


@pytest.mark.parametrize(
    "chosen",
    [
        {"jwk": FOREIGN_JWK},
        {"jwk": FOREIGN_JWK, "kid": ...},
        {"jku": "http://127.0.0.1:9/keys"},
        {"jku": "http://169.254.169.254/latest"},
        {"jku": "file:///etc/passwd"},
        {"x5u": "http://127.0.0.1:9/cert"},
        {"x5c": ["MIIB"]},
    ],
)
@pytest.mark.parametrize("key", [forge.OTHER_KEY, forge.RSA_KEY], ids=["theirs", "ours"])
def test_no_header_brings_its_own_key(chosen, key):
    assert refused(token(head=header(**chosen), sign=lambda message: forge.rs256(message, key)))


@pytest.mark.parametrize(
    "kid", [..., None, "", 7, [], ["good"], {}, True, "Good", "good ", "good\0", "../../dev/null", "'", "x" * 3000]
)
def test_the_key_is_named_exactly(kid):
    assert refused(token(head=header(kid=kid)))


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_flood_of_unknown_keys_reads_the_set_twice():
    """T4. Ten thousand random key ids within a minute of the clock, and one that is good."""
    reads, clock = [], Clock()
    source = KeySource(lambda: reads.append(clock.now) or [JWK], clock=clock)
    for number in range(10_000):
        assert source.find(f"unknown-{number}") is None
        if number == 5_000:
            clock.now += 11
    assert source.find("good")
    assert len(reads) == 2


def test_a_new_key_is_found_at_once_and_a_withdrawn_one_gone_in_a_minute():
    published, clock = [JWK], Clock()
    source = KeySource(lambda: list(published), clock=clock)
    assert source.find("good")
    clock.now += 11
    published[:] = [{**JWK, "kid": "new"}]
    assert source.find("new")
    published.clear()
    assert source.find("new"), "known, and read a moment ago"
    clock.now += 60
    assert source.find("new") is None


def test_a_set_that_cannot_be_read_is_not_asked_again_at_once():
    clock, answers = Clock(), [[JWK], OSError("away"), [JWK]]

    def load():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    source = KeySource(load, clock=clock)
    assert source.find("good")
    clock.now += 60
    with pytest.raises(OSError, match="away"):
        source.find("good")
    assert source.find("good"), "the keys known before stay"
    assert len(answers) == 1
    clock.now += 10
    assert source.find("good")
    assert not answers


PRIVATE_JWK = {**jwt.algorithms.RSAAlgorithm.to_jwk(forge.RSA_KEY, as_dict=True), **JWK, "key_ops": ["verify"]}
WEAK = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505


@pytest.mark.parametrize(
    "jwk",
    [
        {**public_jwk(WEAK.public_key()), "kid": "weak"},
        {**JWK, "use": "enc"},
        {**JWK, "key_ops": ["encrypt"]},
        {**JWK, "key_ops": ["sign"]},
        {**JWK, "alg": "HS256"},
        {**JWK, "alg": "ES256"},
        {**JWK, "alg": "RSA-OAEP"},
        {**JWK, "alg": "none"},
        PRIVATE_JWK,
        {"kty": "oct", "k": "c2VjcmV0", "kid": "good", "alg": "HS256"},
        {**JWK, "kty": "oct"},
        {name: JWK[name] for name in JWK if name != "kid"},
        {name: JWK[name] for name in JWK if name not in ("alg", "kty")},
        {**JWK, "alg": None},
        {**JWK, "n": "!!!"},
        {**JWK, "kid": 7},
    ],
)
def test_a_key_that_is_unfit_verifies_nothing(jwk):
    with pytest.raises(KeyUnfit):
        screened(jwk)
    assert KeySource(lambda: [jwk]).find("good") is None
    assert refused(token(), provider=forge.provider(keys=KeySource(lambda: [jwk])))


# --- T5: odd ways of writing ---------------------------------------------------------------------------------

GOOD = token()
HEAD, BODY, SIGNATURE = GOOD.split(".")


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "...",
        HEAD,
        f"{HEAD}.{BODY}",
        f"{HEAD}..{SIGNATURE}",
        f".{BODY}.{SIGNATURE}",
        f"{GOOD}.{SIGNATURE}",
        f"{GOOD}.a.b",
        f"{GOOD}=",
        f"{HEAD}=.{BODY}=.{SIGNATURE}=",
        f" {GOOD}",
        f"{GOOD} ",
        f"{GOOD}\n",
        f"{HEAD}.{BODY}\n.{SIGNATURE}",
        f"{HEAD}. {BODY}.{SIGNATURE}",
        GOOD.replace("-", "+").replace("_", "/") + "+",
        f"{HEAD}.{BODY}.{SIGNATURE}A",
        f"é{GOOD}",
        json.dumps({"protected": HEAD, "payload": BODY, "signature": SIGNATURE}),
        token(head="[]"),
        token(head="{}"),
        token(head='"RS256"'),
        token(head=b"\xff\xfe"),
        token(head="[" * 3000),
        token(body="[]"),
        token(body="null"),
        token(body=b"\xff"),
        token(body="{" * 2000),
        token(body='{"a":' * 900 + "1" + "}" * 900),
        token(body=json.dumps(claims())[:-1] + ', "sub": "person-2"}'),
        token(body=json.dumps(claims()) + " x"),
        token(body=json.dumps(claims())[:-1] + ', "x": NaN}'),
        token(body="\ufeff" + json.dumps(claims())),
        token(head=json.dumps(header())[:-1] + ', "alg": "RS256"}'),
        token(head=header(crit=["exp"])),
        token(head=header(crit=[])),
        token(head=header(b64=False, crit=["b64"])),
        token(head=header(b64=True)),
        token(head=header(zip="DEF")),
        token(head=header(enc="A256GCM", alg="PBES2-HS256+A128KW", p2c=2**31)),
    ],
)
def test_odd_ways_of_writing(text):
    assert refused(text)


def test_a_signature_has_one_spelling():
    """The last letter of 256 bytes carries bits that no byte needs."""
    spellings = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    accepted = [letter for letter in spellings if accepts(f"{GOOD[:-1]}{letter}")]
    assert accepted == [GOOD[-1]]


def accepts(text: str) -> bool:
    try:
        verify(text)
    except CredentialRefused:
        return False
    return True


@pytest.mark.parametrize("text", ["a" * 8_000_000, f"{HEAD}.{'A' * 9000}.{SIGNATURE}", "." * 100_000])
def test_a_huge_token_is_refused_unread(text, monkeypatch):
    monkeypatch.setattr(verifier, "decoded", lambda part: pytest.fail("was read"))
    assert refused(text) == "token too long"


# --- T6, T7, T8: whose it is, for whom, and what it is for -----------------------------------------------------


@pytest.mark.parametrize(
    "issuer",
    [
        ...,
        None,
        "",
        f"{ISSUER}/",
        ISSUER[:-1],
        f"{ISSUER}x",
        ISSUER.upper(),
        ISSUER.replace("https", "http"),
        ISSUER.replace("realm", "other"),
        f"evil.{ISSUER}",
        f"{ISSUER}\0",
        [ISSUER],
        {"iss": ISSUER},
        7,
    ],
)
def test_the_issuer_is_exact(issuer):
    assert refused(token(body=claims(iss=issuer))) == "unknown issuer"


@pytest.mark.parametrize(
    "audience",
    [
        ...,
        None,
        "",
        [],
        {},
        7,
        "https://app.test/",
        f"{AUDIENCE}x",
        AUDIENCE[:-1],
        AUDIENCE.upper(),
        ["https://sibling.test/"],
        [[AUDIENCE]],
        {AUDIENCE: 1},
    ],
)
def test_the_audience_is_ours(audience):
    assert refused(token(body=claims(aud=audience))) == "another audience"


@pytest.mark.parametrize("party", [..., None, "sibling", "", 7, [AUDIENCE]])
def test_a_token_for_several_names_one_of_our_clients(party):
    assert refused(token(body=claims(aud=[AUDIENCE, "sibling"], azp=party))) == "another authorised party"
    ours = forge.provider(parties=frozenset({"our-app"}))
    assert verify(token(body=claims(aud=[AUDIENCE, "sibling"], azp="our-app")), provider=ours)


@pytest.mark.parametrize("use", [..., None, "", "id", "refresh", "ACCESS", ["access"], True])
def test_another_kind_of_token(use):
    assert "kind" in refused(token(body=claims(token_use=use)))


def test_a_refresh_token_is_good_where_it_belongs_alone():
    refresh = token(head=header(typ="JWT"), body=claims(token_use="refresh"))
    assert refused(refresh)
    assert verify(refresh, entry="refresh")
    assert refused(token(head=header(typ="JWT")), entry="refresh")


@pytest.mark.parametrize("typ", [..., None, "", "logout+jwt", "id+jwt", "JOSE", 7, ["at+jwt"], "at+jwt "])
def test_another_type(typ):
    assert refused(token(head=header(typ=typ))) == "another type of token"


# --- T9: time -------------------------------------------------------------------------------------------------


@pytest.fixture
def at_noon(monkeypatch):
    """The clock stands still; the number of seconds is given."""
    now = timezone.now().replace(microsecond=0)
    monkeypatch.setattr(timezone, "now", lambda: now)
    return int(now.timestamp())


@pytest.mark.parametrize(("ago", "good"), [(0, True), (59, True), (60, False), (61, False)])
def test_sixty_seconds_of_grace_after_the_end(at_noon, ago, good):
    assert accepts(token(body=claims(iat=at_noon - 300, exp=at_noon - ago))) is good


@pytest.mark.parametrize("claim", ["nbf", "iat"])
@pytest.mark.parametrize(("ahead", "good"), [(0, True), (59, True), (60, True), (61, False)])
def test_sixty_seconds_of_grace_before_the_beginning(at_noon, claim, ahead, good):
    body = claims(iat=at_noon, exp=at_noon + 300) | {claim: at_noon + ahead}
    assert accepts(token(body=body)) is good


@pytest.mark.parametrize(("hours", "more", "good"), [(24, 0, True), (24, 1, False), (1000, 0, False)])
def test_a_life_of_a_day_at_most(at_noon, hours, more, good):
    assert accepts(token(body=claims(iat=at_noon, exp=at_noon + hours * 3600 + more))) is good


@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", [None, "", "soon", "1900000000", 1.9e9, True, [], {}, 10**400, -(10**400), -1])
def test_times_are_whole_numbers_within_reason(claim, value):
    assert accepts(token(body=claims(**{claim: value}))) is ((claim, value) in [("nbf", -1), ("nbf", -(10**400))])


@pytest.mark.parametrize("claim", ["exp", "iat"])
def test_times_are_not_left_out(claim):
    assert refused(token(body=claims(**{claim: ...}))) == "exp or iat missing"


# --- T10, T11: who, and where ------------------------------------------------------------------------------------

ODD = [
    ...,
    None,
    "",
    " ",
    7,
    1.5,
    True,
    [],
    ["7"],
    {},
    {"id": "7"},
    "x" * 256,
    "x" * 6000,
    "7 ",
    " 7",
    "7\n",
    "7\0",
    "\ud800",
]


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("claim", ["sub", "tenantId", "jti"])
def test_names_are_plain_texts(claim, value):
    assert refused(token(body=claims(**{claim: value})))


def test_only_the_configured_tenant_claim_counts():
    found = verify(token(body=claims(tenantIds=["8", "9"], tenant="8", profile={"tenantId": "8"})))
    assert found.tenant == "7"
    assert refused(token(body=claims(tenantId=..., tenantid="7", TenantId="7", tenantIds=["7"])))


@pytest.mark.parametrize(
    ("roles", "named"),
    [
        ("administrator", ()),
        (..., ()),
        (None, ()),
        ({"admin": 1}, ()),
        (["admin", 7, None, "x" * 300], ("admin",)),
        (["a"] * 101, ()),
    ],
)
def test_roles_that_are_no_list_of_texts_are_none(roles, named):
    """Z7."""
    assert verify(token(body=claims(roles=roles))).roles == named


# --- T13: the library trips --------------------------------------------------------------------------------------

LIBRARY_ERRORS = [
    error for _name, error in inspect.getmembers(jwt.exceptions, inspect.isclass) if issubclass(error, Exception)
]


@pytest.mark.parametrize("error", [*LIBRARY_ERRORS, ValueError, TypeError, KeyError, RecursionError, OverflowError])
def test_whatever_the_library_raises_is_a_refusal(error, monkeypatch):
    def trip(*args, **kwargs):
        raise error("hard-to-find")

    monkeypatch.setattr(verifier.ALGORITHMS, "get_algorithm_by_name", trip)
    assert "hard-to-find" not in refused(GOOD)


def test_no_reason_holds_any_of_the_token():
    for bad in (GOOD[:-4] + "AAAA", token(body=claims(sub=" secret-name")), token(head=header(kid="secret-name"))):
        assert "secret-name" not in refused(bad)


# --- R2: mutated tokens --------------------------------------------------------------------------------------------

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n"


def mutated(good: str, chance: random.Random) -> str:
    """One letter changed, left out, put in or swapped; a part repeated, cut or taken from elsewhere."""
    place = chance.randrange(len(good))
    letter = chance.choice(ALPHABET)
    way = chance.randrange(8)
    if way < 3:
        return good[:place] + letter + good[place + 1 :]
    if way == 3:
        return good[:place] + good[place + 1 :]
    if way == 4:
        return good[:place] + letter + good[place:]
    if way == 5:
        return good[:place]
    parts = good.split(".")
    if way == 6:
        chance.shuffle(parts)
        return ".".join(parts)
    which = chance.randrange(3)
    data = bytearray(verifier.decoded(parts[which]))
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    parts[which] = forge.b64(bytes(data))
    return ".".join(parts)


def test_of_twenty_thousand_mutated_tokens_none_is_accepted():
    chance = random.Random(20261121)
    accepted = []
    for _round in range(20_000):
        bad = mutated(GOOD, chance)
        if bad != GOOD and accepts(bad):
            accepted.append(bad)
    assert accepted == []
    assert accepts(GOOD)


# --- One verifier -----------------------------------------------------------------------------------------------------

APPS = ("config", "tenants", "accounts", "catalog")
DECODERS = {"decode", "decode_complete", "PyJWT", "PyJWS", "get_unverified_header", "get_unverified_claims"}


def uses_of_the_library() -> dict[str, set[str]]:
    """Module -> what it takes from PyJWT, read from the syntax trees."""
    found: dict[str, set[str]] = {}
    for app in APPS:
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            tree = ast.parse(path.read_text())
            names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
            froms = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
            assert not {f for f in froms if f.partition(".")[0] == "jwt"}, f"{path}: import jwt as a whole"
            assert not {f for f in froms if "strategies.jwt" in f}, f"{path}: allauth's own decoding"
            if "jwt" in names:
                uses = (n for n in ast.walk(tree) if isinstance(n, ast.Attribute))
                found[path.stem] = {n.attr for n in uses if ast.unparse(n).startswith("jwt.")}
    return found


def test_tokens_are_decoded_in_one_module():
    uses = uses_of_the_library()
    assert set(uses) == {"verifier", "keys", "local"}
    assert {module for module, names in uses.items() if names & DECODERS} == {"verifier"}
    assert uses["local"] == {"encode"}


OTHER_DECODERS = (
    "jose",
    "joserfc",
    "authlib.jose",
    "jwcrypto",
    "descope",
    "rownd",
    "auth0",
    "allauth.headless.tokens.strategies.jwt",
)
VENDORS_OWN = {
    "IdentityClientMixin",
    "validate_identity_on_token",
    "decode_jwt",
    "AccessTokenResolver",
    "parse_id_token",
}


def test_no_other_library_decodes_tokens():
    """Of Authlib and the frontegg SDK only what asks over HTTP: their own verification leaves checks out."""
    for app in APPS:
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            tree = ast.parse(path.read_text())
            modules = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
            modules |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level == 0}
            assert not [m for m in modules for other in OTHER_DECODERS if f"{m}.".startswith(f"{other}.")], path
            names = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
            names |= {a.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for a in n.names}
            assert not names & VENDORS_OWN, path


def test_no_call_turns_a_check_off():
    """The options by which the library leaves something out are nowhere, and algorithms never come from the token."""
    text = (Path(settings.BASE_DIR) / "accounts/providers/verifier.py").read_text()
    assert text.count("ALGORITHMS.") == text.count("ALGORITHMS.get_algorithm_by_name(key.algorithm)") == 1
    assert text.count("jwt.") == text.count("jwt.PyJWS()") == 1
    for app in APPS:
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            assert not {"verify_signature", "verify_aud", "verify_exp"} & set(
                path.read_text().replace('"', " ").split()
            ), path


def test_the_app_client_reads_no_token_by_itself():
    strategy = settings.HEADLESS_TOKEN_STRATEGY
    assert strategy == "accounts.providers.app_client.TokenStrategy"
    assert not hasattr(settings, "HEADLESS_JWT_PRIVATE_KEY")
