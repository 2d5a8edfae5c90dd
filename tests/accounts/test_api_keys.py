"""API keys: made by a person at the page, never mightier than their holder, dead at once. (T13, Z5, Z8, V9, L8)"""

import json
import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from guardian.shortcuts import assign_perm

from accounts.exceptions import NotYours
from accounts.flows import api_keys, membership
from accounts.models import RIGHTS_OF_PEOPLE, ApiKey, Role, User
from accounts.roles import SYSTEM_ROLES
from tenants.models import PlatformEvent
from tenants.schema import in_public, in_tenant
from tests.conftest import HostClient
from tests.snapshot import snapshot

from .programs import Program

pytestmark = pytest.mark.usefixtures("planted_api")

TEXT = re.compile(r"tnt_[a-z0-9]{12}_[A-Za-z0-9_-]{43}")
SEE, CHANGE = "catalog.view_product", "catalog.change_product"


@pytest.fixture
def program(acme) -> Program:
    return Program(acme)


@pytest.fixture
def key_of(acme):
    """`key_of("editor", "catalog.view_product")`: a key of theirs, and its text."""

    def make(who: str, *rights: str, **fields) -> tuple[ApiKey, str]:
        actor = User.objects.get(pk=acme.people[who].pk)
        fields = {"name": "Script", "expires_at": timezone.now() + timedelta(days=1), **fields}
        return api_keys.create(actor=actor, rights=rights or [SEE], **fields)

    return make


def form(**fields):
    ends = timezone.localdate() + timedelta(days=30)
    return {"name": "Nightly import", "rights": [SEE], "expires_on": ends, "addresses": "", **fields}


def make(client, path="/api-keys/new/", **fields) -> str:
    """Make one at the page; the text that it shows."""
    return TEXT.search(client.post(path, form(**fields)).content.decode())[0]


# --- Making one ------------------------------------------------------------------------------------------


def test_a_key_made_at_the_page_opens_the_api(client_as, program):
    response = client_as("viewer").post("/api-keys/new/", form())
    text = TEXT.search(response.content.decode())[0]
    key = ApiKey.objects.get()
    assert (response.status_code, "no-store" in response["Cache-Control"]) == (200, True)
    assert (key.user.email, key.rights, key.state) == ("viewer@acme.test", [SEE], "active")
    assert program.who(text).json()["who"] == str(key.user)
    assert program.who(**{"x-api-key": text}).json()["through"] == "key"


def test_the_key_is_nowhere_but_on_that_page(client_as, program, caplog):
    client = client_as("viewer")
    text = make(client)
    secret = text.split("_", 2)[2]
    key = ApiKey.objects.get()
    assert secret not in str([getattr(key, field.name) for field in ApiKey._meta.fields])
    page = client.get("/api-keys/").content.decode()
    assert key.prefix in page
    assert secret not in page + str(dict(client.session))
    program.who(text)
    program.who(f"{text[:-1]}!")
    assert secret not in caplog.text


@pytest.mark.parametrize(("who", "right", "status"), [("editor", CHANGE, 200), ("viewer", CHANGE, 403)])
def test_nobody_puts_more_into_a_key_than_he_holds(client_as, who, right, status):
    assert client_as(who).post("/api-keys/new/", form(rights=[right])).status_code == status
    assert ApiKey.objects.exists() is (status == 200)


@pytest.mark.parametrize(("who", "right"), [("editor", CHANGE), ("viewer", CHANGE)])
def test_the_flow_asks_again(key_of, who, right):
    if who == "viewer":
        with pytest.raises(NotYours):
            key_of(who, right)
    else:
        assert key_of(who, right)[0].rights == [right]


@pytest.mark.parametrize(("who", "service"), [("editor", True), ("guest", False)])
def test_the_flow_asks_for_the_right_to_make_keys(acme, key_of, who, service):
    assign_perm(SEE, acme.guest, acme.coffee)
    with pytest.raises(PermissionDenied):
        key_of(who, SEE, service=service)
    assert key_of("admin", SEE, service=service)[0].rights == [SEE]


