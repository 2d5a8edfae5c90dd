"""An OpenID provider says that a session is over. (T15, OpenID Connect Back-Channel Logout 1.0)"""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session

from accounts.audit.models import Entry
from accounts.models import ProviderSession
from standin import REMOVE
from tenants.models import ProviderMessage
from tenants.schema import in_public, in_tenant
from tests.conftest import HostClient
from tests.sign_in.conftest import connect

from .conftest import COOKIE, Place, is_in

ADDRESS = "/auth/backchannel/oidc/"


@pytest.fixture
def send(oidc, public_client):
    """`send(token)`, as the provider does: a form, without any cookie."""
    return lambda token, path=ADDRESS: public_client.post(path, {"logout_token": token})


@pytest.fixture
def token(oidc):
    """`token(sid="…")`: a good one about Ada, but for what is said otherwise."""

    def made(*, person=oidc.ada, lifetime=None, key=None, algorithm=None, header=None, **claims) -> str:
        return oidc.idp.mint(
            "logoutToken",
            person=person,
            claims={"sid": REMOVE} | claims,
            lifetime=lifetime,
            key=key,
            algorithm=algorithm,
            header=header,
        )

    return made


def test_all_sessions_of_the_subject_end_and_no_others(oidc, send, token):
    first, second = oidc.signed_in(), oidc.signed_in()
    colleague = oidc.signed_in(oidc.person("bob", "Viewer"))
    response = send(token())
    assert (response.status_code, response.content) == (200, b"")
    assert "no-store" in response["Cache-Control"]
    assert [is_in(each) for each in (first, second, colleague)] == [False, False, True]
    assert not Session.objects.filter(pk=first.cookies[COOKIE].value).exists()


@pytest.mark.parametrize("named", [{}, {"sub": REMOVE}])
def test_the_session_that_is_named_ends_and_the_persons_other_one_goes_on(oidc, send, token, named):
    first, second = oidc.signed_in(), oidc.signed_in()
    sid = oidc.kept(first).sid
    assert sid
    assert sid != oidc.kept(second).sid
    assert send(token(sid=sid, **named)).status_code == 200
    assert [is_in(first), is_in(second)] == [False, True]


def test_sessions_end_in_every_tenant_of_the_provider(oidc, globex, send, token):
    connect(globex, "oidc", "globex-id", admits="provider")
    tenant = oidc.idp.world.add_tenant("globex-id", name="Globex")
    oidc.idp.world.join(oidc.ada, tenant, ["Viewer"])
    there = Place(oidc.idp, globex, tenant, oidc.ada)
    clients = [oidc.signed_in(), there.signed_in()]
    assert [is_in(each) for each in clients] == [True, True]
    assert send(token()).status_code == 200
    assert [is_in(each) for each in clients] == [False, False]
    globex.tenant.provider, globex.tenant.provider_tenant_id, globex.tenant.admits = "local", "", "invited"


def test_the_log_of_the_organisation_says_so(oidc, send, token):
    oidc.signed_in()
    send(token())
    line = Entry.objects.filter(action="session_ended").latest("pk")
    assert (line.actor_name, line.object_id) == ("OpenID Connect", str(oidc.user().pk))


def bad_tokens(oidc, token) -> dict[str, str]:
    """What is wrong -> the token. Each is about Ada."""
    bob = oidc.person("bob", "Viewer")
    named = {variant: oidc.idp.logout_token(oidc.ada, variant=variant) for variant in ("wrong", "none", "nonce")}
    return named | {
        "another client's": oidc.idp.logout_token(oidc.ada, variant="audience"),
        "no event": oidc.idp.logout_token(oidc.ada, variant="no_event"),
        "events in a list": oidc.idp.logout_token(oidc.ada, variant="list"),
        "the event no object": token(events={"http://schemas.openid.net/event/backchannel-logout": True}),
        "nobody": token(sub=REMOVE),
        "odd sub": token(sub=["x"]),
        "odd sid": token(sid={"a": 1}),
        "no jti": token(jti=REMOVE),
        "another issuer": token(iss="https://evil.test/realms/main"),
        "ended": token(lifetime=timedelta(seconds=-61)),
        "an ID token": oidc.idp.mint("idToken", person=oidc.ada, tenant=oidc.tenant),
        "an access token": oidc.idp.mint("accessToken", person=bob, tenant=oidc.tenant),
        "none at all": "x",
        "too long": "a" * 9000,
        "empty": "",
    }


def test_what_is_not_right_is_a_400_and_ends_nothing(oidc, send, token):
    client = oidc.signed_in()
    for what, sent in bad_tokens(oidc, token).items():
        response = send(sent)
        assert (what, response.status_code, response.content) == (what, 400, b"")
        assert "no-store" in response["Cache-Control"]
    assert is_in(client)
    with in_public():
        assert not ProviderMessage.objects.exists()


def test_a_token_works_once(oidc, send, token):
    sent = token()
    assert send(sent).status_code == 200
    client = oidc.signed_in()
    assert send(sent).status_code == 400
    assert is_in(client)


def test_ids_that_differ_at_their_end_alone_are_of_two_tokens(oidc, send, token):
    for end in ("a", "b"):
        client = oidc.signed_in()
        assert send(token(jti="x" * 254 + end)).status_code == 200
        assert not is_in(client)


def test_an_old_token_is_refused_though_it_has_not_ended(oidc, send, token):
    """Five minutes, whatever its life."""
    client = oidc.signed_in()
    for minutes, status in ((6, 400), (4, 200)):
        oidc.idp.faults.clock_offset = -timedelta(minutes=minutes)
        assert send(token(lifetime=timedelta(minutes=30))).status_code == status
        oidc.idp.faults.clear()
        assert is_in(client) is (status == 400)


@pytest.mark.parametrize("path", ["/auth/backchannel/frontegg/", "/auth/backchannel/local/", "/auth/backchannel/none/"])
def test_another_providers_address_takes_none(oidc, send, token, path):
    client = oidc.signed_in()
    assert send(token(), path).status_code == 400
    assert is_in(client)


def test_only_the_provider_calls_by_post(public_client, oidc):
    assert public_client.get(ADDRESS).status_code == 405
    assert HostClient(oidc.world.tenant.host).post(ADDRESS).status_code == 404  # it is the public host's


def test_it_wants_no_csrf_token_since_no_browser_calls(oidc, token):
    client = oidc.signed_in()
    strict = HostClient(enforce_csrf_checks=True)
    assert strict.post(ADDRESS, {"logout_token": token()}).status_code == 200
    assert not is_in(client)


def test_a_suspended_organisations_sessions_end_as_well(oidc, send, token, acme):
    oidc.signed_in()
    connect(acme, "oidc", "acme-id", status="suspended")
    assert send(token()).status_code == 200
    with in_tenant(acme.tenant):
        assert not ProviderSession.objects.exists()
    acme.tenant.status = "active"
