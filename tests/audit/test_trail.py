"""One line an act, with who did it, by which door and from where. (Z1, R24, D7)"""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import RequestFactory
from django.utils import timezone
from guardian.shortcuts import assign_perm

from accounts.audit import context, trail
from accounts.audit.context import acting
from accounts.flows import api_keys
from accounts.models import Invitation, Role
from catalog.models import Product
from tests.accounts.mails import path_in
from tests.conftest import HostClient
from tests.world import PASSWORD

COFFEE = {"title": "Tea", "price": "12.50", "status": "published"}


def edit(client, product, **fields):
    version = Product.objects.get(pk=product.pk).version
    form = {**COFFEE, "category": product.category_id, "version": version, **fields}
    return client.post(f"/products/{product.pk}/edit/", form)


# --- who, by what, from where ----------------------------------------------------------------------------


def test_a_line_says_who_did_it_by_which_door_and_from_where(acme, client_as, new_lines):
    response = edit(client_as("editor"), acme.coffee)
    line = new_lines()[-1]
    assert (line.actor_id, line.actor_name, line.through) == (acme.editor.pk, str(acme.editor), "page")
    assert (line.address, line.request_id, line.credential) == ("127.0.0.1", response["X-Request-ID"], "")


@pytest.mark.parametrize(
    ("path", "more", "door"),
    [
        ("/products/", {}, "page"),
        ("/admin/catalog/product/", {}, "admin"),
        ("/api/v1/products/", {}, "api"),
        ("/api/v1/products/", {"identity": "token"}, "api"),
        ("/api/v1/products/", {"identity": "key"}, "key"),
        ("/products/", {"visit": True}, "support"),
        ("/api/v1/products/", {"visit": True}, "support"),
    ],
)
def test_the_door_follows_from_the_request(path, more, door):
    request = RequestFactory().get(path)
    request.identity = more.get("identity") and type("Identity", (), {"through": more["identity"], "key": None})()
    request.support_visit = more.get("visit")
    assert context.door(request) == door


def test_a_change_by_an_api_key_names_the_key_and_not_its_secret(acme, new_lines):
    rights, ends = ["catalog.view_product", "catalog.change_product"], timezone.now() + timedelta(days=1)
    key, text = api_keys.create(actor=acme.editor, name="Robot", rights=rights, expires_at=ends)
    client = HostClient(acme.tenant.host)
    address = f"/api/v1/products/{acme.coffee.pk}/"
    etag = client.get(address, headers={"authorization": f"Bearer {text}"})["ETag"]
    headers = {"authorization": f"Bearer {text}", "if-match": etag}
    response = client.patch(address, {"title": "Tea"}, content_type="application/json", headers=headers)
    line = new_lines()[-1]
    assert (response.status_code, line.through, line.actor_id) == (200, "key", acme.editor.pk)
    assert line.credential == str(key)
    assert text.rpartition("_")[2] not in str(vars(line))


def test_outside_of_requests_it_is_the_command_or_the_job(acme, new_lines):
    with acting("command", name="nightly tidying"):
        Product.objects.filter(pk=acme.coffee.pk).update(title="Tea")
    Product.objects.filter(pk=acme.coffee.pk).update(title="Coffee")
    job, other = new_lines()
    assert (job.through, job.actor_name, job.actor_id) == ("command", "nightly tidying", None)
    assert (other.through, other.actor_name) == ("command", context.command_name())


def test_threads_and_coroutines_do_not_see_each_others_actor():
    with acting("command", name="mine"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: context.current().name).result() == context.command_name()
        assert pool.submit(copy_context().run, lambda: context.current().name).result() == "mine"


# --- coming, going, being refused ----------------------------------------------------------------------


def sign_in(acme, password=PASSWORD, email=None):
    client = HostClient(acme.tenant.host)
    client.post("/account/login/", {"login": email or acme.editor.email, "password": password})
    return client


def actions(lines) -> list[tuple]:
    return [(line.action, line.object_id, line.actor_id) for line in lines]


def test_coming_and_going_are_one_line_each(acme, new_lines):
    sign_in(acme).post("/account/logout/")
    pk = acme.editor.pk
    assert actions(new_lines()) == [("signed_in", str(pk), pk), ("signed_out", str(pk), pk)]


def test_a_failed_sign_in_is_one_line_about_the_member_and_keeps_nothing_that_was_typed(acme, new_lines):
    sign_in(acme, password="my other password")
    sign_in(acme, email="hunter2@secret.test")
    known, unknown = new_lines()
    assert (known.action, known.object_id, known.actor_id) == ("sign_in_failed", str(acme.editor.pk), None)
    assert (unknown.action, unknown.object_id, unknown.detail) == ("sign_in_failed", "", "unknown address")
    assert "hunter2" not in str(vars(unknown))
    assert "my other password" not in str(vars(known))


