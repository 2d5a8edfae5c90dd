"""`connect_tenant` and `provider_urls`: an operator lets an organisation's people come by a provider. (A09, W09)"""

from io import StringIO

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command

from accounts.audit.models import Entry
from accounts.models import Invitation, User
from tenants.schema import in_public
from tests.world import PASSWORD

pytestmark = pytest.mark.parametrize("idp", ["oidc"], indirect=True)
ENDINGS = ("local", "", "invited")


@pytest.fixture
def command(acme, django_capture_on_commit_callbacks):
    """`command("oidc", "--id", "acme-id")`: what it printed. Acme is as it was afterwards."""

    def run(*args: str) -> str:
        out = StringIO()
        with django_capture_on_commit_callbacks(execute=True):
            call_command("connect_tenant", "acme", *args, stdout=out)
        return out.getvalue()

    yield run
    acme.tenant.provider, acme.tenant.provider_tenant_id, acme.tenant.admits = ENDINGS


def connected(acme) -> tuple[str, str]:
    with in_public():
        acme.tenant.refresh_from_db()
    return acme.tenant.provider, acme.tenant.provider_tenant_id


def test_it_connects_and_signs_everybody_out(command, acme, idp, client_as):
    members = [client_as(who) for who in ("owner", "viewer")]
    assert [member.get("/profile/").status_code for member in members] == [200, 200]
    listed = UserSession.objects.count()
    said = command("oidc", "--id", "acme-id", "--admits", "provider")
    assert connected(acme) == ("oidc", "acme-id")
    assert acme.tenant.admits == "provider"
    assert f"Sessions ended: {listed}" in said
    assert (Session.objects.count(), UserSession.objects.count()) == (0, 0)
    assert [member.get("/profile/").status_code for member in members] == [302, 302]


def test_it_leaves_a_line_in_the_organisations_log(command, acme, idp):
    command("oidc", "--id", "acme-id")
    line = Entry.objects.filter(action="connected").latest("pk")
    assert line.changes == {"provider": ["local", "oidc"], "provider_tenant_id": ["", "acme-id"]}


def test_it_invites_the_owner(command, acme, idp):
    said = command("oidc", "--id", "acme-id", "--owner", acme.owner.email)
    invitation = Invitation.objects.get(email=acme.owner.email)
    assert (invitation.role.key, invitation.invited_by) == ("owner", acme.owner)
    assert mail.outbox[0].to == [acme.owner.email]
    assert f"Invited as an owner: {acme.owner.email}" in said


def test_the_invited_owner_comes_in_by_the_provider(command, acme, idp, browser, sign_in_page):
    command("oidc", "--id", "acme-id", "--owner", acme.owner.email)
    there = idp.world.add_tenant("acme-id")
    person = idp.world.add_person("olive", email=acme.owner.email)
    idp.world.join(person, there, [])
    assert browser.sign_in(sign_in_page, person).status_code == 200
    assert browser.site(acme.tenant.host).get("/organisation/").status_code == 200
    assert User.objects.filter(email=acme.owner.email).count() == 2  # the local account opens nothing any more


def test_done_again_it_changes_nothing_and_signs_nobody_out(command, acme, idp, browser, sign_in_page):
    command("oidc", "--id", "acme-id", "--admits", "provider")
    person = idp.world.add_person("ada", email="ada@acme.test")
    idp.world.join(person, idp.world.add_tenant("acme-id"), ["Editor"])
    browser.sign_in(sign_in_page, person)
    assert "connected so already" in command("oidc", "--id", "acme-id", "--admits", "provider")
    assert browser.site(acme.tenant.host).get("/profile/").status_code == 200


def test_the_way_back_opens_the_passwords_again(command, acme, idp, visitor):
    command("oidc", "--id", "acme-id")
    command("local")
    assert connected(acme) == ("local", "")
    assert visitor.post("/account/login/", {"login": acme.viewer.email, "password": PASSWORD}).status_code == 302
    assert visitor.get("/profile/").status_code == 200


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["frontegg", "--id", "x"], "not active"),
        (["oidc"], "what the organisation is called"),
        (["local", "--id", "x"], "leave the id out"),
        (["oidc", "--id", "x" * 256], "255"),
        (["oidc", "--id", "x", "--owner", "no address"], "valid email"),
        (["oidc", "--id", "x", "--admits", "domain"], "Name the domains"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changed(command, acme, idp, args, said):
    with pytest.raises(CommandError, match=said):
        command(*args)
    assert connected(acme) == ("local", "")


def test_an_organisation_of_the_providers_is_connected_once(command, acme, idp, elsewhere):
    with pytest.raises(CommandError, match="Another organisation"):
        command("oidc", "--id", "globex-id")
    assert connected(acme) == ("local", "")


def test_the_addresses_to_allow_are_printed_for_every_host(idp, acme, there, elsewhere):
    with in_public():
        acme.tenant.domains.create(domain="shop.example.com", is_primary=False)
    out = StringIO()
    call_command("provider_urls", stdout=out)
    for url in (
        "http://localhost:8000/auth/callback/oidc/",
        "http://localhost:8000/auth/backchannel/oidc/",
        "http://acme.localhost:8000/signed-out/",
        "http://shop.example.com:8000/signed-out/",
        "http://globex.localhost:8000/signed-out/",
    ):
        assert f"    {url}\n" in out.getvalue()


def test_the_printed_callback_is_the_one_that_is_sent(idp, there, browser, sign_in_page):
    assert "redirect_uri=http%3A%2F%2Flocalhost%3A8000%2Fauth%2Fcallback%2Foidc%2F" in browser.to_provider(sign_in_page)


def test_the_addresses_of_a_provider_that_is_not_there_are_not_made_up(idp, acme):
    with pytest.raises(CommandError, match="not active"):
        call_command("provider_urls", "auth0", stdout=StringIO())