def test_a_right_on_one_row_can_be_put_into_a_key(acme, client_as, program):
    assign_perm(CHANGE, acme.viewer, acme.coffee)
    text = make(client_as("viewer"), rights=[CHANGE])
    assert program.who(text).json()["rights"] == []
    assert ApiKey.objects.get().rights == [CHANGE]


@pytest.mark.parametrize("right", sorted(RIGHTS_OF_PEOPLE & SYSTEM_ROLES["owner"].permissions))
def test_what_only_people_do_is_in_no_key(client_as, key_of, program, right):
    assert client_as("owner").post("/api-keys/new/", form(rights=[right])).status_code == 403
    key, text = key_of("owner")
    ApiKey.objects.filter(pk=key.pk).update(rights=[SEE, right])  # as if it had been put there
    assert program.who(text).json()["rights"] == [SEE]


@pytest.mark.parametrize(("who", "status"), [("viewer", 200), ("guest", 403), ("stranger", 403)])
def test_who_may_make_keys_of_his_own(client_as, who, status):
    client = client_as(who)
    assert client.get("/api-keys/new/").status_code == status
    assert client.post("/api-keys/new/", form()).status_code == status


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 81),
        ("name", "a\0b"),
        ("name", "a\u202eb"),
        ("rights", []),
        ("expires_on", ""),
        ("expires_on", "soon"),
        ("expires_on", "0001-01-01"),
        ("expires_on", "9999-12-31"),
        ("expires_on", timezone.localdate() - timedelta(days=1)),
        ("expires_on", timezone.localdate() + timedelta(days=366)),
        ("addresses", "nowhere"),
        ("addresses", "10.0.0.0/33"),
        ("addresses", "fe80::1%eth0"),
        ("addresses", "1" * 2001),
        ("addresses", "\n".join(f"10.0.0.{n}" for n in range(21))),
    ],
)
def test_what_is_typed_wrongly_is_said_and_nothing_is_made(client_as, field, value):
    response = client_as("viewer").post("/api-keys/new/", form(**{field: value}))
    assert response.status_code == 422
    assert f'id="id_{field}_error"' in response.content.decode()
    assert not ApiKey.objects.exists()


def test_a_form_that_was_refused_keeps_what_was_ticked(client_as):
    page = client_as("viewer").post("/api-keys/new/", form(name="")).content.decode()
    assert re.search(rf'value="{SEE}"[^>]* checked', page)
    assert not re.search(r'value="catalog.view_category"[^>]* checked', page)


def test_the_number_of_keys_a_day_is_limited(client_as):
    client = client_as("viewer")
    statuses = [client.post("/api-keys/new/", form()).status_code for _key in range(51)]
    assert statuses == [200] * 50 + [429]
    assert ApiKey.objects.count() == 50


# --- What it opens -----------------------------------------------------------------------------------------


def test_a_key_opens_no_more_than_was_put_into_it(key_of, program):
    answer = program.who(key_of("editor")[1]).json()
    assert (answer["rights"], answer["products"], answer["sees_members"]) == ([SEE], 4, False)
    assert program.who(key_of("editor", "accounts.view_user")[1]).json()["products"] == 0


def test_a_key_loses_what_its_holder_loses(acme, key_of, program):
    """Z5."""
    text = key_of("editor", SEE, CHANGE)[1]
    assert program.who(text).json()["rights"] == [CHANGE, SEE]
    membership.change_role(actor=acme.owner, member=acme.editor, role=Role.objects.get(key="viewer"))
    assert program.who(text).json()["rights"] == [SEE]


def test_a_key_makes_and_ends_no_keys(acme, key_of, program):
    key, _text = key_of("owner", SEE)
    user = User.objects.get(pk=acme.owner.pk)
    for limits in (key.limits, frozenset({api_keys.MAKE_OWN, api_keys.REVOKE_ALL})):
        user.limits = limits
        with pytest.raises(PermissionDenied):
            api_keys.create(actor=user, name="x", rights=[SEE], expires_at=key.expires_at)
        with pytest.raises(PermissionDenied):
            api_keys.revoke(actor=user, key=key)
    assert ApiKey.objects.get().revoked_at is None


