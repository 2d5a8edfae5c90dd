"""One's own page: what it tells about oneself, and what may be changed there."""

import json

import pytest

from accounts.forms import ProfileForm
from accounts.models import User

from . import hostile
from .pages import Page

PICTURE = "https://pictures.test/me.png"


def test_page_greets_and_tells_roles_and_rights_in_plain_words(client_as, acme):
    words = Page(client_as("viewer").get("/profile/")).words
    assert all(word in words for word in (f"Hello, {acme.viewer.name}", "Viewer", "Products: see"))
    assert "Products: see, add" not in words


def test_own_data_is_shown_as_json_and_holds_no_secret(client_as, acme):
    response = client_as("editor").get("/profile/")
    shown = json.loads(response.context["own_data"])
    assert (shown["email"], shown["roles"]) == ("editor@acme.test", ["editor"])
    assert response.context["own_data"].startswith("{\n  ")
    assert acme.editor.password not in response.content.decode()


def test_visitor_is_sent_to_sign_in(visitor):
    assert visitor.get("/profile/")["Location"] == "/account/login/?next=/profile/"
    fragment = visitor.get("/profile/", headers={"hx-request": "true"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (401, "/account/login/?next=/")


@pytest.mark.parametrize(
    ("name", "picture", "status"),
    [
        ("New Name", PICTURE, 302),
        ("New Name", "", 302),
        ("", PICTURE, 422),
        ("x" * 81, "", 422),
        ("New Name", "javascript:alert(1)", 422),
        ("New Name", "data:text/html,x", 422),
        ("New Name", "ftp://pictures.test/me.png", 422),
        ("New Name", "https://pictures.test/" + "x" * 255, 422),
    ],
)
def test_name_and_picture_may_be_changed(client_as, fresh, name, picture, status):
    response = client_as("guest").post("/profile/", {"name": name, "picture": picture})
    assert response.status_code == status
    assert (fresh("guest").name == "New Name") is (status == 302)
    assert fresh("guest").picture == (picture if status == 302 else "")


def test_refused_form_keeps_what_was_typed_and_the_bar_the_saved_name(client_as, acme):
    response = client_as("guest").post("/profile/", {"name": "Typed Name", "picture": "no address"})
    page = Page(response)
    assert (page.values["name"], page.values["picture"]) == ("Typed Name", "no address")
    assert acme.guest.name in page.words


@pytest.mark.parametrize("text", [*hostile.INVISIBLE, hostile.MEGABYTE], ids=lambda text: ascii(text)[:20])
@pytest.mark.parametrize("field", ["name", "picture"])
def test_hostile_text_is_refused(client_as, fresh, field, text):
    before = fresh("guest").name
    assert client_as("guest").post("/profile/", {"name": "New", "picture": "", field: text}).status_code == 422
    assert (fresh("guest").name, fresh("guest").picture) == (before, "")


@pytest.mark.parametrize("text", hostile.PLAIN, ids=ascii)
def test_any_other_name_is_stored_and_shown_as_typed(client_as, fresh, text):
    client = client_as("guest")
    assert client.post("/profile/", {"name": text[:80], "picture": ""}).status_code == 302
    assert fresh("guest").name == text[:80]
    assert Page(client.get("/profile/")).values["name"] == text[:80]


def test_saving_does_not_undo_a_deactivation_that_came_in_between(client_as, acme, fresh, monkeypatch):
    """The person was read before, and is written after: only what was typed may be written."""
    clean = ProfileForm.clean

    def deactivated_meanwhile(form):
        User.objects.filter(pk=acme.guest.pk).update(is_active=False, password="!")
        return clean(form)

    monkeypatch.setattr(ProfileForm, "clean", deactivated_meanwhile)
    client_as("guest").post("/profile/", {"name": "New Name", "picture": ""})
    assert (fresh("guest").name, fresh("guest").is_active, fresh("guest").password) == ("New Name", False, "!")
