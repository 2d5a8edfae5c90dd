"""What providers send by themselves is a hint, believed only when it is signed, and looked into once. (T15)"""

import json
import time
from datetime import timedelta

import jwt
import pytest
from django.utils import timezone

from accounts.flows import provider_events
from accounts.models import User
from accounts.views import webhooks
from tenants.models import Errand, PlatformEvent, ProviderMessage
from tenants.schema import in_public
from tests.conftest import HostClient

NAMES = {"frontegg": "user.updated", "auth0": "organization.member.role.deleted", "descope": "UserModified"}


pytestmark = pytest.mark.parametrize("idp", sorted(NAMES), indirect=True)


@pytest.fixture
def send(idp, there):
    """`send(variant="wrong")`: the provider tells of Ada, at the public host. `event` is another body."""

    def deliver(event=None, *, path: str = "", body: bytes | None = None, method: str = "POST", **options):
        told = event or idp.event(NAMES[idp.provider.name], person=idp.world.person("ada"), tenant=there)
        message = idp.webhook(told, **options)
        path = path or f"/auth/events/{idp.provider.name}/"
        client = HostClient(enforce_csrf_checks=True)
        sent = message.body if body is None else body
        return client.generic(method, path, sent, "application/json", headers=message.headers)

    return deliver


@pytest.fixture
def demoted(idp, there, ada) -> User:
    """Ada, who holds nothing there any more, and still everything here."""
    idp.world.set_roles(idp.world.person("ada"), there, [])
    return ada


def roles(user: User) -> set[str]:
    return {role.key for role in User.objects.get(pk=user.pk).roles}


def test_a_signed_event_makes_the_person_what_the_provider_says(send, demoted):
    response = send()
    assert (response.status_code, response.content) == (202, b"")
    assert roles(demoted) == set()


def test_who_has_left_is_no_member_any_more(send, idp, there, ada, olive):
    event = idp.event(NAMES[idp.provider.name], person=idp.world.person("ada"), tenant=there)
    idp.world.leave(idp.world.person("ada"), there)
    assert send(event).status_code == 202
    assert User.objects.get(pk=ada.pk).removed_at
    assert User.objects.get(pk=olive.pk).removed_at is None


@pytest.mark.parametrize("variant", ["wrong", "absent", "none", "plain"])
def test_a_forged_event_is_refused_and_changes_nothing(send, idp, demoted, variant):
    idp.requests.clear()
    response = send(variant=variant)
    assert (response.status_code, response.content) == (400, b"")
    assert roles(demoted) == {"editor"}
    assert idp.requests == []
    with in_public():
        assert not ProviderMessage.objects.exists()
        assert PlatformEvent.objects.filter(kind=PlatformEvent.Kind.TOKEN_REJECTED).count() == 1


def test_what_is_refused_leaves_no_word_of_it_in_the_log(send, idp, demoted, caplog):
    for variant in ("wrong", "plain"):
        send(variant=variant)
    secrets = [value for name, value in idp.environment().items() if "WEBHOOK" in name]
    assert not [secret for secret in secrets if secret in caplog.text]
    assert "ada@acme.test" not in caplog.text


@pytest.mark.parametrize("minutes", [6, -3], ids=["old", "of tomorrow"])
def test_an_event_of_another_time_is_refused(send, idp, demoted, clock, there, minutes):
    event = idp.event(NAMES[idp.provider.name], person=idp.world.person("ada"), tenant=there)
    clock(minutes=minutes)
    assert send(event).status_code == (400 if idp.provider.name != "frontegg" or minutes else 202)
    assert roles(demoted) == {"editor"}


def test_a_token_that_does_not_say_when_it_was_made_is_refused(idp, there, demoted, acme):
    """Frontegg's: it binds no body, so it would be good for any, for ever."""
    if idp.provider.name != "frontegg":
        return
    event = idp.event(NAMES["frontegg"], person=idp.world.person("ada"), tenant=there)
    for times, status in (({}, 400), ({"iat": "now"}, 400), ({"iat": None}, 400), ({"iat": int(time.time())}, 202)):
        headers = {"x-webhook-secret": jwt.encode({"a": 1} | times, idp.provider.webhook_secret, "HS256")}
        body = json.dumps({**event, "n": repr(times)})
        sent = HostClient().generic("POST", "/auth/events/frontegg/", body, "application/json", headers=headers)
        assert sent.status_code == status, times
        assert roles(demoted) == (set() if status == 202 else {"editor"})


def test_the_same_event_twice_is_looked_into_once(send, idp, there, demoted, monkeypatch):
    event = idp.event(NAMES[idp.provider.name], person=idp.world.person("ada"), tenant=there)
    message = idp.webhook(event)
    monkeypatch.setattr(idp, "webhook", lambda *args, **kwargs: message)
    assert send(event).status_code == 202
    idp.requests.clear()
    assert send(event).status_code == 202
    assert idp.requests == []


