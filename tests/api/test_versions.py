"""Lost updates: ETag, If-Match, If-None-Match, and `version` in the body."""

import pytest


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, {}, 200),
        ({"If_Match": '"1"'}, {}, 200),
        ({"If_Match": '"7", "1"'}, {}, 200),
        ({"If_Match": "*"}, {}, 200),
        ({"If_Match": '"2"'}, {}, 412),
        ({"If_Match": 'W/"1"'}, {}, 412),
        ({"If_Match": "1"}, {}, 412),
        ({"If_Match": ""}, {}, 412),
        ({}, {"version": 1}, 200),
        ({}, {"version": 2}, 409),
        ({"If_Match": '"1"'}, {"version": 2}, 409),
        ({}, {"version": "1"}, 400),
        ({}, {"version": 0}, 400),
        ({}, {"version": 2**31}, 400),
    ],
)
def test_a_write_means_the_version_that_it_names(acme, api_as, stored, headers, body, status):
    response = api_as("editor").send("PATCH", f"/products/{acme.coffee.pk}/", {"title": "Tea", **body}, **headers)
    assert (response.status_code, stored("coffee").version) == (status, 2 if status == 200 else 1)
    if status == 200:
        assert response["ETag"] == '"2"'


def test_the_second_writer_is_told_and_nothing_is_lost(acme, api_as, stored):
    one, two, path = api_as("editor"), api_as("admin"), f"/products/{acme.coffee.pk}/"
    tag = one.read(path)["ETag"]
    assert two.send("PATCH", path, {"price": "1.00"}, If_Match=tag).status_code == 200
    assert one.send("PATCH", path, {"title": "Tea"}, If_Match=tag).status_code == 412
    assert one.send("DELETE", path, If_Match=tag).status_code in (403, 412)
    assert two.send("DELETE", path, If_Match=tag).status_code == 412
    assert (stored("coffee").title, str(stored("coffee").price)) == (acme.coffee.title, "1.00")


def test_a_version_that_changes_under_the_lock_is_found(acme, api_as, stored, monkeypatch):
    """Read before the lock, compared once more behind it."""
    hold = "accounts.access.hold"
    change = lambda user: type(acme.coffee).objects.filter(pk=acme.coffee.pk).update(version=5)  # noqa: E731
    monkeypatch.setattr(hold, change)
    path = f"/products/{acme.coffee.pk}/"
    assert api_as("editor").send("PATCH", path, {"title": "Tea"}, If_Match='"1"').status_code == 412
    assert stored("coffee").title == acme.coffee.title


def test_who_has_the_version_already_is_sent_nothing(acme, api_as):
    client, path = api_as("viewer"), f"/products/{acme.coffee.pk}/"
    tag = client.read(path)["ETag"]
    same = client.read(path, If_None_Match=tag)
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", tag)
    api_as("editor").send("PATCH", path, {"title": "Tea"})
    assert client.read(path, If_None_Match=tag).status_code == 200


def test_a_product_that_one_may_not_see_has_no_version(acme, api_as):
    assert api_as("guest").read(f"/products/{acme.coffee.pk}/", If_None_Match='"1"').status_code == 404


def test_if_match_is_refused_where_there_is_no_version(acme, api_as):
    response = api_as("editor").send("PATCH", f"/categories/{acme.tea.pk}/", {"name": "Changed"}, If_Match='"1"')
    acme.tea.refresh_from_db()
    assert (response.status_code, acme.tea.name) == (400, "Tea acmeword")
