"""Roles follow the provider's word: both ways, once a token, and nothing but roles of ours. (Z5, Z7)"""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.audit.models import Entry
from accounts.flows import membership, outbox
from accounts.models import DirectoryTask, Role, RoleLink, SyncedRole, User
from accounts.providers import registry
from accounts.providers.base import BEARER, Kind
from tenants.models import PlatformEvent
from tenants.schema import in_public
from tests.snapshot import snapshot
from tests.statements import sent_by


def statements(ask, token: str, **kwargs) -> list[str]:
    """Of one good request, one by one, those that go together in a trip as well."""
    return [text for trip in sent_by(lambda: ask(token, **kwargs)) for text in trip.split("; ")]


def writes(sent: list[str]) -> list[str]:
    return [text for text in sent if text.startswith(("INSERT", "UPDATE", "DELETE"))]


@pytest.fixture
def told(monkeypatch):
    """The provider can be told of roles, and has not answered yet."""
    monkeypatch.setattr("accounts.flows.directory.can", lambda tenant, what: True)
    monkeypatch.setattr("accounts.flows.outbox.work_off", lambda *args, **kwargs: None)


# --- Both ways, once a token ------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["editor", "Editor"])
def test_a_role_comes_and_goes_with_the_next_token(there, ask, word):
    assert ask(there.token(roles=(word,))).json()["roles"] == ["editor"]
    answer = ask(there.token(seconds=1)).json()
    assert (answer["roles"], answer["permissions"]) == ([], [])
    assert ask(there.token(roles=(word,), seconds=2)).json()["roles"] == ["editor"]


def test_the_role_opens_what_it_opens_and_no_more(acme, there, ask):
    before = there.token(roles=("viewer",))
    assert ask(before, "/api/v1/products/").json()["results"]
    assert ask(before, f"/api/v1/products/{acme.coffee.pk}/", method="DELETE").status_code == 403
    after = there.token(seconds=1)
    assert ask(after, "/api/v1/products/").json()["results"] == []


def test_a_warm_request_writes_nothing_and_asks_once_for_the_person(there, ask):
    token = there.token(roles=("viewer",))
    ask(token)
    sent = statements(ask, token)
    assert writes(sent) == []
    assert len([text for text in sent if 'FROM "accounts_user" WHERE' in text]) == 1
    assert len(sent) == 3  # bind; the person with his rights; the roles that the answer shows


def test_a_new_token_that_says_the_same_is_only_noted_after_the_request(there, ask):
    ask(there.token(roles=("viewer",)))
    sent = statements(ask, there.token(roles=("viewer",), seconds=1))
    noted = writes(sent)
    assert len(noted) == 1
    assert noted[0].startswith('UPDATE "accounts_user" SET "synced_at"')
    assert sent.index(noted[0]) == len(sent) - 1
    assert len(sent) == 9  # the three of a warm request, four to compare, and two after the commit
    assert [text for text in sent if "FOR NO KEY UPDATE" in text] == [sent[-2]]


def test_a_token_of_before_brings_nothing_back(there, ask):
    earlier = there.token(roles=("admin",), seconds=-5)
    ask(there.token(roles=("viewer",)))
    assert ask(earlier).json()["roles"] == ["viewer"]


def test_a_token_that_was_followed_brings_nothing_back_within_the_same_second(there, ask):
    first, second = (there.token(roles=roles, seconds=1) for roles in (("admin",), ()))
    assert [ask(token).json()["roles"] for token in (first, second, first)] == [["admin"], [], []]


def test_roles_that_are_asked_for_are_followed_with_one_and_the_same_token(known, there, ask, monkeypatch):
    answers = [("viewer",), (), ("viewer",), ("viewer",)]
    provider = replace(
        known["frontegg"].provider,
        kinds={BEARER: (Kind("silent", is_complete=False),)},
        complete=lambda claims, tenant: claims.told(roles=answers.pop(0)),
    )
    monkeypatch.setattr(registry, "hosted_providers", lambda: {"frontegg": provider})
    token = there.token(roles=("owner",))
    assert [ask(token).json()["roles"] for _time in range(3)] == [["viewer"], [], ["viewer"]]
    assert writes(statements(ask, token)) == []