@pytest.mark.parametrize(
    ("who", "path", "status", "count"),
    [
        ("viewer", "/products/{coffee}/delete/", 403, 1),  # he sees it and may not
        ("guest", "/products/{coffee}/delete/", 404, 0),  # for him there is nothing
        ("viewer", "/invitations/new/", 403, 1),
        ("viewer", "/api/v1/invitations/", 403, 1),
        ("owner", "/products/{coffee}/delete/", 302, 0),
    ],
)
def test_a_refusal_is_exactly_one_line(acme, client_as, new_lines, who, path, status, count):
    client = client_as(who)
    response = client.post(path.format(coffee=acme.coffee.pk))
    assert response.status_code == status
    lines = [line for line in new_lines() if line.action == "permission_refused"]
    assert [line.actor_id for line in lines] == [acme.people[who].pk] * count


def test_a_refusal_says_what_was_asked_of_which_object(acme, client_as, new_lines):
    client_as("viewer").post(f"/products/{acme.coffee.pk}/delete/")
    line = new_lines()[-1]
    assert (line.object_type, line.object_id, line.object_name) == ("catalog.product", "1", acme.coffee.title)
    assert line.detail == "POST catalog:product-delete: catalog.delete_product"


def test_a_forged_request_is_no_refusal_of_rights(acme, client_as, new_lines):
    client = client_as("owner", enforce_csrf_checks=True)
    assert client.post(f"/products/{acme.coffee.pk}/delete/").status_code == 403
    assert [line.action for line in new_lines()] == ["signed_in"]


# --- one line an act -----------------------------------------------------------------------------------


def post(client, path, **form):
    response = client.post(path, form)
    assert response.status_code in (302, 204), response.content


@pytest.mark.parametrize(
    ("path", "form", "action", "fields"),
    [
        ("/members/{editor}/role/", {"role": "viewer"}, "role_changed", {"roles"}),
        ("/members/{editor}/deactivate/", {}, "deactivated", {"is_active"}),
        (
            "/members/{editor}/remove/",
            {},
            "member_removed",
            {"is_active", "removed_at", "password", "roles", "invitations", "shared_with"},
        ),
        (
            "/products/{coffee}/share/",
            {"principal": "user-5", "rights": ["catalog.change_product"]},
            "shared",
            {"shared_with"},
        ),
        ("/products/{coffee}/share/", {"principal": "user-{editor}"}, "unshared", {"shared_with"}),
        ("/organisation/", {"name": "New", "currency": "EUR"}, "organisation_changed", {"name"}),
    ],
)
def test_an_act_is_one_line_with_all_that_it_changed(acme, client_as, new_lines, path, form, action, fields):
    furnish(acme)
    client, known = client_as("owner"), len(new_lines())
    places = {"editor": acme.editor.pk, "coffee": acme.coffee.pk}
    post(client, path.format(**places), **{name: format_all(value, places) for name, value in form.items()})
    [line] = new_lines()[known:]
    assert (line.action, set(line.changes)) == (action, fields)


def furnish(acme) -> None:
    """The editor has a grant, and has invited somebody."""
    invitation = Invitation(email="a@b.test", role=Role.objects.get(key="viewer"), invited_by=acme.editor)
    invitation.renew()
    invitation.save()
    assign_perm("catalog.view_product", acme.editor, acme.coffee)


def format_all(value, places):
    return value.format(**places) if isinstance(value, str) else value


def test_inviting_two_is_two_lines_and_accepting_is_one(acme, client_as, new_lines, mailoutbox):
    client = client_as("owner")
    post(client, "/invitations/new/", addresses="ann@b.test\nben@b.test", role="viewer")
    assert [line.action for line in new_lines()] == ["signed_in", "invited", "invited"]
    path, known = path_in(mailoutbox[0], acme.tenant), len(new_lines())
    HostClient(acme.tenant.host).post(path, {"name": "Ann", "password": "correct horse battery"})
    accepted, came = new_lines()[known:]
    assert (accepted.action, came.action) == ("invitation_accepted", "signed_in")
    assert accepted.changes["roles"] == [[], ["Ann: Viewer"]]


@transaction.atomic
def change_and_fail(acme):
    Product.objects.filter(pk=acme.coffee.pk).update(price=0)
    raise ZeroDivisionError


def test_what_an_act_did_and_undid_is_not_in_its_line(acme, new_lines):
    with transaction.atomic(), trail.act("tidied", acme.coffee):
        with pytest.raises(ZeroDivisionError):
            change_and_fail(acme)
        Product.objects.filter(pk=acme.coffee.pk).update(title="Tea")
    assert [line.changes for line in new_lines()] == [{"title": [acme.coffee.title, "Tea"]}]


def test_an_act_that_fails_leaves_neither_change_nor_line(acme, new_lines):
    @transaction.atomic
    def failing():
        with trail.act("tidied", acme.coffee):
            change_and_fail(acme)

    with pytest.raises(ZeroDivisionError):
        failing()
    assert (new_lines(), str(Product.objects.get(pk=acme.coffee.pk).price)) == ([], "12.50")


def test_a_line_that_cannot_be_written_takes_the_act_with_it(acme, client_as, new_lines):
    """The log is in the transaction of the act: neither is there without the other."""
    client = client_as("editor")
    with connection.cursor() as cursor:
        cursor.execute("REVOKE INSERT ON audit_entry FROM CURRENT_USER")
    client.raise_request_exception = False
    response = edit(client, acme.coffee)
    assert (response.status_code, Product.objects.get(pk=acme.coffee.pk).title) == (500, acme.coffee.title)