def test_a_key_manages_nobody_who_holds_more_than_it(acme, key_of):
    """Z8. An owner's key that may change people, but no products, cannot touch an editor."""
    user = User.objects.get(pk=acme.owner.pk)
    user.limits = frozenset({"accounts.view_user", "accounts.change_user"})
    with pytest.raises(NotYours):
        membership.deactivate(actor=user, member=acme.editor)
    assert User.objects.get(pk=acme.editor.pk).is_active


def test_a_key_is_no_sign_in(key_of, program):
    text = key_of("owner")[1]
    for headers in ({"authorization": f"Bearer {text}"}, {"x-api-key": text}):
        assert program.get("/products/", headers=headers).status_code == 302
        assert program.send("/api/auth/session", method="GET", **headers).status_code == 401


# --- Its end ------------------------------------------------------------------------------------------------


def revoked_by_its_owner(acme, key):
    api_keys.revoke(actor=acme.editor, key=key)


def revoked_by_an_admin(acme, key):
    api_keys.revoke(actor=acme.admin, key=key)


def expired(acme, key):
    ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now())


def deactivated(acme, key):
    membership.deactivate(actor=acme.owner, member=acme.editor)


def removed(acme, key):
    membership.remove(actor=acme.owner, member=acme.editor)


def left(acme, key):
    membership.leave(member=acme.editor)


@pytest.mark.parametrize("end", [revoked_by_its_owner, revoked_by_an_admin, expired, deactivated, removed, left, None])
def test_a_key_is_dead_at_the_next_request(acme, key_of, program, end):
    key, text = key_of("editor")
    if end:
        end(acme, key)
    assert program.who(text).status_code == (401 if end else 200)


def test_keys_of_a_removed_member_do_not_come_back_with_him(acme, key_of, program):
    text = key_of("editor")[1]
    membership.remove(actor=acme.owner, member=acme.editor)
    User.objects.filter(pk=acme.editor.pk).update(is_active=True, removed_at=None)
    assert program.who(text).status_code == 401
    assert ApiKey.objects.get().state == "revoked"


def test_keys_of_a_deactivated_member_rest_until_he_is_back(acme, key_of, program):
    text = key_of("editor")[1]
    membership.deactivate(actor=acme.owner, member=acme.editor)
    assert program.who(text).status_code == 401
    membership.reactivate(actor=acme.owner, member=acme.editor)
    assert program.who(text).status_code == 200


@pytest.mark.parametrize(("who", "status"), [("editor", 302), ("admin", 302), ("viewer", 404), ("stranger", 404)])
def test_who_may_revoke_a_key_at_the_page(client_as, key_of, who, status):
    key, _text = key_of("editor")
    client = client_as(who)
    assert client.get(f"/api-keys/{key.pk}/revoke/").status_code == (200 if status == 302 else 404)
    assert client.post(f"/api-keys/{key.pk}/revoke/").status_code == status
    assert bool(ApiKey.objects.get().revoked_at) is (status == 302)


def test_who_sees_all_keys_but_may_not_end_them_is_told_so(acme, client_as, key_of):
    key, _text = key_of("editor")
    group = Role.objects.get(key="viewer").group
    assign_perm("accounts.view_apikey", group)
    client = client_as("viewer")
    assert client.get("/organisation/api-keys/").status_code == 200
    assert client.post(f"/api-keys/{key.pk}/revoke/").status_code == 403
    assert ApiKey.objects.get().revoked_at is None


def test_revoking_twice_is_revoking_once(client_as, key_of):
    key, _text = key_of("editor")
    client = client_as("editor")
    first = [client.post(f"/api-keys/{key.pk}/revoke/").status_code, ApiKey.objects.get().revoked_at]
    again = [client.post(f"/api-keys/{key.pk}/revoke/").status_code, ApiKey.objects.get().revoked_at]
    assert first == again


# --- The organisation's own ------------------------------------------------------------------------------------


