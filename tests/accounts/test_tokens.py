"""Access tokens of our own: from the app client's sign-in to their end. (T8, T11, T13, I1, Z5, V9, W8)"""

import json

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.flows import membership
from accounts.models import Role, User
from accounts.providers import local, verifier
from accounts.providers.app_client import REFRESH_ID
from tenants import signing
from tenants.models import PlatformEvent, SigningKey, Tenant
from tenants.schema import in_public, in_tenant
from tests.snapshot import snapshot
from tests.world import PASSWORD

from .programs import Program

pytestmark = pytest.mark.usefixtures("planted_api", "fresh_keys")


@pytest.fixture
def fresh_keys():
    local.KEYS.forget()
    yield
    local.KEYS.forget()


@pytest.fixture
def program(acme) -> Program:
    return Program(acme)


@pytest.fixture
def editor(program) -> dict:
    return program.tokens("editor@acme.test")


def events(kind: str) -> int:
    with in_public():
        return PlatformEvent.objects.filter(kind=kind).count()


# --- Signing in ---------------------------------------------------------------------------------------------


def test_an_app_signs_in_without_a_cookie_and_opens_the_api(acme, program):
    response = program.sign_in_by_app("editor@acme.test")
    assert response.status_code == 200
    assert not response.cookies
    token = response.json()["meta"]["access_token"]
    answer = program.who(token).json()
    assert (answer["who"], answer["through"], answer["products"]) == (acme.editor.name, "token", 4)


def test_the_token_says_what_our_verifier_and_others_need(acme, editor):
    claims, _provider = verifier.verify(editor["access_token"], entry="access", providers=[local.provider()])
    assert (claims.subject, claims.tenant) == (str(acme.editor.subject), str(acme.tenant.pk))
    assert claims.roles == ("editor",)
    assert claims.raw["exp"] - claims.raw["iat"] == 300 == editor["expires_in"]
    assert claims.issuer == "http://localhost:8000"


@pytest.mark.parametrize(("password", "status"), [(PASSWORD, 200), ("wrong wrong wrong", 400)])
def test_the_password_decides(program, password, status):
    assert program.sign_in_by_app("editor@acme.test", password).status_code == status
    assert UserSession.objects.exists() is (status == 200)


def test_nobody_signs_up_or_asks_for_more_by_the_app_client(program):
    for path in ("signup", "password/request", "email/verify", "code/request", "config", "webauthn/login", "providers"):
        assert program.send(f"/api/auth/{path}").status_code == 404
        assert program.send(f"/api/auth/app/v1/auth/{path}").status_code == 404


@pytest.mark.parametrize(
    "body", ["", "[]", "{", '"x"', "\xff", "null", '{"email": 7}', '{"email": {}, "password": []}']
)
def test_a_body_of_another_form_is_a_bad_request(program, body):
    for path in ("/api/auth/login", "/api/auth/refresh", "/api/auth/2fa"):
        response = program.generic("POST", path, body, content_type="application/json")
        assert response.status_code in (400, 401), path


def test_guessing_passwords_is_limited_here_as_on_the_page(program):
    statuses = [program.sign_in_by_app("editor@acme.test", "wrong wrong").status_code for _try in range(12)]
    assert statuses[0] == 400
    assert statuses[-1] in (400, 429)
    assert "too_many_login_attempts" in program.sign_in_by_app("editor@acme.test").content.decode()


def test_a_second_factor_is_asked_for_before_there_is_a_token(acme, program):
    TOTP.activate(acme.editor, "JBSWY3DPEHPK3PXP")
    first = program.sign_in_by_app("editor@acme.test")
    assert first.status_code == 401
    assert "access_token" not in first.json()["meta"]
    waiting = first.json()["meta"]["session_token"]
    wrong = program.send("/api/auth/2fa", {"code": "000000"}, **{"x-session-token": waiting})
    assert wrong.status_code == 400
    code = format_hotp_value(hotp_value("JBSWY3DPEHPK3PXP", next(iter(yield_hotp_counters_from_time()))))
    second = program.send("/api/auth/2fa", {"code": code}, **{"x-session-token": waiting})
    assert program.who(second.json()["meta"]["access_token"]).json()["who"] == acme.editor.name


def test_a_session_token_is_no_cookie_and_no_bearer(acme, program):
    TOTP.activate(acme.editor, "JBSWY3DPEHPK3PXP")
    waiting = program.sign_in_by_app("editor@acme.test").json()["meta"]["session_token"]
    assert not Session.objects.filter(session_key=waiting).exists()
    assert Session.objects.get().session_key not in waiting
    assert program.who(waiting).status_code == 401


