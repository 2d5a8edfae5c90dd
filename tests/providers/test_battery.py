"""One battery for every profile: what no token gets past. Each family is a row of the threat list. (T1-T13)"""

import dataclasses
import inspect
import json
import random
import time
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.exceptions import CredentialRefused, ForeignCredential
from accounts.flows import recognise
from accounts.providers import verifier
from accounts.providers.base import Kind
from accounts.providers.keys import KeySource
from tenants.models import Tenant
from tests.accounts import forge
from tests.accounts.test_verifier import ODD, mutated

from .battery import CASES, ENTRIES, HERE, THERE, Case

each_case = pytest.mark.parametrize("case", CASES, ids=str)


def verify(case: Case, text: str, entry: str | None = None):
    entry = entry or case.kinds[case.usual].entries[0]
    return verifier.verify(text, entry=entry, providers=[case.provider])[0]


def accepts(case: Case, text: str, entry: str | None = None) -> bool:
    """Anything but a refusal fails the test: it would be an error page."""
    try:
        verify(case, text, entry)
    except CredentialRefused:
        return False
    return True


@each_case
def test_a_good_token_says_who_and_where(case):
    found = verify(case, case.token())
    assert (found.issuer, found.subject) == (case.provider.issuer, "U2person")
    assert found.tenant == (HERE if case.say_tenant else None)
    assert not found.roles or found.roles[0].lower() == "editor"


# --- T1, T2: the signature --------------------------------------------------------------------------------


@each_case
@pytest.mark.parametrize("alg", ["none", "None", "nOnE", "", None, 0, [], ["RS256"], {"a": "RS256"}, ..., True])
def test_unsigned_tokens(case, alg):
    for sign in (lambda message: b"", case.sign):
        assert not accepts(case, case.token(head={"alg": alg}, sign=sign))


@each_case
def test_signatures_that_are_not_this_tokens(case):
    good, another = case.token(), case.token(body={case.subject: "somebody-else"})
    head, body, _signature = good.split(".")
    for signature in ("", "AAAA", forge.b64(b"\0" * 256), forge.b64(b"\0" * 64), another.split(".")[2]):
        assert not accepts(case, f"{head}.{body}.{signature}")
    assert not accepts(case, case.token(sign=lambda message: forge.rs256(message, forge.OTHER_KEY)))


@each_case
@pytest.mark.parametrize("alg", ["HS256", "HS512", "RS256", "EdDSA", "ES256", "PS256"])
def test_a_public_key_is_no_secret(case, alg):
    """A profile with a shared secret is no other: its secret is not its public key, and it takes no other algorithm."""
    spellings = [
        *forge.public_spellings().values(),
        json.dumps(case.jwks[0]).encode(),
        case.jwks[0]["kid"].encode(),
        b"",
    ]
    for secret in spellings:
        assert not accepts(case, case.token(head={"alg": alg}, sign=forge.hs256(secret)))


FOREIGN_SIGNATURES = {
    "RS256": forge.rs256,
    "PS256": forge.ps256,
    "RS512": lambda m: forge.RSA_KEY.sign(m, forge.padding.PKCS1v15(), hashes.SHA512()),
    "ES256K": lambda m: forge.EC_KEY.sign(m, ec.ECDSA(hashes.SHA256())),
    "EdDSA": forge.ED_KEY.sign,
    "HS256": forge.hs256(b"x" * 32),
}


@each_case
def test_the_algorithm_is_the_keys_own(case):
    for said in FOREIGN_SIGNATURES:
        for made, sign in FOREIGN_SIGNATURES.items():
            if (said, made) != (case.algorithm, case.algorithm) or case.is_shared_secret:
                assert not accepts(case, case.token(head={"alg": said}, sign=sign)), (said, made)


@pytest.mark.parametrize("case", [case for case in CASES if not case.is_shared_secret], ids=str)
def test_a_published_key_of_another_algorithm_is_not_used(case):
    """What the profile does not name is refused, though the provider itself publishes a key for it."""
    wider = dataclasses.replace(case.provider, keys=KeySource(lambda: [*case.jwks, forge.PSS_JWK]))
    text = case.token(head={"alg": "PS256", "kid": "pss"}, sign=forge.ps256)
    with pytest.raises(CredentialRefused):
        verifier.verify(text, entry=case.kinds[case.usual].entries[0], providers=[wider])


# --- T3, T4: which key -------------------------------------------------------------------------------------


@each_case
@pytest.mark.parametrize(
    "chosen",
    [
        {"jwk": forge.JWK},
        {"jwk": forge.JWK, "kid": ...},
        {"jku": "http://127.0.0.1:9/keys"},
        {"jku": "http://169.254.169.254/latest"},
        {"jku": "file:///etc/passwd"},
        {"x5u": "http://127.0.0.1:9/cert"},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"]},
        {"b64": False, "crit": ["b64"]},
        {"zip": "DEF"},
        {"enc": "A256GCM", "p2c": 2**31},
    ],
)
def test_no_header_brings_its_own_key_or_changes_how_the_rest_is_read(case, chosen):
    assert not accepts(case, case.token(head=chosen))