def test_a_service_key_has_the_least_role_that_does_and_outlives_its_maker(acme, client_as, program):
    text = make(client_as("admin"), "/organisation/api-keys/new/", rights=[SEE, CHANGE])
    account = ApiKey.objects.get().user
    assert (account.kind, account.issuer, account.email, account.name) == ("service", "service", "", "Nightly import")
    assert [role.key for role in account.roles] == ["editor"]
    membership.remove(actor=acme.owner, member=acme.admin)
    assert program.who(text).json()["rights"] == [CHANGE, SEE]


def test_a_service_account_is_no_member_and_cannot_sign_in(acme, client_as):
    make(client_as("admin"), "/organisation/api-keys/new/")
    account = ApiKey.objects.get().user
    assert account not in User.objects.members()
    assert not account.has_usable_password()
    assert account.name not in client_as("owner").get("/members/").content.decode()


def test_a_service_account_goes_with_its_key(acme, client_as, program):
    text = make(client_as("admin"), "/organisation/api-keys/new/")
    client_as("owner").post(f"/api-keys/{ApiKey.objects.get().pk}/revoke/")
    account = ApiKey.objects.get().user
    assert (account.is_active, account.groups.count()) == (False, 0)
    assert program.who(text).status_code == 401


@pytest.mark.parametrize(("who", "status"), [("admin", 200), ("editor", 403), ("viewer", 403)])
def test_who_may_make_keys_of_the_organisation(client_as, who, status):
    client = client_as(who)
    assert client.post("/organisation/api-keys/new/", form()).status_code == status
    assert client.get("/organisation/api-keys/").status_code == status
    assert User.objects.filter(kind="service").exists() is (status == 200)


def test_a_service_key_that_no_role_covers_is_not_made(acme, client_as):
    """The maker holds both rights by two roles; neither role alone would do for the account."""
    guest, viewer = (Role.objects.get(key=key).group for key in ("guest", "viewer"))
    viewer.permissions.clear()
    for group, right in ((guest, SEE), (guest, "accounts.add_service_apikey"), (viewer, "catalog.view_category")):
        assign_perm(right, group)
    acme.viewer.groups.add(guest)
    client, path = client_as("viewer"), "/organisation/api-keys/new/"
    refused = client.post(path, form(rights=[SEE, "catalog.view_category"]))
    assert refused.status_code == 422
    assert "No role that you may give" in refused.content.decode()
    assert client.post(path, form(rights=[SEE])).status_code == 200


# --- Where from --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("addresses", "client", "status"),
    [
        ("", "203.0.113.9", 200),
        ("203.0.113.9", "203.0.113.9", 200),
        ("203.0.113.0/24, 2001:db8::/32", "203.0.113.200", 200),
        ("203.0.113.0/24, 2001:db8::/32", "2001:db8::7", 200),
        ("203.0.113.0/24", "::ffff:203.0.113.9", 200),
        ("203.0.113.0/24", "198.51.100.1", 401),
        ("203.0.113.9", "2001:db8::7", 401),
    ],
)
def test_a_key_is_good_from_its_addresses_alone(client_as, program, addresses, client, status):
    text = make(client_as("viewer"), addresses=addresses)
    response = program.get("/api/who", headers={"authorization": f"Bearer {text}"}, REMOTE_ADDR=client)
    assert response.status_code == status


def test_a_forwarded_address_that_nobody_vouches_for_is_none(client_as, program):
    text = make(client_as("viewer"), addresses="203.0.113.9")
    headers = {"authorization": f"Bearer {text}", "x-forwarded-for": "203.0.113.9", "x-real-ip": "203.0.113.9"}
    assert program.get("/api/who", headers=headers, REMOTE_ADDR="198.51.100.1").status_code == 401


def test_the_last_use_is_noted_in_steps_of_five_minutes(key_of, program, clock):
    text = key_of("viewer")[1]
    program.who(text)
    first = ApiKey.objects.get().last_used_at
    clock(minutes=4)
    program.who(text)
    assert ApiKey.objects.get().last_used_at == first
    clock(minutes=6)
    program.who(text)
    assert ApiKey.objects.get().last_used_at > first
    assert ApiKey.objects.get().last_used_from == "127.0.0.1"


