"""Who becomes a member by a token that nobody has seen before. (T10, T12, V4)"""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounts.flows import invite, membership
from accounts.models import Invitation, Role, User
from accounts.providers import registry
from accounts.providers.base import BEARER, Kind
from tenants.models import PlatformEvent
from tenants.schema import in_public
from tests.snapshot import snapshot


@pytest.fixture
def invited(acme):
    """`invited("ada@acme.test", "editor")` by Acme's owner: the row."""

    def make(address="ada@acme.test", role="editor", by="owner") -> Invitation:
        invite.invite(actor=acme.people[by], addresses=[address], role=Role.objects.get(key=role))
        mail.outbox.clear()
        return Invitation.objects.open().get(email=address)

    return make


def test_a_stranger_is_refused_and_nothing_is_written(acme, connect, there, ask):
    connect("frontegg", admits="invited")
    before = snapshot()
    response = ask(there.token(roles=("owner",)))
    assert (response.status_code, response.json()["detail"]) == (
        403,
        "You are not a member of this organisation. Ask to be invited.",
    )
    assert snapshot() == before


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        ({"admits": "provider"}, 200),
        ({"admits": "domain", "admitted_domains": "globex.test ACME.test"}, 200),
        ({"admits": "domain", "admitted_domains": "cme.test xacme.test"}, 403),
        ({"admits": "domain", "admitted_domains": ""}, 403),
        ({"admits": "invited", "admitted_domains": "acme.test"}, 403),
    ],
)
def test_the_organisations_rule_decides(connect, there, ask, people, rule, status):
    connect("frontegg", **rule)
    before = people()
    assert ask(there.token()).status_code == status
    assert people() == before + (status == 200)


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": 1},
        {"email_verified": ...},
        {"email": "acme.test"},
        {"email": "a@b@acme.test"},
        {"email": ...},
        {"email": "ada@аcme.test"},  # a Cyrillic letter
    ],
)
def test_a_domain_lets_in_by_a_proven_address_alone(connect, there, ask, people, claims):
    connect("frontegg", admits="domain", admitted_domains="acme.test")
    before = people()
    assert ask(there.token(**claims)).status_code == 403
    assert people() == before
    assert ask(there.token()).status_code == 200


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({}, 200),
        ({"email": "ADA@Acme.TEST"}, 200),
        ({"email": "eve@acme.test"}, 403),
        ({"email_verified": False}, 403),
        ({"email_verified": "true"}, 403),
        ({"email_verified": ...}, 403),
    ],
)
def test_an_invitation_opens_to_its_own_address_when_it_is_proven(connect, there, ask, invited, claims, status):
    connect("frontegg", admits="invited")
    invitation = invited()
    assert ask(there.token(**claims)).status_code == status
    invitation.refresh_from_db()
    assert (invitation.accepted_at is not None) is (status == 200)
    if status == 200:
        assert invitation.accepted_by == there.user()
        assert there.roles() == {"editor"}


@pytest.mark.parametrize("end", ["revoked", "expired", "used", "inviter demoted", "inviter gone"])
def test_an_invitation_that_has_ended_opens_nothing(acme, connect, there, ask, invited, clock, end):
    connect("frontegg", admits="invited")
    invitation = invited(by="admin")
    match end:
        case "revoked":
            invite.revoke(actor=acme.owner, invitation=invitation)
        case "expired":
            Invitation.objects.update(expires_at=invitation.sent_at)
        case "used":
            assert ask(there.token()).status_code == 200
        case "inviter demoted":
            acme.admin.groups.set([Role.objects.get(key="viewer").group])
        case "inviter gone":
            membership.deactivate(actor=acme.owner, member=acme.admin)
    assert ask(there.token("bob", email="ada@acme.test")).status_code == 403


def test_the_role_of_an_invitation_stays_whatever_later_tokens_say(connect, there, ask, invited):
    connect("frontegg", admits="invited")
    invited()
    ask(there.token(roles=("viewer",)))
    assert there.roles() == {"editor", "viewer"}
    ask(there.token(seconds=1))
    assert there.roles() == {"editor"}


def test_a_second_issuer_with_the_same_subject_is_another_person(known, connect, ask):
    """T10."""
    connect("frontegg")
    ask(known["frontegg"].token(roles=("owner",)))
    connect("oidc")
    assert ask(known["oidc"].token()).json()["roles"] == []
    assert known["oidc"].user().pk != known["frontegg"].user().pk
    assert known["frontegg"].roles() == {"owner"}