@each_case
@pytest.mark.parametrize(
    "kid", [..., None, "", 7, [], ["good"], {}, True, "Good", "good ", "good\0", "../../dev/null", "'", "x" * 3000]
)
def test_the_key_is_named_exactly(case, kid):
    """An environment with a secret has one key, and no names for it."""
    is_name = kid is ... or isinstance(kid, str)
    assert accepts(case, case.token(head={"kid": kid})) is (case.is_shared_secret and is_name)


@each_case
def test_a_key_of_another_provider_is_nobodys_here(case):
    stolen = dataclasses.replace(case.provider, keys=KeySource(lambda: [forge.JWK]), algorithms=frozenset({"RS256"}))
    theirs = Case(**{**vars_of(case), "name": "theirs", "issuer": "https://other.test"})
    text = theirs.token(sign=forge.rs256, head={"alg": "RS256", "kid": "good"})
    with pytest.raises(CredentialRefused, match=str(CredentialRefused.message)):
        verifier.verify(text, entry=case.kinds[case.usual].entries[0], providers=[case.provider, stolen])


def vars_of(case: Case) -> dict:
    return {each.name: getattr(case, each.name) for each in dataclasses.fields(Case)}


# --- T5: odd ways of writing --------------------------------------------------------------------------------


@each_case
def test_odd_ways_of_writing(case):
    good = case.token()
    head, body, signature = good.split(".")
    said = json.dumps(case.claims())
    for text in [
        "",
        "..",
        f"{head}..{signature}",
        f"{good}=",
        f" {good}",
        f"{good}\n",
        f"{good}.a.b",
        f"{head}.{body}\n.{signature}",
        f"é{good}",
        json.dumps({"protected": head, "payload": body, "signature": signature}),
        case.token(body="[]"),
        case.token(body=b"\xff"),
        case.token(body='{"a":' * 900 + "1" + "}" * 900),
        case.token(body=said[:-1] + f', "{case.subject}": "person-2"}}'),
        case.token(body=said[:-1] + ', "x": NaN}'),
        case.token(body=said + " x"),
        case.token(head="[" * 3000),
        case.token(body={"x": "y" * 9000}),
    ]:
        assert not accepts(case, text)


# --- T6, T7: whose it is, and for whom ------------------------------------------------------------------------


@each_case
def test_the_issuer_is_exact(case):
    good = case.issuer
    bare = good.rstrip("/")
    spellings = {f"{bare}/", bare, good[:-1], f"{good}x", good.upper(), f"evil.{good}", f"{good}\0", f"{bare}/../x"}
    swapped = good.replace("https", "http") if good.startswith("https") else good.replace("http", "https")
    odd = [..., None, "", 7, True, [good], {"iss": good}, swapped, *(spellings - set(case.provider.issuers))]
    for issuer in odd:
        assert not accepts(case, case.token(body={"iss": issuer})), issuer


@each_case
def test_a_sibling_application_of_the_same_account_gets_nowhere(case):
    ours = next(iter(case.provider.audiences))
    siblings = [
        None,
        "",
        [],
        {},
        7,
        True,
        "sibling",
        f"{ours}x",
        ours[:-1],
        ours.upper(),
        ["sibling"],
        [[ours]],
        {ours: 1},
    ]
    siblings += [[*case.provider.companions], [ours, "sibling"], [ours, None]]
    siblings += [] if case.provider.audience_may_lack else [...]
    for audience in siblings:
        assert not accepts(case, case.token(body={"aud": audience, "azp": "sibling"})), audience
    assert not accepts(case, case.token(body={"aud": ours, "azp": "sibling"}))


# --- T8: what it is for ------------------------------------------------------------------------------------------

KINDS = [(case, kind, entry) for case in CASES for kind in case.kinds for entry in ENTRIES]


@pytest.mark.parametrize(("case", "kind", "entry"), KINDS, ids=lambda each: str(each))
def test_each_kind_of_token_is_good_where_it_belongs_alone(case, kind, entry):
    assert accepts(case, case.token(kind), entry) is (entry in case.kinds[kind].entries)


@each_case
@pytest.mark.parametrize("typ", ["logout+jwt", "id+jwt", "rt+jwt", "JOSE", 7, None, ["JWT"], "JWT "])
def test_another_type(case, typ):
    assert not accepts(case, case.token(head={"typ": typ}))


# --- T9: time ----------------------------------------------------------------------------------------------------