def test_the_order_of_events_does_not_matter(send, idp, there, demoted):
    """Each only has the provider asked: an old one that comes late tells nothing old."""
    name, person = NAMES[idp.provider.name], idp.world.person("ada")
    first, second = (idp.event(name, person=person, tenant=there) for _ in range(2))
    send(second)
    idp.world.set_roles(person, there, ["Viewer"])
    assert first != second or idp.provider.name != "auth0"
    send({**first, "data": {**(first.get("data") or {}), "more": 1}})
    assert roles(demoted) == {"viewer"}


def test_an_event_of_another_organisation_changes_nothing_here(send, idp, demoted):
    other = idp.world.add_tenant("nobody-id", name="Nobody's")
    idp.world.join(idp.world.person("ada"), other, ["Editor"])
    assert send(idp.event(NAMES[idp.provider.name], person=idp.world.person("ada"), tenant=other)).status_code == 202
    assert roles(demoted) == {"editor"}
    with in_public():
        assert not ProviderMessage.objects.exists()


def test_what_an_event_says_of_roles_is_not_believed(send, idp, there, ada):
    """The provider is asked: the body may be anybody's, as Frontegg's is."""
    event = idp.event(NAMES[idp.provider.name], person=idp.world.person("ada"), tenant=there)
    text = json.dumps(event).replace("Editor", "Owner")
    assert send(json.loads(text)).status_code == 202
    assert roles(ada) == {"editor"}


def test_a_body_of_another_shape_is_refused(send, demoted):
    for body in (b"", b"{", b"[]", b"7", b"null", b'{"a": ' * 3000, b"\xff\xfe"):
        assert send(body=body).status_code == 400, body
    assert roles(demoted) == {"editor"}


def test_no_shape_of_a_field_is_an_error_of_ours(send, idp, there, ada):
    event = idp.event(NAMES[idp.provider.name], person=idp.world.person("ada"), tenant=there)
    for name in event:
        for value in (None, 7, [], {"a": []}, "x" * 5000):
            assert send({**event, name: value}).status_code in (202, 400), (name, value)
    assert roles(ada) == {"editor"}


def test_a_body_that_is_too_large_is_refused_however_well_signed(send, idp, there, demoted):
    event = idp.event(NAMES[idp.provider.name], person=idp.world.person("ada"), tenant=there)
    sound = idp.webhook(event).body
    assert send(event, body=sound.ljust(webhooks.MOST_BYTES + 1)).status_code == 400
    assert roles(demoted) == {"editor"}
    assert send(event, body=sound.ljust(webhooks.MOST_BYTES - 1)).status_code == 202
    assert roles(demoted) == set()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_it_is_posted_and_nothing_else(send, demoted, method):
    assert send(method=method).status_code == 405


@pytest.mark.parametrize("provider", ["nobody", "local", "rownd", "oidc"])
def test_there_is_no_such_address_for_who_sends_none(send, ada, provider):
    assert send(path=f"/auth/events/{provider}/").status_code == 404


def test_it_is_not_there_on_an_organisations_host(idp, acme, there):
    response = HostClient(acme.tenant.host).post(f"/auth/events/{idp.provider.name}/")
    assert response.status_code == 404


def test_who_goes_on_guessing_is_told_to_stop(send, settings, demoted):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "refused_credential": "2/m/ip"}
    assert [send(variant="wrong").status_code for _ in range(3)] == [400, 400, 429]
    assert send().status_code == 202


def test_without_a_secret_in_the_settings_nothing_is_believed(send, idp, demoted, settings):
    name = idp.provider.name
    empty = {each: "" for each in settings.PROVIDERS[name] if "WEBHOOK" in each}
    settings.PROVIDERS = {name: settings.PROVIDERS[name] | empty}
    for variant in ("signed", "absent", "none", "plain"):
        assert send(variant=variant).status_code == 400
    assert roles(demoted) == {"editor"}


def test_an_answer_does_not_wait_for_the_provider(send, idp, demoted, monkeypatch):
    """What an event asks for is noted with it, and left to a thread: it stays noted if that does nothing."""
    monkeypatch.setattr(provider_events, "in_background", lambda: None)
    idp.requests.clear()
    assert send().status_code == 202
    assert idp.requests == []
    with in_public():
        assert Errand.objects.get().subjects == [demoted.subject]


def test_what_could_not_be_looked_into_is_looked_into_by_the_next_round(send, idp, demoted, acme):
    with in_public():
        Errand.objects.create(tenant_id=acme.tenant.pk, read_at=timezone.now() + timedelta(hours=1))
    idp.faults.answer("/", 503, times=None)
    assert send().status_code == 202
    with in_public():
        assert Errand.objects.get().subjects == [Errand.EVERYBODY]
    idp.faults.clear()
    provider_events.in_background()
    assert roles(demoted) == set()


def test_the_plain_secret_is_taken_only_where_that_is_set_up_and_then_alone(idp, send, demoted, settings):
    if idp.provider.name != "frontegg":  # the others know no such thing
        assert send(variant="plain").status_code == 400
        return
    secret = {"WEBHOOK_PLAIN_SECRET": idp.provider.webhook_secret}
    settings.PROVIDERS = {"frontegg": settings.PROVIDERS["frontegg"] | secret}
    assert [send(variant=each).status_code for each in ("signed", "wrong", "absent", "plain")] == [400, 400, 400, 202]
    assert roles(demoted) == set()
