"""People and roles here are made what the provider says, and nothing is made of what it does not say."""

from datetime import timedelta
from io import StringIO

import pytest
from allauth.usersessions.models import UserSession
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.audit.models import Entry
from accounts.flows import directory, membership, reconcile, role_sync
from accounts.models import User
from accounts.providers import auth0_directory, descope_directory, management, rownd_directory
from accounts.providers.frontegg import directory as frontegg_directory
from tenants.models import Errand, PlatformEvent
from tenants.schema import in_public
from tests.conftest import HostClient

from .conftest import everywhere

ONE_ALONE = {"frontegg"}  # disables somebody in one organisation alone
DISABLES = {"frontegg", "descope"}  # tells of who is disabled


def run(*words: str) -> str:
    out = StringIO()
    call_command("reconcile", *words, stdout=out)
    return out.getvalue()


def now(user: User) -> User:
    return User.objects.get(pk=user.pk)


def roles(user: User) -> set[str]:
    return {role.key for role in now(user).roles}


@everywhere
def test_a_role_taken_away_there_is_gone_here(idp, there, ada):
    idp.world.set_roles(idp.world.person("ada"), there, ["Viewer"])
    assert "acme: changed: ada@acme.test" in run()
    assert roles(ada) == {"viewer"}


def test_nothing_is_written_where_nothing_differs(idp, ada, olive):
    entries = Entry.objects.count()
    assert "acme: nothing differs" in run("--tenant", "acme")
    assert Entry.objects.count() == entries


@everywhere
def test_a_token_from_before_brings_the_role_not_back(idp, there, ada, acme):
    person = idp.world.person("ada")
    said = {"email": person.email, "email_verified": True}
    kind = {"frontegg": "userToken", "auth0": "accessToken", "descope": "session", "rownd": "verified"}
    old = idp.mint(kind[idp.provider.name], person=person, tenant=there, claims=said)
    idp.world.set_roles(person, there, [])
    run()
    client = HostClient(acme.tenant.host)
    client.get("/api/v1/me/", headers={"authorization": f"Bearer {old}"})
    assert roles(ada) == set()


def test_a_role_given_by_hand_stays(idp, there, ada, acme):
    ada.groups.add(next(role.group for role in acme.owner.roles))
    idp.world.set_roles(idp.world.person("ada"), there, [])
    run()
    assert roles(ada) == {"owner"}


@everywhere
def test_who_is_gone_there_is_no_member_here_and_his_sessions_end(idp, there, ada, olive, acme):
    HostClient(acme.tenant.host).sign_in(ada, acme.tenant)
    idp.world.leave(idp.world.person("ada"), there)
    assert "acme: gone: ada@acme.test" in run()
    assert now(ada).removed_at
    assert not UserSession.objects.filter(user=ada).exists()
    assert now(olive).removed_at is None


def test_the_provider_is_not_told_what_it_has_said_itself(idp, there, ada, olive):
    idp.world.leave(idp.world.person("ada"), there)
    run()
    assert not ada.directory_tasks.exists()


def test_the_last_owner_goes_as_well_and_the_operators_are_told(idp, there, ada, olive, acme):
    acme.owner.groups.clear()
    idp.world.leave(idp.world.person("olive"), there)
    run()
    assert now(olive).removed_at
    with in_public():
        assert PlatformEvent.objects.filter(kind=PlatformEvent.Kind.NO_OWNER).count() == 1


@everywhere
def test_who_is_disabled_there_is_deactivated_here_and_let_in_again_when_enabled(idp, there, ada):
    if idp.provider.name not in ONE_ALONE:
        idp.world.person("ada").locked = True
    else:
        idp.world.disable(idp.world.person("ada"), there)
    run()
    assert now(ada).is_active == (idp.provider.name not in DISABLES)
    idp.world.person("ada").locked = False
    idp.world.disable(idp.world.person("ada"), there, False)
    run()
    assert now(ada).is_active


def test_who_was_deactivated_here_stays_so_whatever_the_provider_says(idp, ada, acme, olive):
    membership.deactivate(actor=acme.owner, member=ada)
    ada.directory_tasks.update(done_at=timezone.now() - timedelta(hours=1))
    run()
    assert not now(ada).is_active


