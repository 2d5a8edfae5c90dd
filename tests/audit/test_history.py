"""The history of one object: who may read it, what of it, and where it leads. (Z1, Z3)"""

import pytest
from guardian.shortcuts import assign_perm

from accounts.audit.models import Entry
from catalog.models import Product
from tenants.models import Tenant
from tenants.schema import in_public, in_tenant
from tests.world import MARKER

from .lines import shown, words, write


def write_about(obj, **fields):
    return write(object_type=obj._meta.label_lower, object_id=str(obj.pk), object_name=str(obj), **fields)


@pytest.mark.parametrize(
    ("who", "status"),
    [("owner", 200), ("admin", 200), ("editor", 200), ("viewer", 403), ("guest", 404), ("stranger", 404)],
)
@pytest.mark.parametrize("kind", ["coffee", "drinks"])
def test_who_may_change_an_object_reads_its_history(acme, client_as, kind, who, status):
    obj = getattr(acme, kind)
    response = client_as(who).get(f"{obj.get_absolute_url()}history/")
    assert response.status_code == status
    page = client_as(who).get(obj.get_absolute_url())
    assert (b"/history/" in page.content) is (status == 200)


@pytest.mark.parametrize(
    ("who", "status"),
    [("owner", 200), ("admin", 200), ("editor", 403), ("viewer", 403), ("guest", 403), ("stranger", 403)],
)
def test_who_may_change_members_reads_theirs(acme, client_as, who, status):
    write_about(acme.viewer, changes={"name": ["Vera", "Vera Viewer"]})
    response = client_as(who).get(f"/members/{acme.viewer.pk}/history/")
    assert response.status_code == status
    assert (b"Vera Viewer" in response.content) is (status == 200)


@pytest.mark.parametrize(("right", "status"), [("change_product", 200), ("view_product", 403)])
def test_a_grant_to_change_opens_the_history_of_that_object_alone(acme, client_as, right, status):
    for name in {"view_product", right}:
        assign_perm(f"catalog.{name}", acme.guest, acme.coffee)
    client = client_as("guest")
    assert client.get(f"/products/{acme.coffee.pk}/history/").status_code == status
    assert client.get(f"/products/{acme.hammer.pk}/history/").status_code == 404


def test_a_visitor_of_the_public_catalogue_reads_no_history(acme, visitor):
    with in_public():
        Tenant.objects.filter(pk=acme.tenant.pk).update(catalogue_is_public=True)
    assert visitor.get(acme.coffee.get_absolute_url()).status_code == 200
    assert visitor.get(f"{acme.coffee.get_absolute_url()}history/").status_code == 302


def test_a_history_holds_the_lines_of_that_object_newest_first(acme, client_as):
    first, second = write_about(acme.coffee, changes={"title": ["Coffee", "Mocha"]}), write_about(acme.coffee, start=1)
    write_about(acme.hammer)
    write(object_type="catalog.category", object_id=str(acme.coffee.pk))
    entries = shown(client_as("editor").get(f"/products/{acme.coffee.pk}/history/"))
    assert entries[-2:] == [second[0].pk, first[0].pk]
    assert set(Entry.objects.filter(pk__in=entries).values_list("object_type", "object_id")) == {
        ("catalog.product", str(acme.coffee.pk))
    }


def test_the_history_of_the_other_organisations_object_of_that_number_is_not_there(acme, globex, client_as):
    ours = write_about(acme.coffee)
    with in_tenant(globex.tenant):
        write_about(globex.coffee, changes={"title": ["", MARKER]}, pk=ours[0].pk)
    response = client_as("owner").get(f"/products/{acme.coffee.pk}/history/")
    assert ours[0].pk in shown(response)
    assert MARKER not in response.content.decode()


@pytest.mark.parametrize(("who", "is_shown"), [("owner", True), ("editor", False)])
def test_only_readers_of_the_log_see_from_where_and_who_was_refused(acme, client_as, who, is_shown):
    write_about(acme.coffee, address="203.0.113.7", detail="with Gus Guest", request_id="f00d", credential="deploy")
    write_about(acme.coffee, start=1, action="permission_refused", actor_name="Nosy Nick", changes={})
    text = words(client_as(who).get(f"/products/{acme.coffee.pk}/history/"))
    assert "Olive Owner changed product" in text
    for part in ("203.0.113.7", "with Gus Guest", "f00d", "deploy", "Nosy Nick"):
        assert (part in text) is is_shown, part


@pytest.mark.parametrize(("who", "is_shown"), [("owner", True), ("editor", True), ("guest with the product", False)])
def test_the_name_of_another_object_is_shown_only_to_those_who_see_all_of_its_kind(acme, client_as, who, is_shown):
    for right in ("view_product", "change_product"):
        assign_perm(f"catalog.{right}", acme.guest, acme.coffee)
    write_about(acme.coffee, changes={"category": ["Hidden shelf", "Drinks"], "title": ["Coffee", "Mocha"]})
    text = words(client_as(who.split()[0]).get(f"/products/{acme.coffee.pk}/history/"))
    assert "Before: Coffee After: Mocha" in text
    assert ("Hidden shelf" in text) is is_shown
    assert ("Category changed; the values are not shown to you" in text) is not is_shown


@pytest.mark.parametrize(("who", "is_shown"), [("owner", True), ("editor", False)])
@pytest.mark.parametrize("field", ["path_name", "ancestors", "shared", "no_such_field"])
def test_what_no_form_shows_is_for_readers_of_the_log(acme, client_as, who, is_shown, field):
    write_about(acme.tea, changes={field: ["Hidden shelf / Tea", "Tea"]})
    text = words(client_as(who).get(f"/categories/{acme.tea.pk}/history/"))
    assert ("Hidden shelf" in text) is is_shown


def test_a_deleted_objects_history_is_found_from_the_activity_page(acme, client_as):
    write_about(acme.saw, changes={"title": ["Saw", "Old saw"]})
    client = client_as("owner")
    pk = acme.saw.pk
    assert client.post(f"/products/{pk}/delete/").status_code == 302
    assert not Product.objects.filter(pk=pk).exists()
    assert client.get(f"/products/{pk}/history/").status_code == 404
    response = client.get("/activity/", {"type": "catalog.product", "number": pk})
    assert "Before: Saw After: Old saw" in words(response)


def test_a_long_history_is_paged(acme, client_as):
    lines = [write_about(acme.coffee, start=number)[0].pk for number in range(55)]
    client, address = client_as("editor"), f"/products/{acme.coffee.pk}/history/"
    first = client.get(address)
    rest = client.get(address, {"before": first.context["page"].older})
    assert len(shown(first)) == 50
    assert shown(rest) == lines[: len(shown(rest))][::-1]
    assert client.get(address, {"before": "nonsense"}).status_code == 200
    fragment = client.get(address, headers={"HX-Request": "true"})
    assert (b"<html" in fragment.content, shown(fragment)) == (False, shown(first))