@pytest.fixture
def at_noon(monkeypatch):
    now = timezone.now().replace(microsecond=0)
    monkeypatch.setattr(timezone, "now", lambda: now)
    return int(now.timestamp())


@each_case
def test_sixty_seconds_of_grace_and_a_day_at_most(case, at_noon):
    for good, times in [
        (True, {"iat": at_noon - 300, "exp": at_noon - 59}),
        (False, {"iat": at_noon - 300, "exp": at_noon - 60}),
        (False, {"iat": at_noon - 300, "exp": at_noon - 61}),
        (True, {"iat": at_noon, "exp": at_noon + 300, "nbf": at_noon + 60}),
        (False, {"iat": at_noon, "exp": at_noon + 300, "nbf": at_noon + 61}),
        (True, {"iat": at_noon + 60, "exp": at_noon + 300}),
        (False, {"iat": at_noon + 61, "exp": at_noon + 300}),
        (True, {"iat": at_noon, "exp": at_noon + 24 * 3600}),
        (False, {"iat": at_noon, "exp": at_noon + 24 * 3600 + 1}),
    ]:
        assert accepts(case, case.token(body=times)) is good, times


@each_case
@pytest.mark.parametrize("value", [..., None, "", "soon", "1900000000", 1.9e9, True, [], {}, 10**400, -(10**400), -1])
def test_times_are_whole_numbers_within_reason(case, value):
    assert not accepts(case, case.token(body={"exp": value}))
    assert not accepts(case, case.token(body={"iat": value}))


# --- T10, T11: who, and where ---------------------------------------------------------------------------------------


@each_case
@pytest.mark.parametrize("value", ODD)
def test_a_subject_is_a_plain_text(case, value):
    assert not accepts(case, case.token(body={case.subject: value}))


@pytest.mark.parametrize("claim", ["userId", "sub"])
@pytest.mark.parametrize("value", ODD)
def test_a_program_of_a_person_says_whose_it_is_and_which(claim, value):
    case = CASES[0]
    assert not accepts(case, case.token("userAccessToken", body={claim: value}), "x-api-key")


def on_host_of_acme(case: Case, claims) -> str:
    tenant = Tenant(provider=case.provider_key, provider_tenant_id=HERE)
    if case.name == "local":
        tenant = Tenant(pk=HERE, provider="local")
    try:
        return recognise.in_tenant_of(claims, dataclasses.replace(case.provider, complete=None), tenant).tenant
    except ForeignCredential:
        return "refused"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
lookalikes = st.sampled_from(
    [THERE, HERE.upper(), f"{HERE} ", f" {HERE}", f"{HERE}\0", [HERE], {"id": HERE}, "acme", ""]
)


@pytest.mark.parametrize("case", [case for case in CASES if case.say_tenant], ids=str)
@given(value=json_values | lookalikes)
@hypothesis_settings(max_examples=60, deadline=None)
def test_no_value_but_its_own_id_opens_an_organisation(case, value):
    """T11. Whatever stands in the tenant claim: refused as no token, or as another organisation's."""
    assert value != HERE
    try:
        claims = verify(case, case.token(body={"tenant": value}))
    except CredentialRefused:
        return
    assert claims.tenant == value
    assert on_host_of_acme(case, claims) == "refused"


@each_case
def test_another_claim_never_names_the_tenant(case):
    elsewhere = {"tenantIds": [HERE], "tenant_id": HERE, "organization": HERE, "profile": {"tenantId": HERE}}
    elsewhere |= {"metadata": {"tenantId": HERE, "org_id": HERE}, "customClaims": {"tenantId": HERE}}
    if case.say_tenant:
        claims = verify(case, case.token(body={"tenant": THERE, **elsewhere}))
        assert (claims.tenant, on_host_of_acme(case, claims)) == (THERE, "refused")
        assert on_host_of_acme(case, verify(case, case.token())) == HERE
    else:
        assert verify(case, case.token(body=elsewhere)).tenant is None


# --- T12: the address ------------------------------------------------------------------------------------------------


@each_case
@pytest.mark.parametrize("value", ["true", "True", 1, "1", None, [], [True], {"a": 1}, False])
def test_an_address_is_verified_by_the_one_word_true(case, value):
    claim = "https://auth.rownd.io/is_verified_user" if case.name == "rownd" else "email_verified"
    assert verify(case, case.token(body={claim: value})).email_verified is not True
    assert verify(case, case.token(body={claim: True})).email_verified is True


@each_case
@pytest.mark.parametrize("value", [7, None, [], {}, ["a@b.test"], " a@b.test", "a@b.test\n", "x" * 300])
def test_an_odd_address_or_name_is_none(case, value):
    found = verify(case, case.token(body={"email": value, "name": value}))
    assert (found.email, found.name) == ("", "")