def test_nobody_is_made(idp, there, ada):
    bea = idp.world.add_person("bea", email="bea@acme.test")
    idp.world.join(bea, there, ["Owner"])
    before = User.objects.count()
    run()
    assert User.objects.count() == before


def test_local_people_are_none_of_the_providers(idp, ada, olive, acme):
    long_ago = timezone.now() - timedelta(days=30)
    User.objects.filter(pk=acme.editor.pk).update(joined_at=long_ago)
    run()
    assert now(acme.editor).removed_at is None


def test_what_the_provider_was_not_told_yet_is_not_undone(idp, there, ada, acme, olive):
    membership.reactivate(actor=acme.owner, member=ada)
    directory.tell(directory.Deed.SET_ROLES, user=ada, roles=[])
    ada.groups.clear()
    run()
    assert roles(ada) == set()


def test_who_came_in_a_moment_ago_is_not_ended_by_an_older_list(idp, there, ada, olive):
    User.objects.filter(pk=ada.pk).update(joined_at=timezone.now())
    idp.world.leave(idp.world.person("ada"), there)
    run()
    assert now(ada).removed_at is None


# --- What is not believed ---------------------------------------------------------------------------


def unchanged(*people: User) -> bool:
    return all(now(person).removed_at is None and now(person).is_active for person in people)


@everywhere
def test_a_provider_that_lists_nobody_ends_nobodys_membership(idp, there, ada, olive):
    for handle in ("ada", "olive"):
        idp.world.leave(idp.world.person(handle), there)
    with pytest.raises(CommandError):
        run()
    assert unchanged(ada, olive)
    with in_public():
        assert PlatformEvent.objects.get(kind=PlatformEvent.Kind.NOT_FOLLOWED).detail == "the provider lists nobody"


def test_most_people_are_not_ended_at_once_unless_it_is_meant(idp, there, hire):
    people = [hire(name, "Editor") for name in ("ada", "bea", "cem", "dan")]
    for handle in ("ada", "bea", "cem"):
        idp.world.leave(idp.world.person(handle), there)
    with pytest.raises(CommandError):
        run()
    assert unchanged(*people)
    run("--tenant", "acme", "--force")
    assert [now(person).removed_at is None for person in people] == [False, False, False, True]


def test_a_provider_that_is_away_changes_nothing(idp, there, ada, olive):
    idp.world.leave(idp.world.person("ada"), there)
    idp.faults.answer("/", 503, times=None)
    with pytest.raises(CommandError):
        run()
    assert unchanged(ada, olive)


LISTS = {
    "frontegg": "/identity/resources/users/v3",
    "auth0": "/api/v2/organizations/acme-id/members",
    "descope": "/v2/mgmt/user/search",
    "rownd": "/applications/app_standin/groups/acme-id/members",
}


@everywhere
def test_an_answer_of_another_shape_changes_nothing(idp, ada, olive):
    for said in ({}, [], {"items": [7]}, {"users": None}, {"members": {}}, {"results": "none"}, "<html>", b"\xff"):
        idp.faults.clear()
        idp.faults.answer(LISTS[idp.provider.name], 200, times=None, body=said)
        management.forget()
        with pytest.raises(CommandError):
            run()
    assert unchanged(ada, olive)


def test_a_dry_run_only_tells(idp, there, ada, olive):
    idp.world.leave(idp.world.person("ada"), there)
    idp.world.set_roles(idp.world.person("olive"), there, ["Viewer"])
    told = run("--dry-run")
    assert "changed: olive@acme.test; gone: ada@acme.test" in told
    assert unchanged(ada, olive)
    assert roles(olive) == {"owner"}


# --- By itself --------------------------------------------------------------------------------------


def test_the_job_asks_for_everybody_once_in_a_while(idp, there, ada, settings):
    assert "1 organisations asked for" in run("--due")
    assert "0 organisations asked for" in run("--due")
    with in_public():
        row = Errand.objects.get()
        assert row.read_at - timezone.now() <= settings.RECONCILE_EVERY
        Errand.objects.update(read_at=timezone.now())
    assert "1 organisations asked for" in run("--due")