def test_asking_the_api_makes_no_session(program, editor):
    before = Session.objects.count(), UserSession.objects.count()
    for _time in range(3):
        response = program.who(editor["access_token"])
        assert not response.cookies
    assert (Session.objects.count(), UserSession.objects.count()) == before


# --- The end of a token -------------------------------------------------------------------------------------


def deactivate(acme, program, token):
    membership.deactivate(actor=acme.owner, member=acme.editor)


def remove(acme, program, token):
    membership.remove(actor=acme.owner, member=acme.editor)


def leave(acme, program, token):
    membership.leave(member=acme.editor)


def sign_out(acme, program, token):
    assert program.send("/api/auth/session", token=token, method="DELETE").status_code == 401


def end_the_session(acme, program, token):
    UserSession.objects.get(user=acme.editor).end()


def end_all_sessions(acme, program, token):
    membership.end_sessions(acme.editor)


def change_password(acme, program, token):
    user = User.objects.get(pk=acme.editor.pk)
    user.set_password("another horse battery")
    user.save()


def expire_the_session(acme, program, token):
    Session.objects.update(expire_date="2020-01-01T00:00:00Z")


@pytest.mark.parametrize(
    "end",
    [
        deactivate,
        remove,
        leave,
        sign_out,
        end_the_session,
        end_all_sessions,
        change_password,
        expire_the_session,
        None,
    ],
)
def test_a_token_ends_with_its_session(acme, program, editor, end):
    if end:
        end(acme, program, editor["access_token"])
    assert program.who(editor["access_token"]).status_code == (401 if end else 200)
    assert program.refresh(editor["refresh_token"]).status_code == (401 if end else 200)


def test_a_role_taken_away_is_gone_at_the_next_request(acme, program, editor):
    """Z5. What the token says of roles opens nothing."""
    assert "catalog.change_product" in program.who(editor["access_token"]).json()["rights"]
    membership.change_role(actor=acme.owner, member=acme.editor, role=Role.objects.get(key="guest"))
    assert program.who(editor["access_token"]).json()["rights"] == []


@pytest.mark.parametrize(("minutes", "status"), [(5, 200), (7, 401)])
def test_a_token_is_good_for_five_minutes_and_a_little(program, editor, clock, minutes, status):
    clock(minutes=minutes)
    assert program.who(editor["access_token"]).status_code == status


def test_a_service_account_has_no_tokens(acme, program, editor):
    User.objects.filter(pk=acme.editor.pk).update(kind="service")
    assert program.who(editor["access_token"]).status_code == 401


def test_a_token_is_its_own_sessions_alone(acme, program, editor):
    """A token for somebody else that names the editor's session, were it ever signed."""
    listed = UserSession.objects.get()
    for who, status in (("editor", 200), ("owner", 401)):
        token, _jti = local.issue(local.ACCESS, acme.people[who], listed)
        assert program.who(token).status_code == status


# --- Refreshing ---------------------------------------------------------------------------------------------


def test_a_refresh_token_works_once(program, editor):
    answer = program.refresh(editor["refresh_token"])
    pair = answer.json()["data"]
    assert answer.status_code == 200
    assert program.who(pair["access_token"]).status_code == 200
    assert program.refresh(pair["refresh_token"]).status_code == 200


def test_a_refresh_token_that_comes_twice_ends_the_session_for_both(program, editor):
    pair = program.refresh(editor["refresh_token"]).json()["data"]
    assert program.refresh(editor["refresh_token"]).status_code == 401
    assert program.who(pair["access_token"]).status_code == 401
    assert program.refresh(pair["refresh_token"]).status_code == 401
    assert not UserSession.objects.exists()


def test_a_refresh_token_ends_after_a_day(program, editor, clock):
    clock(hours=24, minutes=2)
    assert program.refresh(editor["refresh_token"]).status_code == 401


@pytest.mark.parametrize(("hours", "status"), [(2, 401), (4, 200)])
def test_the_longest_time_of_an_organisation_binds_programs_too(acme, program, editor, clock, hours, status):
    with in_public():
        Tenant.objects.filter(pk=acme.tenant.pk).update(session_longest_hours=hours)
    clock(hours=3)
    assert program.refresh(editor["refresh_token"]).status_code == status


def test_each_kind_of_token_is_good_for_its_own_use_alone(program, editor):
    """T8."""
    assert program.who(editor["refresh_token"]).status_code == 401
    assert program.refresh(editor["access_token"]).status_code == 401
    assert program.who(**{"x-api-key": editor["access_token"]}).status_code == 401


