"""The list of members: who sees it, what it tells, how it is searched."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.flows import membership, people
from accounts.models import User

from . import hostile
from .pages import Page


@pytest.mark.parametrize(
    ("who", "status"),
    [("owner", 200), ("admin", 200), ("editor", 200), ("viewer", 200), ("guest", 403), ("stranger", 403)],
)
def test_team_is_shown_to_those_who_may_see_people(client_as, acme, who, status):
    response = client_as(who).get("/members/")
    assert response.status_code == status
    assert ("owner@acme.test" in response.content.decode()) is (status == 200)


def test_each_line_tells_name_address_role_and_status(client_as, acme, fresh):
    membership.deactivate(actor=fresh("owner"), member=fresh("guest"))
    words = Page(client_as("owner").get("/members/")).words
    for person in acme.people.values():
        assert person.name in words
        assert person.email in words
    assert all(word in words for word in ("Owner", "Admin", "Editor", "Viewer", "Deactivated"))


def test_removed_people_are_not_listed(client_as, fresh):
    membership.remove(actor=fresh("owner"), member=fresh("guest"))
    assert "guest@acme.test" not in client_as("owner").get("/members/").content.decode()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("viewer@", {"viewer@acme.test"}),
        ("VIEWER person", {"viewer@acme.test"}),
        ("acme.test", {f"{who}@acme.test" for who in ("owner", "admin", "editor", "viewer", "guest", "stranger")}),
        ("nobody", set()),
        ("%", set()),
        ("_____________________________", set()),
    ],
)
def test_search_finds_by_name_and_address(client_as, words, found):
    response = client_as("viewer").get("/members/", {"q": words})
    assert {member.email for member in response.context["members"]} == found


@pytest.mark.parametrize(
    "text", [*hostile.INVISIBLE, *hostile.PLAIN, *hostile.MARKUP, "x" * 5000], ids=lambda t: ascii(t)[:20]
)
def test_any_search_is_answered(client_as, text):
    assert (
        client_as("viewer").get("/members/", {"q": text, "page": text[:50], "per_page": text[:50]}).status_code == 200
    )


def test_fragment_and_page_show_the_same_rows(client_as):
    client = client_as("viewer")
    page, fragment = client.get("/members/"), client.get("/members/", headers={"hx-request": "true"})
    assert "<html" not in fragment.content.decode()
    assert list(fragment.context["members"]) == list(page.context["members"])
    assert all(person.email in fragment.content.decode() for person in page.context["members"])
    assert "HX-Request" in fragment["Vary"]
    assert "HX-Request" in page["Vary"]


@pytest.mark.parametrize(("minutes", "moves"), [(4, False), (6, True)])
def test_last_seen_moves_in_steps_of_five_minutes(client_as, acme, minutes, moves):
    before = timezone.now() - timedelta(minutes=minutes)
    User.objects.filter(pk=acme.viewer.pk).update(last_seen=before)
    client_as("viewer").get("/profile/")
    assert (User.objects.get(pk=acme.viewer.pk).last_seen != before) is moves


def test_first_request_is_noted(client_as, acme):
    User.objects.filter(pk=acme.viewer.pk).update(last_seen=None)
    client_as("viewer").get("/profile/")
    assert User.objects.get(pk=acme.viewer.pk).last_seen


@pytest.mark.parametrize(
    ("page", "per_page"), [("1", "2"), ("99999999999999999999", "2"), ("-1", "10000000000"), ("x", "-1")]
)
def test_pages_are_capped(client_as, page, per_page):
    response = client_as("viewer").get("/members/", {"page": page, "per_page": per_page})
    assert response.status_code == 200
    assert response.context["paginator"].per_page <= 100


def count_queries(client, path: str, django_assert_max_num_queries) -> int:
    client.get(path)  # warm: last seen is noted
    with django_assert_max_num_queries(100) as counted:
        assert client.get(path).status_code == 200
    return len(counted)


@pytest.mark.parametrize(
    ("path", "queries"), [("/members/", 15), ("/invitations/", 13), ("/profile/", 13), ("/roles/", 9)]
)
def test_page_asks_the_database_a_fixed_number_of_times(
    client_as, invited, role, django_assert_max_num_queries, path, queries
):
    client = client_as("owner")
    invited("first@acme.test")
    assert count_queries(client, path, django_assert_max_num_queries) == queries
    for number in range(10):
        invited(f"more{number}@acme.test")
        people.make_member(email=f"extra{number}@acme.test", name=f"Extra {number}", password="x", role=role("editor"))
    assert count_queries(client, path, django_assert_max_num_queries) == queries


def test_buttons_appear_only_where_the_door_would_open(client_as, acme):
    """What is offered to an admin on each line is what the server would let him do."""
    client = client_as("admin")
    offered = {
        link
        for link in Page(client.get("/members/")).links()
        if link.startswith("/members/") and link != "/members/leave/"
    }
    for person in acme.people.values():
        for verb in ("role", "deactivate", "remove"):
            path = f"/members/{person.pk}/{verb}/"
            assert (path in offered) is (client.get(path).status_code == 200), path
