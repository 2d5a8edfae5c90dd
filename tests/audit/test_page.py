"""The log's page: who opens it, what is on it, and how it may be asked. (Z3, Z10, N7, N9, N10, W3)"""

from datetime import timedelta

import pytest

from accounts.audit import filters, views
from accounts.audit.keyset import place_of
from accounts.audit.models import Entry
from tenants.schema import in_tenant
from tests.accounts import hostile
from tests.accounts.pages import Page
from tests.test_counts import statements
from tests.world import MARKER

from .lines import OLD, START, shown, words, write


@pytest.fixture
def ask(client_as):
    """`ask(action="changed")`: the owner's page of the lines that the test wrote."""
    client = client_as("owner")
    return lambda **query: client.get("/activity/", OLD | query)


# --- Who ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "status"),
    [("owner", 200), ("admin", 200), ("editor", 403), ("viewer", 403), ("guest", 403), ("stranger", 403)],
)
def test_owners_and_admins_read_the_log(acme, client_as, who, status):
    write(object_name="Secret tea")
    response = client_as(who).get("/activity/", OLD)
    assert response.status_code == status
    assert (b"Secret tea" in response.content) is (status == 200)
    assert (b'href="/activity/"' in client_as(who).get("/products/").content) is (status == 200)


def test_a_visitor_is_sent_to_sign_in(visitor):
    assert visitor.get("/activity/")["Location"].startswith("/account/login/")


def test_lines_of_another_organisation_are_never_shown(acme, globex, ask, client_as):
    ours = write(3)
    with in_tenant(globex.tenant):
        Entry.objects.bulk_create(
            Entry(pk=line.pk, at=line.at, through="page", action="changed", object_name=MARKER, actor_name=MARKER)
            for line in ours
        )
    assert shown(ask()) == [line.pk for line in reversed(ours)]
    assert shown(ask(q=MARKER)) == []
    assert shown(ask(actor=str(acme.owner.pk))) == []


# --- What ---------------------------------------------------------------------------------------------------


def test_a_line_says_who_did_what_by_which_door_from_where_and_when(acme, ask):
    write(
        actor_id=acme.editor.pk,
        actor_name="Ed Person",
        through="key",
        credential="deploy (tnt_abc…)",
        detail="from the shop",
        address="203.0.113.7",
        request_id="f00d" * 8,
        changes={"title": ["Tea", "Green tea"], "price": [None, "2.50"], "is_active": [True, False]},
    )
    text = words(ask())
    for part in ("Ed Person", "changed", "product", "Line 0", "API key", "deploy (tnt_abc…)", "from the shop"):
        assert part in text
    for part in ("203.0.113.7", "f00d" * 8, "1 Mar 2020", "12:00:00", "Times are in UTC", "3 fields"):
        assert part in text
    assert "Title Before: Tea After: Green tea" in text
    assert "Price Before: empty After: 2.50" in text
    assert "Before: yes After: no" in text


@pytest.mark.parametrize(("through", "mark"), [("support", "tag-warning"), ("key", "tag-info")])
def test_support_and_keys_stand_out(acme, ask, through, mark):
    write()
    assert f"tag {mark}" not in ask().content.decode()
    write(through=through)
    assert f"tag {mark}" in ask().content.decode()


def test_a_line_of_a_model_that_is_gone_and_of_nobody_is_shown_as_it_is(acme, ask):
    write(object_type="catalog.gone", actor_name="", action="melted_down", changes={"hue": ["a", "b"]})
    assert "A visitor melted down catalog.gone Line 0" in words(ask())
    write(object_type="", object_id="", object_name="", changes={})
    assert ask().status_code == 200


@pytest.mark.parametrize(("action", "is_named"), [("signed_in", False), ("deactivated", True)])
def test_who_signs_in_is_not_named_twice(acme, ask, action, is_named):
    write(action=action, object_type="accounts.user", object_name="Nora New", actor_name="Nora New", changes={})
    assert words(ask()).count("Nora New") == 1 + is_named