@pytest.mark.parametrize(("ago", "roles"), [(20, set()), (5, {"viewer"})])
def test_what_was_asked_for_counts_since_it_was_asked_however_old_the_token_is(
    known, acme, there, ask, told, monkeypatch, ago, roles
):
    answers = [("editor",), (), ()]
    provider = replace(
        known["frontegg"].provider,
        kinds={BEARER: (Kind("silent", is_complete=False),)},
        complete=lambda claims, tenant: claims.told(roles=answers.pop(0)),
    )
    monkeypatch.setattr(registry, "hosted_providers", lambda: {"frontegg": provider})
    token = there.token(seconds=-100)
    ask(token)
    membership.change_role(actor=acme.owner, member=there.user(), role=Role.objects.get(key="viewer"))
    ask(token)  # while it waits nothing is taken, and the answer is not taken for seen
    DirectoryTask.objects.update(done_at=timezone.now() - timedelta(seconds=ago))
    ask(token)
    assert there.roles() == roles


def test_roles_given_by_hand_stay(acme, there, ask):
    ask(there.token(roles=("viewer",)))
    there.user().groups.add(Role.objects.get(key="editor").group)
    ask(there.token(roles=("viewer", "editor"), seconds=1))
    assert there.roles() == {"viewer", "editor"}
    ask(there.token(seconds=2))
    assert there.roles() == {"editor"}


@pytest.mark.parametrize("verified", [False, "true", "True", 1, "yes", [True], {}, None, ...])
def test_no_role_and_no_staff_without_a_proven_address(there, ask, verified):
    ask(there.token(roles=("editor", "is_staff")))
    assert (there.roles(), there.user().is_staff) == ({"editor"}, True)
    response = ask(there.token(roles=("editor", "is_staff"), seconds=1, email_verified=verified, email="new@acme.test"))
    assert (response.status_code, response.json()["roles"]) == (200, [])
    assert (there.roles(), there.user().is_staff) == (set(), False)


@pytest.mark.parametrize(("word", "is_staff"), [("is_staff", True), ("staff", False), ("IS_STAFF", False)])
def test_the_staff_role_opens_the_admin_site_until_a_token_lacks_it(there, ask, word, is_staff):
    ask(there.token(roles=(word,)))
    assert there.user().is_staff is is_staff
    ask(there.token(seconds=1))
    assert there.user().is_staff is False


def test_the_staff_role_has_the_name_that_the_organisation_gave_it(connect, there, ask):
    connect("frontegg", staff_role="backoffice")
    ask(there.token(roles=("is_staff",)))
    assert there.user().is_staff is False
    ask(there.token(roles=("backoffice",), seconds=1))
    assert there.user().is_staff is True


def test_what_was_followed_has_one_line_in_the_providers_name(there, ask):
    ask(there.token())
    ask(there.token(roles=("viewer",), seconds=1))
    joined, followed = Entry.objects.filter(object_name="Ada There").order_by("pk")[:2]
    assert (joined.action, joined.actor_name) == ("joined", "Ada There")
    assert (followed.action, followed.actor_name, followed.changes["roles"]) == (
        "roles_followed",
        "Frontegg",
        [[], ["Viewer"]],
    )


def test_the_operators_hear_of_an_organisation_without_an_owner_who_can_come_in(acme, there, ask, caplog):
    ask(there.token(roles=("owner",)))
    assert acme.owner.is_local
    with caplog.at_level(logging.ERROR):
        ask(there.token(seconds=1))
    assert there.roles() == set()
    assert "has no owner any more" in caplog.text
    with in_public():
        assert PlatformEvent.objects.filter(kind="no_owner", schema_name=acme.tenant.schema_name).count() == 1


# --- Words that mean nothing (Z7) -----------------------------------------------------------------------------

