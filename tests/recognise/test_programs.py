"""Tokens of programs: a person's, and the organisation's own."""

import pytest

from accounts.flows import membership
from accounts.models import User
from tests.snapshot import snapshot

from .test_following import statements, writes

PERSONS = {"type": "userApiToken", "userId": "ada", "sub": "token-1"}
OWN = {"type": "tenantApiToken", "sub": "client-1", "email": ..., "email_verified": ...}


def test_a_program_brings_nobody_in(there, ask, people):
    before = people()
    assert ask(there.token(**PERSONS, roles=["owner"])).status_code == 401
    assert people() == before


def test_a_program_acts_for_its_person_with_the_roles_of_its_token_at_most(there, ask):
    ask(there.token(roles=("editor",)))
    viewer = ask(there.token(**PERSONS, roles=["viewer"])).json()
    assert "catalog.view_product" in viewer["permissions"]
    assert "catalog.change_product" not in viewer["permissions"]
    assert ask(there.token(**PERSONS, roles=["admin"])).json()["permissions"] == viewer_and_editor(there, ask)
    assert ask(there.token(**PERSONS, roles=[])).json()["permissions"] == []


def viewer_and_editor(there, ask) -> list[str]:
    return ask(there.token(**PERSONS, roles=["viewer", "editor"])).json()["permissions"]


def test_a_program_changes_nobody(there, ask):
    ask(there.token(roles=("editor",)))
    before = snapshot()
    ask(there.token(**PERSONS, seconds=1, roles=["owner", "is_staff"], email="new@acme.test", name="New"))
    assert snapshot() == before


def test_a_program_holds_no_right_that_is_peoples_own(there, ask):
    ask(there.token(roles=("owner",)))
    held = ask(there.token(**PERSONS, roles=["owner"])).json()["permissions"]
    assert "accounts.change_user" in held
    assert "accounts.own_organisation" not in held


def test_the_organisations_program_is_an_account_of_its_own(there, ask, people):
    before = people()
    answer = ask(there.token(**OWN, roles=["editor", "is_staff"])).json()
    assert (answer["kind"], answer["roles"], people()) == ("service", ["editor"], before + 1)
    account = there.user("client-1")
    assert (account.is_staff, account.email, account.has_usable_password()) == (False, "", False)
    assert ask(there.token(**OWN, seconds=1)).json()["roles"] == []
    assert people() == before + 1


def test_the_organisations_program_is_no_member(acme, there, client_as, ask):
    ask(there.token(**OWN, roles=["owner"]))
    assert not User.objects.members().filter(issuer=there.provider.issuer).exists()


def test_a_warm_request_of_a_program_writes_nothing(there, ask):
    token = there.token(**OWN, roles=["editor"])
    ask(token)
    sent = statements(ask, token)
    assert writes(sent) == []
    assert len(sent) == 8


@pytest.mark.parametrize("end", [{"is_active": False}, {"removed_at": "2026-01-01T00:00Z"}])
def test_an_account_that_was_ended_here_is_refused(there, ask, people, end):
    ask(there.token(**OWN, roles=["editor"]))
    User.objects.filter(subject="client-1").update(**end)
    before = people()
    assert ask(there.token(**OWN, roles=["editor"], seconds=1)).status_code == 401
    assert people() == before


def test_the_program_of_somebody_who_was_deactivated_is_refused(acme, there, ask):
    ask(there.token(roles=("editor",)))
    token = there.token(**PERSONS, roles=["viewer"])
    assert ask(token).status_code == 200
    membership.deactivate(actor=acme.owner, member=there.user())
    assert ask(token).status_code == 401


def test_a_persons_token_does_not_act_as_a_program_nor_the_other_way_round(there, ask):
    ask(there.token(**OWN, roles=["editor"]))
    ask(there.token())
    assert ask(there.token("client-1")).status_code == 401
    assert ask(there.token(**OWN | {"sub": "ada"})).status_code == 401