def test_very_long_values_are_cut_on_the_page(acme, ask):
    write(changes={"description": ["", "x" * 5000], "tags": [["a", "b"], {"c": [1]}]})
    response = ask()
    assert b"x" * 500 + "…".encode() in response.content
    assert b"x" * 501 not in response.content
    assert 'Before: a, b After: {"c": [1]}' in words(response)


@pytest.mark.parametrize("text", [*hostile.MARKUP, *hostile.PLAIN, *hostile.INVISIBLE[1:]], ids=ascii)
def test_whatever_a_line_holds_is_only_text(acme, ask, text):
    write(actor_id=1)
    plain = Page(ask())
    write(
        start=1,
        actor_id=1,
        actor_name=text,
        object_name=text,
        object_id=text[:40],
        detail=text,
        credential=text,
        changes={text: [text, text], "title": [text, [text]]},
    )
    page = Page(ask(since="2020-03-01"))
    assert set(page.structure) - set(plain.structure) <= {("div", ("class",)), ("dd", ()), ("bdi", ())}
    assert {name for _tag, names in page.structure for name in names} <= {
        name for _tag, names in plain.structure for name in names
    }
    assert "".join(text.split()) in "".join(page.words.split())


# --- Asking -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"action": "deleted"}, {"action": "deleted"}),
        ({"type": "accounts.user"}, {"object_type": "accounts.user"}),
        ({"through": "support"}, {"through": "support"}),
        ({"since": "2020-04-01"}, {"at": START + timedelta(days=40)}),
        ({"until": "2020-02-29"}, {"at": START - timedelta(days=1)}),
        ({"actor": "77"}, {"actor_id": 77}),
        ({"type": "catalog.product", "number": "4711"}, {"object_id": "4711"}),
        ({"q": "blend"}, {"object_name": "Earl Grey, blended"}),
        ({"q": "ann mail"}, {"detail": "invited ann@mail.test"}),
        ({"q": "ann@mail.test"}, {"detail": "invited ann@mail.test"}),
        ({"q": "12"}, {"object_name": "SKU-12"}),
        ({"q": "nora"}, {"actor_name": "Nora New"}),
        ({"q": "NORA tea"}, {"actor_name": "Nora New", "object_name": "Tea"}),
    ],
)
def test_a_filter_finds_the_lines_that_are_like_it_and_no_others(acme, ask, query, fields):
    write(2)
    wanted = write(start=2, **fields)
    assert shown(ask(**query)) == [line.pk for line in wanted]


@pytest.mark.parametrize("text", ["Editor Person", "editor@acme", "EDITOR"])
def test_a_person_is_found_by_the_name_and_address_of_today(acme, ask, text):
    write(2, actor_id=acme.owner.pk)
    theirs = write(start=2, actor_id=acme.editor.pk, actor_name="Their former name")
    assert shown(ask(person=text)) == [line.pk for line in theirs]
    assert shown(ask(person="nobody at all")) == []


def test_a_name_that_is_everybodys_is_refused_with_a_sentence(acme, ask, monkeypatch):
    monkeypatch.setattr(filters, "MOST_PEOPLE", 2)
    assert "More than 2 people have this. Type more." in words(ask(person="person"))


def test_the_days_of_the_filter_are_whole(acme, ask):
    first, last = write(at=START.replace(hour=0, minute=0)) + write(at=START.replace(hour=23, minute=59, second=59))
    write(at=START - timedelta(days=1))
    assert shown(ask(since="2020-03-01", until="2020-03-01")) == [last.pk, first.pk]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"since": "yesterday"}, "Enter a valid date."),
        ({"until": "2020-13-45"}, "Enter a valid date."),
        ({"action": "__class__"}, "Select a valid choice."),
        ({"type": "auth.user"}, "Select a valid choice."),
        ({"q": "\x00"}, "Null characters are not allowed."),
        ({"q": "x" * 101}, "at most 100 characters"),
        ({"person": "x" * 1_000_000}, "at most 100 characters"),
    ],
)
def test_a_filter_that_makes_no_sense_is_answered_with_a_sentence(acme, ask, query, sentence):
    write()
    assert sentence in words(ask(**query))