NOTHING = [
    "Admin ",
    "ADMIN",
    "Аdmin",  # a Cyrillic letter
    "admin\u200b",
    "administrator",
    "superuser",
    "is_superuser",
    "accounts.own_organisation",
    "",
]


@pytest.mark.parametrize(
    "said",
    [
        *[{"roles": [word]} for word in NOTHING],
        {"roles": "admin"},
        {"roles": "administrator"},
        {"roles": {"admin": True}},
        {"roles": [["admin"]]},
        {"roles": [{"name": "admin"}]},
        {"roles": [*map(str, range(800)), "admin"]},  # more would be no token: it ends at 8 kB
        {"roles": None},
        {"superUser": True, "super_user": True, "is_superuser": True, "isSuperUser": True},
        {"permissions": ["accounts.own_organisation", "*", "fe.secure.*"]},
        {"groups": ["admin"], "role": "admin"},
    ],
    ids=lambda said: repr(said)[:40],
)
def test_what_is_no_role_of_ours_gives_nothing(there, ask, said):
    answer = ask(there.token(**said)).json()
    assert (answer["roles"], answer["permissions"]) == ([], [])
    person = there.user()
    assert (person.is_staff, person.is_superuser, person.groups.count()) == (False, False, 0)


words = st.one_of(st.text(max_size=20), st.integers(), st.none(), st.booleans(), st.lists(st.text(max_size=5)))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.one_of(words, st.lists(words, max_size=5), st.dictionaries(st.text(max_size=9), words, max_size=3)))
def test_whatever_stands_for_roles_gives_no_other_than_those_it_names(there, ask, said):
    response = ask(there.token(roles=said))
    assert response.status_code == 200
    named = {word for word in said if isinstance(word, str)} if isinstance(said, list) else set()
    ours = {role.key for role in Role.objects.all() if {role.key, role.name} & named}
    assert set(response.json()["roles"]) == ours
    assert User.objects.filter(staff_at_provider=True).exists() is ("is_staff" in named)


# --- Changed here -----------------------------------------------------------------------------------------------


def test_what_was_taken_here_comes_back_only_when_the_provider_gives_it_anew(acme, there, ask):
    ask(there.token(roles=("editor",)))
    membership.change_role(actor=acme.owner, member=there.user(), role=Role.objects.get(key="viewer"))
    said = [("editor",), ("editor",), (), ("editor",)]
    held = []
    for seconds, roles in enumerate(said, start=1):
        ask(there.token(roles=roles, seconds=seconds))
        held.append(there.roles())
    assert held == [{"viewer"}, {"viewer"}, {"viewer"}, {"viewer", "editor"}]


def test_a_role_given_back_here_is_the_providers_again(acme, there, ask):
    ask(there.token(roles=("editor",)))
    for key in ("viewer", "editor"):
        membership.change_role(actor=acme.owner, member=there.user(), role=Role.objects.get(key=key))
    ask(there.token(roles=("editor",), seconds=1))
    assert there.roles() == {"editor"}
    ask(there.token(seconds=2))
    assert there.roles() == set()


def test_until_the_provider_has_been_told_its_tokens_change_no_role(acme, there, ask, told, clock):
    ask(there.token(roles=("editor",)))
    membership.change_role(actor=acme.owner, member=there.user(), role=Role.objects.get(key="viewer"))
    task = DirectoryTask.objects.get()
    assert (task.deed, task.user, task.details) == ("set_roles", there.user(), {"roles": ["viewer"]})
    ask(there.token(roles=("editor", "is_staff"), seconds=1))
    assert (there.roles(), there.user().is_staff) == ({"viewer"}, False)


@pytest.mark.parametrize("state", ["cannot be told", "waits", "was told"])
def test_a_token_of_before_a_change_here_gives_nothing(acme, there, ask, request, state):
    if state != "cannot be told":
        request.getfixturevalue("told")
    ask(there.token(roles=("editor",), seconds=-30))
    promoted = there.token(roles=("admin", "is_staff"), seconds=-10)
    membership.change_role(actor=acme.owner, member=there.user(), role=Role.objects.get(key="viewer"))
    if state == "was told":
        DirectoryTask.objects.update(done_at=timezone.now())
    assert ask(promoted).json()["roles"] == ["viewer"]
    assert there.user().is_staff is False
    DirectoryTask.objects.update(done_at=timezone.now())
    assert set(ask(there.token(roles=("admin",), seconds=1)).json()["roles"]) >= {"admin"}