def test_the_provider_before_is_refused_once_another_is_connected(known, connect, ask):
    connect("frontegg")
    token = known["frontegg"].token()
    assert ask(token).status_code == 200
    connect("oidc")
    assert ask(token).status_code == 403


@pytest.mark.parametrize("verified", [True, False, "true", ...])
def test_the_address_of_somebody_else_moves_none_of_his_rights(acme, there, ask, verified):
    """T12: a new subject with the owner's address is somebody new."""
    ask(there.token("victim", roles=("owner",)))
    local, victim = (User.objects.filter(pk=each.pk).values() for each in (acme.owner, there.user("victim")))
    before = list(local), list(victim)
    for address in (acme.owner.email, "victim@acme.test"):
        answer = ask(there.token(f"eve of {address}", email=address, email_verified=verified)).json()
        assert (answer["roles"], answer["permissions"]) == ([], [])
    assert (list(local.all()), list(victim.all())) == before


def test_a_new_address_is_no_other_person_and_has_to_prove_itself(there, ask):
    ask(there.token(roles=("editor",)))
    person = there.user()
    ask(there.token(roles=("editor",), seconds=1, email="new@acme.test"))
    assert (there.user().pk, there.user().email, there.roles()) == (person.pk, "new@acme.test", {"editor"})
    ask(there.token(roles=("editor",), seconds=2, email="owner@acme.test", email_verified=...))
    assert (there.user().address_proven, there.roles()) == (False, set())


@pytest.mark.parametrize("end", ["deactivate", "remove"])
def test_what_was_decided_here_wins_over_any_token(acme, there, ask, end):
    ask(there.token())
    getattr(membership, end)(actor=acme.owner, member=there.user())
    before = snapshot()
    assert ask(there.token(seconds=1, roles=("owner",))).status_code in (401, 403)
    assert snapshot() == before


def test_whoever_was_removed_comes_back_by_a_new_invitation_alone(acme, there, ask, invited):
    ask(there.token(roles=("admin",)))
    person = there.user()
    membership.remove(actor=acme.owner, member=person)
    assert ask(there.token(seconds=1)).status_code == 403
    invited(role="viewer")
    answer = ask(there.token(seconds=2)).json()
    assert (answer["id"], answer["roles"]) == (person.pk, ["viewer"])


def test_whom_the_provider_took_away_it_brings_again_where_the_rule_lets_him_in(connect, there, ask):
    earlier = there.token(roles=("viewer",))
    ask(earlier)
    person = there.user()
    membership.ended_there(person)
    assert ask(earlier).status_code == ask(there.token(seconds=30)).status_code == 403
    User.objects.filter(pk=person.pk).update(removed_at=timezone.now() - timedelta(minutes=2))
    connect("frontegg", admits="invited")
    assert ask(there.token(seconds=1)).status_code == 403
    connect("frontegg", admits="provider")
    assert ask(there.token(seconds=1, roles=("viewer",))).json()["id"] == person.pk
    assert there.roles() == {"viewer"}


@pytest.mark.parametrize(
    "claims",
    [{"name": 7}, {"name": "x" * 255}, {"email": "x" * 255}, {"email": "no address"}, {"email": ["a"]}, {"name": ...}],
)
def test_odd_words_about_a_person_are_left_out(there, ask, claims):
    response = ask(there.token(**claims))
    assert response.status_code == 200
    assert len(there.user().name) <= 80
    assert there.user().email in ("ada@acme.test", "")


@pytest.mark.parametrize("lack", [{"names_tenant": False}, {"is_complete": False}])
def test_a_token_that_lacks_the_tenant_or_the_roles_is_nobodys_where_they_cannot_be_asked_for(
    known, there, ask, people, monkeypatch, lack
):
    provider = replace(known["frontegg"].provider, kinds={BEARER: (Kind("lacking", **lack),)}, complete=None)
    monkeypatch.setattr(registry, "hosted_providers", lambda: {"frontegg": provider})
    before = people()
    assert ask(there.token(roles=("owner",))).status_code == 401
    assert people() == before


def test_a_token_of_another_organisation_is_refused_and_the_third_raises_an_alarm(
    acme, globex, there, ask, people, caplog
):
    before = people()
    for attempt in range(1, 4):
        assert ask(there.token(), world=globex).status_code == 403
        assert ("ALERT" in caplog.text) is (attempt == 3)
    assert people() == before
    with in_public():
        lines = PlatformEvent.objects.filter(kind="cross_access_denied", schema_name=globex.tenant.schema_name)
        assert {line.actor for line in lines} == {"https://first.test ada"}
