"""Members and invitations where people come by an identity provider: what is shown, and what it is told of."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core import mail

from accounts.exceptions import NoAccountsHere, ProviderAway
from accounts.flows import membership, role_sync
from accounts.flows.invite import accept
from accounts.models import DirectoryTask, Invitation, Role, SyncedRole, User
from accounts.providers import registry
from accounts.providers.directory import Can, Directory, Pending
from tests.accounts.pages import Page


class Told(Directory):
    """A directory that can do everything, and whose answers are not waited for here."""

    can = frozenset(Can)
    pending: list[Pending] | None = []

    def invitations(self, tenant):
        if self.pending is None:
            raise ProviderAway("away")
        return self.pending

    def roles(self, tenant):
        return ["Owner", "Admin", "Editor", "Viewer", "Guest"]


@pytest.fixture
def directory(there, known, monkeypatch) -> Told:
    """Acme's provider has one now. What it is to be told stays in the outbox."""
    made = Told()
    provider = replace(known["frontegg"].provider, directory=lambda: made)
    monkeypatch.setattr(registry, "hosted_providers", lambda: {"frontegg": provider})
    monkeypatch.setattr("accounts.flows.outbox.work_off", lambda *args, **kwargs: None)
    return made


@pytest.fixture
def ada(there, ask) -> User:
    ask(there.token(roles=("viewer",)))
    return there.user()


def tasks() -> list[tuple]:
    return [(task.deed, task.user and task.user.subject, task.details) for task in DirectoryTask.objects.order_by("pk")]


# --- What the provider is told ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "form", "deed", "details"),
    [
        ("role", {"role": "editor"}, "set_roles", {"roles": ["editor"]}),
        ("deactivate", {}, "deactivate", {}),
        ("remove", {}, "remove", {}),
    ],
)
def test_a_change_here_is_told_to_the_provider(ada, directory, person_as, path, form, deed, details):
    assert person_as("owner").post(f"/members/{ada.pk}/{path}/", form).status_code == 302
    assert tasks() == [(deed, "ada", details)]


def test_who_comes_back_is_told_as_well(acme, ada, directory, person_as):
    client = person_as("owner")
    client.post(f"/members/{ada.pk}/deactivate/")
    client.post(f"/members/{ada.pk}/reactivate/")
    assert [deed for deed, _user, _details in tasks()] == ["deactivate", "reactivate"]


def test_a_change_that_is_refused_is_told_to_nobody(there, ask, ada, directory, person_as):
    ask(there.token("boss", ("owner",)))
    assert person_as("admin").post(f"/members/{there.user('boss').pk}/deactivate/").status_code == 403
    assert person_as("admin").post(f"/members/{ada.pk}/role/", {"role": "owner"}).status_code == 403
    assert tasks() == []


def test_local_people_are_told_to_nobody(acme, directory, person_as):
    person_as("owner").post(f"/members/{acme.viewer.pk}/deactivate/")
    assert tasks() == []


def test_leaving_is_told_as_well(there, ask, ada, directory, person_as):
    ask(there.token("other", ("owner",)))
    person_as("owner").post("/members/leave/")
    assert [(deed, user) for deed, user, _details in tasks()] == [("remove", "owner")]


def test_a_role_given_here_is_the_providers_once_it_is_told(there, ask, ada, directory, person_as):
    person_as("owner").post(f"/members/{ada.pk}/role/", {"role": "editor"})
    DirectoryTask.objects.update(done_at=ada.joined_at)
    ask(there.token(roles=("editor",), seconds=1))
    assert there.roles() == {"editor"}
    ask(there.token(seconds=2))
    assert there.roles() == set()


def test_a_change_that_the_provider_refuses_is_taken_back_by_its_word(there, ask, ada, directory, person_as):
    person_as("owner").post(f"/members/{ada.pk}/role/", {"role": "editor"})
    token = there.token(roles=("viewer",), seconds=1)
    ask(token)
    assert there.roles() == {"editor"}
    DirectoryTask.objects.update(given_up_at=ada.joined_at)
    role_sync.taken_back(ada)
    ask(token)
    assert there.roles() == {"viewer"}


def test_the_last_owner_who_can_come_in_stays(acme, there, ask, directory, person_as):
    client = person_as("owner")
    assert acme.owner.is_local
    client.post("/members/leave/")
    assert (there.user("owner").removed_at, tasks()) == (None, [])
    ask(there.token("other", ("owner",)))
    client.post("/members/leave/")
    assert there.user("owner").removed_at is not None


def test_who_goes_leaves_no_invitation_behind_at_the_provider(acme, there, directory, person_as):
    invite(person_as("admin"))
    membership.remove(actor=acme.owner, member=there.user("admin"))
    assert not Invitation.objects.open().exists()
    assert [task[::2] for task in tasks()[1:]] == [("withdraw", {"email": "bob@acme.test"}), ("remove", {})]


# --- Inviting ------------------------------------------------------------------------------------------------------


def invite(client, address="bob@acme.test", role="editor"):
    return client.post("/invitations/new/", {"addresses": address, "role": role})