def test_the_staff_status_goes_with_the_role_that_was_taken_here(acme, there, ask):
    ask(there.token(roles=("editor", "is_staff")))
    membership.change_role(actor=acme.owner, member=there.user(), role=Role.objects.get(key="viewer"))
    assert there.user().is_staff is False
    ask(there.token(roles=("editor", "is_staff"), seconds=1))
    assert there.user().is_staff is False
    ask(there.token(roles=("viewer", "is_staff"), seconds=2))
    assert there.user().is_staff is True


def test_a_refusal_leaves_a_later_change_that_waits_as_it_is(acme, there, ask, told):
    ask(there.token(roles=("editor",)))
    for key in ("viewer", "guest"):
        membership.change_role(actor=acme.owner, member=there.user(), role=Role.objects.get(key=key))
    first, second = DirectoryTask.objects.order_by("pk")
    outbox.give_up(first, acme.tenant, "no")
    assert SyncedRole.objects.get(role__key="editor").taken_here
    ask(there.token(roles=("editor",), seconds=1))
    assert there.roles() == {"guest"}
    outbox.give_up(second, acme.tenant, "no")
    ask(there.token(roles=("editor",), seconds=2))
    assert there.roles() == {"editor"}


def test_once_it_was_told_the_providers_word_counts_again(acme, there, ask, told):
    ask(there.token(roles=("editor",)))
    membership.change_role(actor=acme.owner, member=there.user(), role=Role.objects.get(key="viewer"))
    DirectoryTask.objects.update(done_at=there.user().synced_at)
    ask(there.token(roles=("viewer",), seconds=1))
    assert there.roles() == {"viewer"}
    ask(there.token(seconds=2))
    assert there.roles() == set()
    assert not SyncedRole.objects.exists()


def test_while_a_change_waits_an_unproven_address_still_ends_all_roles(acme, there, ask, told):
    ask(there.token(roles=("editor",)))
    membership.change_role(actor=acme.owner, member=there.user(), role=Role.objects.get(key="viewer"))
    ask(there.token(roles=("editor",), seconds=1, email_verified=False))
    assert there.roles() == set()


def test_whoever_is_removed_leaves_nothing_of_the_providers_behind(acme, there, ask):
    ask(there.token(roles=("editor", "is_staff")))
    membership.remove(actor=acme.owner, member=there.user())
    assert (there.roles(), there.user().staff_at_provider, SyncedRole.objects.count()) == (set(), False, 0)


# --- The organisation's own list ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("links", "said", "roles"),
    [
        ({"chief": "admin"}, ("chief",), {"admin"}),
        ({"chief": "admin"}, ("Chief",), set()),
        ({"admin": None}, ("admin", "Admin"), {"admin"}),
        ({"admin": None, "Admin": None}, ("admin", "Admin"), set()),
        ({"admin": "viewer"}, ("admin",), {"viewer"}),
        ({"a": "viewer", "b": "viewer"}, ("a", "b"), {"viewer"}),
    ],
)
def test_a_link_takes_the_place_of_the_name(there, ask, links, said, roles):
    for word, key in links.items():
        RoleLink.objects.create(provider="frontegg", key=word, role=key and Role.objects.get(key=key))
    RoleLink.objects.create(provider="oidc", key="viewer", role=Role.objects.get(key="owner"))
    ask(there.token(roles=said))
    assert there.roles() == roles


def test_nothing_changes_while_tokens_say_the_same(there, ask):
    token = there.token(roles=("viewer",))
    ask(token)
    before = snapshot()
    for _time in range(3):
        ask(token)
    assert snapshot() == before
