"""Forgotten and changed passwords."""

import pytest

from accounts.flows import membership
from accounts.models import User
from tenants.schema import in_tenant
from tests.conftest import HostClient
from tests.world import PASSWORD

from . import hostile
from .mails import path_in
from .pages import Page
from .test_sign_in import EDITOR, is_signed_in, sign_in

NEW = "new horse battery"


@pytest.fixture
def reset_link(visitor, acme, mailoutbox) -> str:
    visitor.post("/account/password/reset/", {"email": EDITOR})
    return path_in(mailoutbox[-1], acme.tenant)


def set_password(client, link: str, password: str = NEW):
    """Follow the link as a browser does: it hides the key in the session, then shows the form."""
    there = client.get(link)
    if there.status_code != 302:
        return there
    return client.post(there["Location"], {"password1": password, "password2": password})


def test_mailed_link_sets_a_new_password(visitor, reset_link, fresh):
    set_password(visitor, reset_link)
    assert fresh("editor").check_password(NEW)
    sign_in(visitor, password=NEW)
    assert is_signed_in(visitor)


def test_link_works_once(visitor, acme, reset_link, fresh):
    set_password(visitor, reset_link)
    set_password(HostClient(acme.tenant.host), reset_link, "third horse battery")
    assert fresh("editor").check_password(NEW)


def test_reset_ends_every_session(client_as, visitor, acme, mailoutbox):
    other = client_as("editor")  # before the link is made: signing in makes it void
    visitor.post("/account/password/reset/", {"email": EDITOR})
    set_password(visitor, path_in(mailoutbox[-1], acme.tenant))
    assert not is_signed_in(other)


def test_signing_in_makes_the_link_void(client_as, visitor, reset_link, fresh):
    client_as("editor")
    set_password(visitor, reset_link)
    assert fresh("editor").check_password(PASSWORD)


def test_link_of_one_tenant_resets_nothing_at_another(reset_link, globex):
    set_password(HostClient(globex.tenant.host), reset_link)
    with in_tenant(globex.tenant):
        assert User.objects.get(pk=globex.editor.pk).check_password(PASSWORD)


def test_page_is_the_same_for_an_unknown_address(visitor, mailoutbox):
    answers = [visitor.post("/account/password/reset/", {"email": to}) for to in (EDITOR, "nobody@acme.test")]
    assert [answer["Location"] for answer in answers] == ["/account/password/reset/done/"] * 2
    assert [mail.to for mail in mailoutbox] == [[EDITOR], ["nobody@acme.test"]]
    assert "/password/reset/key/" not in mailoutbox[1].body


def test_link_is_built_from_the_stored_domain(visitor, acme, mailoutbox):
    headers = {"host": "acme.localhost:6666", "x-forwarded-host": "evil.test"}
    for address in (EDITOR, "nobody@acme.test"):
        visitor.post("/account/password/reset/", {"email": address}, headers=headers)
    assert path_in(mailoutbox[0], acme.tenant).startswith("/account/password/reset/key/")
    assert not any(word in mail.body for mail in mailoutbox for word in ("6666", "evil"))


@pytest.mark.parametrize("end", [membership.deactivate, membership.remove])
def test_no_link_for_somebody_who_may_not_sign_in(visitor, fresh, mailoutbox, end):
    end(actor=fresh("owner"), member=fresh("editor"))
    visitor.post("/account/password/reset/", {"email": EDITOR})
    assert "/password/reset/key/" not in mailoutbox[-1].body


def test_link_mailed_before_the_removal_is_dead(visitor, reset_link, fresh):
    membership.remove(actor=fresh("owner"), member=fresh("editor"))
    set_password(visitor, reset_link)
    assert not fresh("editor").has_usable_password()


@pytest.mark.parametrize(
    ("old", "new", "changes"), [(PASSWORD, NEW, True), ("wrong", NEW, False), (PASSWORD, "short", False)]
)
def test_changing_takes_the_old_password_and_a_good_new_one(visitor, fresh, old, new, changes):
    sign_in(visitor)
    form = {"oldpassword": old, "password1": new, "password2": new}
    assert visitor.post("/account/password/change/", form).status_code == (302 if changes else 200)
    assert fresh("editor").check_password(NEW if changes else PASSWORD)


def test_typed_password_is_never_shown_again(visitor):
    sign_in(visitor)
    form = {"oldpassword": "wrong secret", "password1": "secret one two", "password2": "secret one tvo"}
    page = Page(visitor.post("/account/password/change/", form))
    assert not any(page.values[name] for name in form)


@pytest.mark.parametrize("key", ["0-x", "zzzzzzzzzzzzzzzzzzzz-x", "1-" + "x" * 4000, "1-set-password", "٣-x"])
def test_made_up_link_is_told_so(visitor, acme, key):
    response = visitor.get(f"/account/password/reset/key/{key}/")
    assert response.status_code in (200, 302, 404)


@pytest.mark.parametrize(
    "text",
    [*hostile.INVISIBLE, *hostile.UNSENDABLE, hostile.MEGABYTE, *hostile.PLAIN[:5]],
    ids=lambda text: ascii(text)[:20],
)
def test_what_is_no_address_gets_no_mail(visitor, mailoutbox, text):
    assert visitor.post("/account/password/reset/", {"email": text}).status_code == 200
    assert mailoutbox == []