# --- T13: whatever goes wrong is a refusal ---------------------------------------------------------------------

RAISED = [error for _name, error in inspect.getmembers(jwt.exceptions, inspect.isclass) if issubclass(error, Exception)]
RAISED += [ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError, MemoryError, UnicodeError]


@each_case
def test_every_exception_of_the_library_is_a_refusal(case, monkeypatch):
    good = case.token()
    for error in RAISED:

        def trip(*args, error=error, **kwargs):
            raise error("hard-to-find")

        monkeypatch.setattr(verifier.ALGORITHMS, "get_algorithm_by_name", trip)
        with pytest.raises(CredentialRefused) as caught:
            verify(case, good)
        assert "hard-to-find" not in caught.value.reason


@each_case
@given(
    shape=st.dictionaries(
        st.sampled_from(
            [
                "dct",
                "tenants",
                "org",
                "realm_access",
                "roles",
                "permissions",
                "azp",
                "aud",
                "events",
                "sub",
                "dsub",
                "userId",
                "type",
                "drn",
                "gty",
                "nonce",
                "sid",
                "jti",
                "email",
                "name",
                "org_id",
                "tenantId",
                "https://tenantry.test/roles",
            ]
        ),
        json_values,
        max_size=5,
    )
)
@hypothesis_settings(max_examples=40, deadline=None)
def test_claims_of_any_shape_trip_nobody(case, shape):
    """Well signed, at every entrance: an answer or a refusal, never an error."""
    text = case.token(body=shape)
    for entry in ENTRIES:
        if accepts(case, text, entry):
            found = verify(case, text, entry)
            assert all(isinstance(name, str) for name in (*found.roles, *found.permissions, found.subject))


@each_case
def test_no_mutated_token_is_accepted(case):
    """20,000 in all."""
    chance, good, accepted = random.Random(f"2026-{case}"), case.token(), []
    for _round in range(20_000 // len(CASES) + 1):
        bad = mutated(good, chance)
        if bad != good and accepts(case, bad):
            accepted.append(bad)
    assert accepted == []
    assert accepts(case, good)


# --- No profile can switch a check off -------------------------------------------------------------------------


@each_case
@pytest.mark.parametrize(
    "change",
    [
        {"issuers": ()},
        {"issuers": ("",)},
        {"issuers": (None,)},
        {"audiences": frozenset()},
        {"audiences": frozenset({""})},
        {"algorithms": frozenset()},
        {"algorithms": frozenset({"none"})},
        {"algorithms": frozenset({"RS256", "HS256"})},
        {"longest_life": timedelta(days=8)},
        {"longest_life": timedelta(0)},
        {"kinds": {"access": (Kind(longest_life=timedelta(days=30)),)}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_profile_without_a_check_is_none(case, change):
    with pytest.raises(ImproperlyConfigured, match="unsound"):
        dataclasses.replace(case.provider, **change)


@each_case
def test_whatever_a_profile_says_the_checks_are_made(case):
    """Paths that say yes to everything, kinds that take anything: time, signature, audience and texts stand."""
    lax = dataclasses.replace(
        case.provider,
        kinds={"access": (Kind(types=frozenset({case.header().get("typ", "").lower()})),)},
        tenant=lambda claims: HERE,
        subject=lambda claims: "anybody",
        roles=lambda claims: 7,
        permissions=lambda claims: {"p": 1},
        email_verified=lambda claims: "yes",
    )
    past = int(time.time()) - 3600
    for bad in (
        case.token(sign=lambda message: b"0" * 64),
        case.token(body={"iat": past - 60, "exp": past}),
        case.token(body={"aud": "sibling"}),
        case.token(body={"iss": "https://other.test"}),
        case.token(head={"alg": "none"}),
    ):
        with pytest.raises(CredentialRefused):
            verifier.verify(bad, entry="access", providers=[lax])
    found = verifier.verify(case.token(), entry="access", providers=[lax])[0]
    assert (found.roles, found.permissions, found.email_verified) == ((), (), False)


@each_case
@pytest.mark.parametrize("path", ["tenant", "subject", "roles", "permissions", "email_verified", "fits"])
def test_a_path_that_trips_over_a_token_refuses_it(case, path):
    """A provider of one's own choice may read claims carelessly: its tokens are then no good, and nothing breaks."""
    kind = Kind(types=frozenset({case.header().get("typ", "").lower()}))
    careless = {path: lambda claims: claims["not"]["there"]}
    if path == "fits":
        kind, careless = dataclasses.replace(kind, **careless), {}
    provider = dataclasses.replace(
        case.provider, **({"tenant": lambda claims: HERE} | careless), kinds={"access": (kind,)}
    )
    with pytest.raises(CredentialRefused):
        verifier.verify(case.token(), entry="access", providers=[provider])