@pytest.mark.parametrize(
    "query",
    [
        {"actor": "9" * 5000},
        {"actor": "-1"},
        {"actor": "NaN"},
        {"number": "x" * 41},
        {"before": "9" * 400},
        {"before": "99999999999999999-999999999999999999"},
        {"before": "1-1' OR 1=1 --"},
        {"after": "0-0"},
        {"after": "٣-٣"},
        {"since": "0001-01-01", "until": "9999-12-31"},
        {"q": "((((' & ! :* <-> | \\"},
        {"q": "%_\\"},
        {"_connector": "OR", "actor__password__startswith": "x", "order": "-actor_id", "page": "-1"},
    ],
)
def test_hostile_questions_are_answered(acme, ask, query):
    write(3)
    assert ask(**query).status_code == 200


@pytest.mark.parametrize("text", [*hostile.PLAIN, *hostile.MARKUP], ids=ascii)
def test_what_was_typed_comes_back_in_the_field(acme, ask, text):
    response = ask(q=text, person=text)
    assert (Page(response).values["q"], Page(response).values["person"]) == (text, text)


# --- Pages --------------------------------------------------------------------------------------------------


def walk(ask, link: str, **query) -> list[list[int]]:
    """Follow `older` or `newer` to the end."""
    pages = []
    while True:
        response = ask(**query)
        pages.append(shown(response))
        place = getattr(response.context["page"], link)
        if place is None:
            return pages
        query = {"before" if link == "older" else "after": place}


@pytest.mark.parametrize("minutes", [1, 0], ids=["one after the other", "all at once"])
def test_older_pages_show_each_line_once_and_newer_ones_lead_back(acme, ask, minutes):
    lines = [write(start=number, at=START + timedelta(minutes=minutes * number))[0].pk for number in range(120)]
    newest_first = lines[::-1]
    pages = walk(ask, "older")
    assert [len(page) for page in pages] == [50, 50, 20]
    assert [pk for page in pages for pk in page] == newest_first
    oldest = Entry.objects.get(pk=lines[0])
    back = walk(ask, "newer", after=place_of(oldest))
    assert [page[-1] for page in back[:2]] == [lines[1], lines[51]]
    assert back[-1] == newest_first[:50]


def test_lines_written_meanwhile_move_no_line_to_another_page(acme, ask):
    lines = write(60)
    place = ask().context["page"].older
    write(5, start=60)
    assert shown(ask(before=place)) == [line.pk for line in reversed(lines[:10])]


@pytest.mark.parametrize(("number", "text"), [(1, "1 line"), (3, "3 lines"), (4, "More than 3 lines")])
def test_lines_are_counted_up_to_a_bound(acme, ask, monkeypatch, number, text):
    monkeypatch.setattr(views, "COUNT_UP_TO", 3)
    write(number)
    assert text in words(ask())


def test_htmx_gets_the_lines_alone(acme, client_as):
    write()
    response = client_as("owner").get("/activity/", OLD, headers={"HX-Request": "true"})
    assert (b"<html" in response.content, b"Line 0" in response.content) == (False, True)
    assert "HX-Request" in response["Vary"]


def test_the_page_asks_as_often_of_many_lines_as_of_few(acme, client_as):
    """One statement for the lines, one for the count, which is bounded; the others are those of every page."""
    client = client_as("owner")
    write(3, actor_id=acme.editor.pk)
    few = statements(client, "/activity/?until=2020-12-31")
    write(2000, start=3, actor_id=acme.editor.pk)
    many = statements(client, "/activity/?until=2020-12-31")
    count, lines = [sql for sql in many if "audit_entry" in sql]
    assert len(few) == len(many)
    assert ("LIMIT 1001" in count, "LIMIT 51" in lines) == (True, True)