def test_the_provider_sends_the_mail_where_it_can(there, directory, person_as):
    assert invite(person_as("owner")).status_code == 302
    assert (Invitation.objects.get().email, mail.outbox) == ("bob@acme.test", [])
    assert tasks() == [("invite", None, {"email": "bob@acme.test", "roles": ["editor"], "inviter": "Owner There"})]


def test_our_own_mail_leads_in_where_the_provider_sends_none(there, person_as):
    invite(person_as("owner"))
    assert [message.to for message in mail.outbox] == [["bob@acme.test"]]
    assert tasks() == []


def test_withdrawing_is_told_as_well(there, directory, person_as):
    client = person_as("owner")
    invite(client)
    client.post(f"/invitations/{Invitation.objects.get().pk}/revoke/")
    assert tasks()[1] == ("withdraw", None, {"email": "bob@acme.test"})


@pytest.mark.parametrize("said", [[("editor",), ()], [(), ("editor",), ()]])
def test_whom_the_provider_invited_with_a_role_loses_it_by_its_word(connect, there, ask, directory, person_as, said):
    """Once it has said it: his first token may be older than the invitation."""
    invite(person_as("owner"))
    connect("frontegg", admits="invited")
    for seconds, roles in enumerate(said):
        ask(there.token("bob", roles, seconds=seconds))
        assert there.roles("bob") == ({"editor"} if seconds + 1 < len(said) else set())


def test_an_address_that_somebody_only_claims_can_be_invited(connect, there, ask, person_as):
    ask(there.token("eve", email="bob@acme.test", email_verified=False))
    invite(person_as("owner"))
    connect("frontegg", admits="invited")
    assert ask(there.token("bob")).json()["roles"] == ["editor"]
    ask(there.token("bob", seconds=1))
    assert invite(person_as("owner")).status_code == 302
    assert Invitation.objects.count() == 1


def test_no_account_with_a_password_is_made_by_an_invitation(there, person_as, visitor, people):
    invite(person_as("owner"))
    path = next(line for line in mail.outbox[0].body.splitlines() if "/join/" in line).partition("/join/")[2]
    before, typed = people(), {"name": "Bob", "password": "correct horse battery"}
    visitor.post(f"/join/{path}", typed)
    with pytest.raises(NoAccountsHere):  # nor by any other page that might come to ask for it
        accept(token=path.strip("/"), visitor=AnonymousUser(), **typed)
    assert people() == before


# --- What is shown -----------------------------------------------------------------------------------------------


def test_the_list_says_where_people_and_roles_come_from(ada, person_as):
    ada.groups.add(Role.objects.get(key="guest").group)
    words = Page(person_as("owner").get("/members/?q=ada")).words
    assert "Ada There Frontegg" in words
    assert "Viewer by Frontegg" in words
    assert "Guest by hand" in words


def test_the_list_says_who_cannot_sign_in_any_more(acme, there, person_as):
    words = Page(person_as("owner").get("/members/?q=editor")).words
    assert f"{acme.editor.name} Cannot sign in" in words


def test_a_local_organisations_list_says_nothing_of_providers(client_as):
    words = Page(client_as("owner").get("/members/")).words
    assert "Editor" in words
    assert "by hand" not in words


@pytest.mark.parametrize("page", ["/members/", "/invitations/"])
def test_open_invitations_of_the_provider_are_shown(there, directory, person_as, page):
    directory.pending = [Pending("1", "guest@elsewhere.test", ("Viewer",))]
    assert "guest@elsewhere.testViewer" in Page(person_as("owner").get(page)).words
    assert "guest@elsewhere.test" not in Page(person_as("viewer").get("/members/")).words


@pytest.mark.parametrize("page", ["/members/", "/invitations/"])
def test_the_pages_open_while_the_provider_is_away(there, directory, person_as, page):
    directory.pending = None
    response = person_as("owner").get(page)
    assert (response.status_code, "does not answer" in Page(response).words) == (200, True)


@pytest.mark.parametrize("path", ["role", "deactivate", "remove"])
def test_the_page_says_what_remains_at_the_provider(ada, person_as, path):
    assert "cannot be told by us" in Page(person_as("owner").get(f"/members/{ada.pk}/{path}/")).words


@pytest.mark.parametrize("path", ["role", "deactivate", "remove"])
def test_the_page_says_that_the_provider_is_told(ada, directory, person_as, path):
    assert "Frontegg is told of it as well" in Page(person_as("owner").get(f"/members/{ada.pk}/{path}/")).words


def test_the_page_says_which_roles_the_provider_still_names(acme, ada, person_as):
    client = person_as("owner")
    client.post(f"/members/{ada.pk}/role/", {"role": "guest"})
    assert "still says Viewer" in Page(client.get(f"/members/{ada.pk}/role/")).words


def test_removing_ends_everything_that_follows_from_the_provider(acme, ada, person_as):
    membership.remove(actor=acme.owner, member=ada)
    assert (SyncedRole.objects.filter(user=ada).exists(), ada.groups.exists()) == (False, False)