def test_a_refused_refresh_looks_like_any_refused_credential(program, editor):
    program.refresh(editor["refresh_token"])
    bad, forged = program.refresh(editor["refresh_token"]), program.who("a.b.c")
    assert (bad.status_code, bad["WWW-Authenticate"]) == (401, forged["WWW-Authenticate"])
    assert without_id(bad) == without_id(forged)


def without_id(response) -> dict:
    return {name: value for name, value in response.json().items() if name != "request_id"}


# --- Another organisation's ---------------------------------------------------------------------------------


def test_a_token_of_acme_is_refused_by_globex_before_any_of_its_tables_is_asked(acme, globex, editor):
    """I1, T11: 403, a line in the platform's log, an alarm at the third."""
    knocking = Program(globex)
    before = snapshot(globex.tenant.schema_name)
    with CaptureQueriesContext(connection) as queries:
        response = knocking.who(editor["access_token"])
    assert response.status_code == 403
    asked = [
        q["sql"]
        for q in queries
        if '"accounts_' in q["sql"] or '"django_session' in q["sql"] or '"usersessions' in q["sql"]
    ]
    assert asked == []
    assert snapshot(globex.tenant.schema_name) == before
    assert events("cross_access_denied") == 1


def test_the_third_knock_at_another_door_raises_an_alarm(globex, editor, caplog):
    knocking, alarms = Program(globex), []
    for _knock in range(4):
        knocking.who(editor["access_token"])
        alarms.append(caplog.text.count("ALERT"))
    assert alarms == [0, 0, 1, 1]
    assert editor["access_token"] not in caplog.text


def test_a_refresh_token_is_no_use_elsewhere(globex, editor):
    assert Program(globex).refresh(editor["refresh_token"]).status_code == 401


@pytest.mark.parametrize(("made_for", "status"), [("globex", 200), ("acme", 401)])
def test_a_refresh_token_names_its_organisation(acme, globex, made_for, status):
    """All else is right: the session, the person, the newest id."""
    theirs = Program(globex)
    theirs.tokens("editor@globex.test")
    with in_tenant(globex.tenant):
        listed, editor = UserSession.objects.get(), User.objects.get(pk=globex.editor.pk)
    with in_tenant({"acme": acme, "globex": globex}[made_for].tenant):
        token, jti = local.issue(local.REFRESH, editor, listed)
    with in_tenant(globex.tenant):
        session = SessionStore(listed.session_key)
        session[REFRESH_ID] = jti
        session.save()
    assert theirs.refresh(token).status_code == status


def test_a_session_row_copied_into_another_schema_gives_no_token_there(acme, globex, editor):
    listed = UserSession.objects.get()
    row = Session.objects.get()
    with in_tenant(globex.tenant):
        for copy in (row, listed):
            copy.save(force_insert=True)
        User.objects.filter(pk=globex.editor.pk).update(password=acme.editor.password, subject=acme.editor.subject)
        forged, _jti = local.issue(local.ACCESS, User.objects.get(pk=globex.editor.pk), listed)
    assert Program(globex).who(forged).status_code == 401


# --- How it is sent -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        "bearer {}",
        "BEARER {}",
        "Bearer  {}",
        "Bearer\t{}",
        " Bearer {}",
        "Bearer {} ",
        "Bearer {}, Bearer {}",
        "Bearer {},Bearer {}",
        "Bearer",
        "Bearer ",
        "",
        "Token {}",
        "Basic {}",
        "{}",
    ],
)
def test_there_is_one_way_to_send_a_token(program, editor, form):
    """T13."""
    text = form.format(*[editor["access_token"]] * 2)
    assert program.who(authorization=text).status_code == 401
    assert program.who(authorization=f"Bearer {editor['access_token']}").status_code == 200


def test_a_token_in_the_address_or_the_body_is_nobodys(program, editor):
    token = editor["access_token"]
    assert program.get("/api/who", {"access_token": token}).json()["who"] is None
    assert program.post("/api/who", {"access_token": token}).json()["who"] is None


def test_two_credentials_are_one_too_many(program, editor):
    headers = {"authorization": f"Bearer {editor['access_token']}", "x-api-key": "tnt_x"}
    assert program.who(**headers).status_code == 401


def test_the_header_wins_over_the_cookie(acme, client_as, editor):
    """And the cookie's session is neither read nor ended."""
    owner = client_as("owner")
    both = owner.get("/api/who", headers={"authorization": f"Bearer {editor['access_token']}"})
    assert both.json()["who"] == acme.editor.name
    assert not both.cookies
    assert owner.get("/api/who", headers={"authorization": "Bearer nonsense"}).status_code == 401
    assert owner.get("/api/who").json() | {"who": acme.owner.name, "through": "session"} == owner.get("/api/who").json()


