"""What is done with members and invitations here is done at the provider as well."""

import json

import pytest
from django.utils import timezone

from accounts.models import DirectoryTask, Invitation, User
from accounts.providers import registry

from .conftest import everywhere

pytestmark = everywhere
PROJECT_WIDE = ("auth0", "descope", "rownd")  # where "disabled" is of every organisation


def body(**data) -> str:
    return json.dumps(data)


def test_a_role_given_here_is_held_there(ask, ada, held):
    assert ask("PUT", f"members/{ada.pk}/role/", body(role="viewer")).status_code == 200
    assert held("ada") == ["Viewer"]
    assert DirectoryTask.objects.get().done_at


def test_what_means_nothing_here_stays_as_it_is_there(ask, idp, there, ada, held):
    idp.world.set_roles(idp.world.person("ada"), there, ["Editor", "Billing of another product"])
    ask("PUT", f"members/{ada.pk}/role/", body(role="viewer"))
    assert held("ada") == ["Billing of another product", "Viewer"]


def test_the_role_of_staff_goes_with_the_role_before(ask, idp, there, ada, held):
    idp.world.set_roles(idp.world.person("ada"), there, ["Editor", "is_staff"])
    ask("PUT", f"members/{ada.pk}/role/", body(role="viewer"))
    assert held("ada") == ["Viewer"]


def test_who_is_removed_here_is_removed_there_and_nowhere_else(ask, idp, ada, held):
    person, elsewhere = idp.world.person("ada"), idp.world.add_tenant("globex-id", name="Globex")
    idp.world.join(person, elsewhere, ["Editor"])
    assert ask("DELETE", f"members/{ada.pk}/").status_code == 204
    assert held("ada") is None
    assert idp.world.roles_of(person, elsewhere) == ["Editor"]


def test_who_is_deactivated_here_is_disabled_there_where_that_is_of_one_organisation(ask, idp, there, ada):
    assert ask("POST", f"members/{ada.pk}/deactivate/").status_code == 200
    membership = idp.world.membership(idp.world.person("ada"), there)
    one_alone = idp.provider.name not in PROJECT_WIDE
    assert (membership.disabled, membership.person.locked) == (one_alone, False)
    assert DirectoryTask.objects.exists() == one_alone
    ada.refresh_from_db()
    assert not ada.is_active


def test_who_is_let_in_again_here_is_enabled_there(ask, idp, there, ada):
    ask("POST", f"members/{ada.pk}/deactivate/")
    assert ask("POST", f"members/{ada.pk}/reactivate/").status_code == 200
    assert not idp.world.membership(idp.world.person("ada"), there).disabled


def test_who_may_not_manage_members_tells_the_provider_nothing(ask, idp, there, olive, ada):
    idp.world.set_roles(idp.world.person("olive"), there, ["Editor"])
    idp.requests.clear()
    assert ask("DELETE", f"members/{ada.pk}/").status_code == 403
    assert not DirectoryTask.objects.exists()
    assert not [each for each in idp.requests if each.method == "DELETE"]


# --- Invitations ------------------------------------------------------------------------------------


@pytest.fixture
def invite(ask):
    return lambda *addresses: ask("POST", "invitations/", body(addresses=addresses, role="editor"))


def test_an_invitation_from_here_is_made_there_with_its_role(invite, invited):
    assert invite("bea@acme.test").json()["sent"] == ["bea@acme.test"]
    assert invited() == {"bea@acme.test": ["Editor"]}


def test_there_is_one_mail_and_it_is_not_ours_unless_the_provider_sends_none(invite, idp, mailoutbox):
    invite("bea@acme.test")
    assert len(mailoutbox) == (1 if idp.provider.name == "rownd" else 0)
    if mailoutbox:
        assert idp.url in mailoutbox[0].body


def test_who_has_an_account_there_already_is_asked_into_the_organisation(invite, idp, there):
    bea = idp.world.add_person("bea", email="bea@acme.test", name="Bea")
    idp.world.join(bea, idp.world.add_tenant("globex-id"), ["Owner"])
    invite("bea@acme.test")
    assert DirectoryTask.objects.get().done_at
    if idp.provider.name in ("frontegg", "descope"):  # the others make him a member when he comes
        assert idp.world.roles_of(bea, there) == ["Editor"]


def test_an_invitation_withdrawn_here_is_withdrawn_there(invite, ask, invited):
    invite("bea@acme.test")
    assert ask("POST", f"invitations/{Invitation.objects.get().pk}/revoke/").status_code == 200
    assert invited() == {}


def test_an_invitation_sent_again_is_not_there_twice(invite, ask, invited):
    invite("bea@acme.test")
    assert ask("POST", f"invitations/{Invitation.objects.get().pk}/resend/").status_code == 200
    assert invited() == {"bea@acme.test": ["Editor"]}


def test_withdrawing_takes_no_member_out(invite, ask, idp, there, acme):
    bea = idp.world.add_person("bea", email="bea@acme.test", name="Bea")
    invite("bea@acme.test")
    idp.world.join(bea, there, ["Editor"])  # she has come in meanwhile
    issuer = registry.provider_of(acme.tenant).issuer
    User.objects.create(issuer=issuer, subject=bea.subject, email=bea.email, joined_at=timezone.now())
    ask("POST", f"invitations/{Invitation.objects.get().pk}/revoke/")
    assert DirectoryTask.objects.get(deed="withdraw").done_at
    assert idp.world.roles_of(bea, there) == ["Editor"]


def test_withdrawing_takes_out_who_was_added_at_once_for_she_has_an_account(invite, ask, idp, there):
    bea, elsewhere = idp.world.add_person("bea", email="bea@acme.test"), idp.world.add_tenant("globex-id")
    idp.world.join(bea, elsewhere, ["Owner"])
    invite("bea@acme.test")
    assert ask("POST", f"invitations/{Invitation.objects.get().pk}/revoke/").status_code == 200
    assert not idp.world.membership(bea, there)
    assert idp.world.roles_of(bea, elsewhere) == ["Owner"]