def test_the_job_says_how_many_and_not_who(idp, there, ada):
    idp.world.set_roles(idp.world.person("ada"), there, [])
    told = run("--due")
    assert "acme: 1 changed" in told
    assert "ada@acme.test" not in told


def test_an_organisation_without_a_provider_is_not_asked_for(acme):
    assert "0 organisations asked for" in run("--due")
    with pytest.raises(CommandError):
        run("--tenant", "acme")


@everywhere
def test_what_is_read_of_one_person_follows_the_same_rules(idp, there, ada, olive, acme):
    idp.world.set_roles(idp.world.person("ada"), there, ["Viewer"])
    idp.world.set_roles(idp.world.person("olive"), there, ["Viewer"])
    reconcile.read_anew(acme.tenant, [ada.subject])
    assert (roles(ada), roles(olive)) == ({"viewer"}, {"owner"})


# --- Odd answers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", ["A\x00da", "A\ud800da"])
def test_an_odd_name_or_role_is_left_out_and_everything_else_followed(idp, there, ada, hire, olive, acme, odd):
    zed, name = hire("zed", "Editor"), ada.name
    idp.world.person("ada").name = odd
    idp.world.add_role("odd\x00")
    idp.world.set_roles(idp.world.person("ada"), there, ["Viewer", "odd\x00"])
    idp.world.set_roles(idp.world.person("zed"), there, ["Viewer"])
    assert not reconcile.reconcile(acme.tenant).problem
    assert (roles(ada), roles(zed), now(ada).name) == ({"viewer"}, {"viewer"}, name)


def test_one_who_cannot_be_followed_keeps_nobody_else_from_it(idp, there, ada, hire, olive, monkeypatch):
    zed, real = hire("zed", "Editor"), role_sync.take_over
    for handle in ("ada", "zed"):
        idp.world.set_roles(idp.world.person(handle), there, ["Viewer"])
    monkeypatch.setattr(role_sync, "take_over", lambda person, *rest: real(None if person == ada else person, *rest))
    assert "acme: changed: zed@acme.test; could not be followed: ada@acme.test" in run()
    assert (roles(ada), roles(zed)) == ({"editor"}, {"viewer"})


def test_one_organisation_that_cannot_be_read_ends_no_round(idp, there, ada, acme, monkeypatch):
    monkeypatch.setattr(reconcile, "follow_all", lambda *args, **kwargs: {}["no such thing"])
    assert [report.problem for report in reconcile.catch_up(seconds=5)] == ["KeyError"]


@everywhere
def test_an_answer_that_does_not_tell_the_roles_takes_none(idp, there, ada, olive, acme, monkeypatch):
    real = management.rows_of

    def without_roles(said, name=""):
        rows = real(said, name)
        for row in rows if name not in ("roles", "") else []:
            for part in (row, *row.get("tenants", []), *row.get("userTenants", [])):
                part.pop("roles", None), part.pop("roleNames", None)
        return rows

    for module in (frontegg_directory, auth0_directory, descope_directory, rownd_directory):
        monkeypatch.setattr(module, "rows_of", without_roles)
    assert reconcile.reconcile(acme.tenant).is_away
    assert (roles(ada), roles(olive)) == ({"editor"}, {"owner"})


@pytest.mark.parametrize("lost", ["roles", "active"])
def test_most_people_are_not_shut_out_at_once_unless_it_is_meant(idp, there, hire, acme, lost):
    people = [hire(name, "Editor") for name in ("ada", "bea", "cem", "dan")]
    for handle in ("ada", "bea", "cem"):
        person = idp.world.person(handle)
        idp.world.set_roles(person, there, []) if lost == "roles" else idp.world.disable(person, there)
    assert "3 of 4 people" in reconcile.reconcile(acme.tenant).problem
    assert unchanged(*people)
    assert all(roles(person) == {"editor"} for person in people)
    assert not reconcile.reconcile(acme.tenant, force=True).problem
    assert [bool(roles(person)) and now(person).is_active for person in people] == [False, False, False, True]