@pytest.mark.parametrize("path", ["/products/", "/profile/", "/members/", "/"])
def test_pages_take_no_token(program, editor, path):
    headers = {"authorization": f"Bearer {editor['access_token']}"}
    response = program.get(path, headers=headers)
    assert response.status_code == 302
    assert program.get("/account/login/", headers=headers).status_code == 200


def test_every_refusal_has_one_and_the_same_body(program, editor, clock):
    answers = [
        program.who(text) for text in ("rubbish", "a.b.c", editor["refresh_token"], "tnt_" + "a" * 12 + "_" + "b" * 43)
    ]
    clock(hours=1)
    answers.append(program.who(editor["access_token"]))
    assert {(a.status_code, a["WWW-Authenticate"]) for a in answers} == {(401, 'Bearer error="invalid_token"')}
    assert len({json.dumps(without_id(answer)) for answer in answers}) == 1


def test_a_refusal_writes_nothing_of_the_tenants(acme, program, editor):
    before = snapshot(acme.tenant.schema_name)
    assert program.who("a.b.c").status_code == 401
    assert snapshot(acme.tenant.schema_name) == before
    assert events("token_rejected") == 1


# --- The keys -----------------------------------------------------------------------------------------------


def published(client) -> list[str]:
    return [key["kid"] for key in client.get("/.well-known/jwks.json").json()["keys"]]


def test_the_key_set_is_public_and_holds_no_secret(visitor, public_client):
    for client in (visitor, public_client):
        response = client.get("/.well-known/jwks.json")
        (key,) = response.json()["keys"]
        assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}
        assert response["Cache-Control"] == "public, max-age=300"
        assert client.post("/.well-known/jwks.json").status_code == 405


def test_the_private_half_is_not_readable_in_the_database(acme):
    with in_public():
        key = SigningKey.objects.get()
    assert "PRIVATE" not in key.private_pem_encrypted
    assert key.kid == signing.public_jwk(signing.current()[1].public_key())["kid"]


def test_rotation_refuses_no_good_token(acme, program, editor, visitor, clock, capsys):
    old = published(visitor)
    call_command("rotate_signing_key")
    assert published(visitor)[1:] == old
    assert signing.current()[0] == old[0], "published first, and signs later"
    clock(minutes=4)
    last_of_the_old = program.refresh(editor["refresh_token"]).json()["data"]
    clock(minutes=11)
    assert signing.current()[0] != old[0]
    newer = program.refresh(last_of_the_old["refresh_token"]).json()["data"]
    assert program.who(newer["access_token"]).status_code == 200
    assert len(published(visitor)) == 2
    clock(hours=24, minutes=12)
    assert published(visitor) != old
    assert len(published(visitor)) == 1


def test_rotating_at_once_ends_every_token(program, editor, visitor, capsys):
    old = published(visitor)
    assert program.who(editor["access_token"]).status_code == 200
    call_command("rotate_signing_key", "--at-once")
    local.KEYS.forget()  # what a minute does
    assert set(published(visitor)).isdisjoint(old)
    assert program.who(editor["access_token"]).status_code == 401
    assert program.who(program.tokens("editor@acme.test")["access_token"]).status_code == 200


def test_a_changed_secret_still_reads_the_key_while_the_old_one_is_a_fallback(program, settings):
    before = settings.SECRET_KEY
    signing._private_key.cache_clear()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "changed " * 8, [before]
    assert signing.current()
    signing._private_key.cache_clear()
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(signing.NoSigningKey, match="SECRET_KEY_FALLBACKS"):
        signing.current()


def test_migrating_makes_the_first_key_and_no_second(acme):
    assert signing.make_first("default") is False
    with in_public():
        SigningKey.objects.all().delete()
    assert signing.make_first("default") is True
    assert signing.make_first("default") is False


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"email": ' + "9" * 5000 + "}", '{"email": "a@b.test", "password": "\\ud800"}']
)
@pytest.mark.parametrize("path", ["/api/auth/login", "/api/auth/refresh", "/api/auth/session", "/api/auth/2fa"])
def test_odd_bodies_are_refused_and_no_error_of_ours(program, path, body):
    response = program.generic("POST", path, body, content_type="application/json")
    assert response.status_code in (400, 401, 405)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD"])
def test_no_other_method_tells_whether_a_password_is_right(program, method):
    sent = {"email": "editor@acme.test", "password": PASSWORD}
    answers = [
        program.send("/api/auth/login", {**sent, "password": password}, method=method).status_code
        for password in (PASSWORD, "wrong")
    ]
    assert answers == [405, 405]