# --- Refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage", [lambda t: t[:-1], lambda t: t + "a", lambda t: t.upper(), lambda t: t.replace("tnt", "tnx")]
)
def test_a_key_that_is_nearly_right_is_wrong(key_of, program, damage):
    text = key_of("viewer")[1]
    assert program.who(damage(text)).status_code == 401
    assert program.who(**{"x-api-key": damage(text)}).status_code == 401


def test_the_prefix_alone_opens_nothing(key_of, program):
    key, text = key_of("viewer")
    _other, other = key_of("viewer")
    mixed = f"tnt_{key.prefix}_{other.split('_', 2)[2]}"
    assert program.who(mixed).status_code == 401
    assert program.who(text).status_code == 200


def test_a_key_of_acme_is_unknown_to_globex(acme, globex, key_of, program):
    text = key_of("owner")[1]
    before = snapshot(globex.tenant.schema_name)
    assert Program(globex).who(text).status_code == 401
    assert snapshot(globex.tenant.schema_name) == before
    assert program.who(text).status_code == 200


def test_all_refusals_of_keys_look_the_same(acme, key_of, program):
    dead, living = key_of("editor"), key_of("viewer", addresses=["198.51.100.0/24"])
    api_keys.revoke(actor=acme.editor, key=dead[0])
    answers = [program.who(text) for text in (dead[1], living[1], "tnt_x", "rubbish")]
    bodies = {json.dumps({k: v for k, v in a.json().items() if k != "request_id"}) for a in answers}
    assert len(bodies) == 1
    assert {a.status_code for a in answers} == {401}
    assert answers[0]["Content-Type"] == "application/problem+json"


def test_a_refused_key_is_in_the_platforms_log_and_not_in_the_tenants(acme, program):
    before = snapshot(acme.tenant.schema_name)
    assert program.who("tnt_" + "a" * 12 + "_" + "w" * 43).status_code == 401
    with in_public():
        event = PlatformEvent.objects.get()
    assert (event.kind, event.schema_name, event.address) == ("token_rejected", acme.tenant.schema_name, "127.0.0.1")
    assert "www" not in str(vars(event))  # no letter of a request's number
    assert snapshot(acme.tenant.schema_name) == before


def test_guessing_is_slowed_down_and_locks_nobody_out(key_of, program):
    """L8. The limit is for refusals alone: from the very same address the good key goes on working."""
    text = key_of("viewer")[1]
    answers = [program.who("rubbish") for _try in range(62)]
    assert [a.status_code for a in answers] == [401] * 60 + [429] * 2
    assert answers[-1]["Retry-After"] == "60"
    assert program.who(text).status_code == 200
    elsewhere = program.get("/api/who", headers={"authorization": "Bearer rubbish"}, REMOTE_ADDR="203.0.113.9")
    assert elsewhere.status_code == 401
    with in_public():
        assert PlatformEvent.objects.count() == 21  # twenty an hour from one address


# --- The pages -------------------------------------------------------------------------------------------------------


def test_everybody_sees_his_own_keys_and_no_others(client_as, key_of):
    key_of("editor", name="Editors script")
    key_of("viewer", name="Viewers script")
    page = client_as("editor").get("/api-keys/").content.decode()
    assert "Editors script" in page
    assert "Viewers script" not in page
    every = client_as("admin").get("/organisation/api-keys/").content.decode()
    assert "Editors script" in every
    assert "Viewers script" in every


def test_no_page_of_globex_shows_a_key_of_acmes(acme, globex, key_of):
    key, _text = key_of("owner", name="Acmes script")
    with in_tenant(globex.tenant):
        owner = User.objects.get(pk=globex.owner.pk)
        api_keys.create(actor=owner, name="Theirs", rights=[SEE], expires_at=key.expires_at)
    client = HostClient(globex.tenant.host).sign_in(globex.owner, globex.tenant)
    for page in ("/api-keys/", "/organisation/api-keys/"):
        text = client.get(page).content.decode()
        assert "Theirs" in text
        assert "Acmes script" not in text


def test_a_name_is_shown_as_it_was_typed(client_as, key_of):
    key_of("editor", name="<b>R&D</b>")
    page = client_as("editor").get("/api-keys/").content.decode()
    assert "&lt;b&gt;R&amp;D&lt;/b&gt;" in page
