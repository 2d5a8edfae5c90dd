"""The log as a file: who may have it, what is in it, and that it is only text to a spreadsheet. (N1, I7, L6, Z3)"""

import csv
import io
import json
import tracemalloc

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.audit import exports
from accounts.audit.models import Entry
from accounts.models import Role
from accounts.spreadsheets import STARTS, shielded, unshielded
from tenants.schema import in_tenant
from tests.accounts import hostile
from tests.conftest import HostClient
from tests.world import MARKER

from .lines import OLD, words, write


def ask(client, kind="csv", **query):
    return client.post("/activity/export/", {"kind": kind}, query_params=OLD | query)


def body(response) -> bytes:
    assert response.status_code == 200, response.status_code
    return b"".join(response.streaming_content)


def read_csv(response) -> list[dict[str, str]]:
    """As a program would that knows the rule of the apostrophe."""
    rows = csv.DictReader(io.StringIO(body(response).decode("utf-8-sig"), newline=""))
    return [{name: unshielded(cell) for name, cell in row.items()} for row in rows]


def read_lines(response) -> list[dict]:
    return [json.loads(line) for line in body(response).decode().split("\n") if line]


def exported() -> list[Entry]:
    return list(Entry.objects.filter(action="exported"))


# --- Who ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "status"),
    [("owner", 200), ("admin", 200), ("editor", 403), ("viewer", 403), ("guest", 403), ("stranger", 403)],
)
def test_owners_and_admins_take_the_log_away_and_the_log_says_so(acme, client_as, who, status):
    write(3)
    response = ask(client_as(who), action="changed")
    assert response.status_code == status
    assert [line.detail for line in exported()] == (
        ["csv, 3 lines, action=changed, until=2020-12-31"] if status == 200 else []
    )


def test_a_visitor_is_sent_to_sign_in(acme, visitor):
    assert ask(visitor)["Location"].startswith("/account/login/")


def test_reading_alone_is_not_enough(acme, client_as):
    """The page opens, the button is not there, and the door refuses."""
    write()
    group = Role.objects.get(key="admin").group
    group.permissions.remove(group.permissions.get(codename="export_entry"))
    client = client_as("admin")
    page = client.get("/activity/", OLD)
    assert (page.status_code, b"/activity/export/" in page.content) == (200, False)
    assert ask(client).status_code == 403
    assert exported() == []


def test_exporting_alone_reads_nothing(acme, client_as):
    write(3)
    group = Role.objects.get(key="admin").group
    group.permissions.remove(group.permissions.get(codename="view_entry"))
    assert read_csv(ask(client_as("admin"))) == []


def test_a_right_that_ends_while_the_file_is_made_ends_it(acme, client_as, monkeypatch):
    write(3)
    real = exports.export

    def meanwhile(*args):
        acme.admin.groups.clear()
        return real(*args)

    monkeypatch.setattr(exports, "export", meanwhile)
    assert ask(client_as("owner")).status_code == 200
    acme.admin.groups.set([Role.objects.get(key="admin").group])
    assert ask(client_as("admin")).status_code == 403
    assert len(exported()) == 1


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_a_file_is_made_by_post_alone(acme, client_as, method):
    assert getattr(client_as("owner"), method)("/activity/export/").status_code == 405
    assert exported() == []


def test_another_site_cannot_ask_for_it(acme, client_as):
    assert ask(client_as("owner", enforce_csrf_checks=True)).status_code == 403
    assert exported() == []


def test_files_are_made_a_few_times_an_hour(acme, client_as, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"export_audit": "2/h/key"}
    write()
    owner, admin = client_as("owner"), client_as("admin")
    assert [ask(owner).status_code for _time in range(3)] == [200, 200, 429]
    assert ask(admin).status_code == 200
    assert len(exported()) == 3


# --- What ---------------------------------------------------------------------------------------------------

FULL = {
    "actor_id": 7,
    "actor_name": "Ann",
    "through": "key",
    "credential": "deploy",
    "action": "changed",
    "object_type": "catalog.product",
    "object_id": "4",
    "object_name": "Tea, “green”",
    "changes": {"title": ["a\nb", 'c"d'], "price": [None, "2.50"]},
    "detail": "x",
    "address": "2001:db8::1",
    "request_id": "f00d",
}


def test_json_lines_say_what_the_log_says(acme, client_as):
    write(**FULL)
    assert read_lines(ask(client_as("owner"), "jsonl")) == [{"at": "2020-03-01T12:00:00+00:00", **FULL}]


def test_csv_says_what_the_log_says(acme, client_as):
    write(**FULL)
    write(start=1, actor_id=None, address=None, changes={})
    empty, full = read_csv(ask(client_as("owner"), "csv"))
    assert full | {"changes": json.loads(full["changes"])} == {
        "at": "2020-03-01T12:00:00+00:00",
        **{name: value if name == "changes" else str(value) for name, value in FULL.items()},
    }
    assert (empty["actor_id"], empty["address"], empty["changes"]) == ("", "", "{}")


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_file_holds_what_the_filter_finds_and_nothing_else(acme, client_as, kind):
    write(3)
    wanted = write(2, start=3, action="deleted")
    read = {"csv": read_csv, "jsonl": read_lines}[kind]
    rows = read(ask(client_as("owner"), kind, action="deleted", before="1-1"))
    assert [row["object_name"] for row in rows] == [line.object_name for line in reversed(wanted)]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_file_holds_no_line_of_another_organisation(acme, globex, client_as, kind):
    ours = write(2)
    with in_tenant(globex.tenant):
        Entry.objects.bulk_create(
            Entry(pk=line.pk, at=line.at, through="page", action="changed", object_name=MARKER) for line in ours
        )
    text = body(ask(client_as("owner"), kind)).decode()
    assert ("Line 0" in text, MARKER in text) == (True, False)


@pytest.mark.parametrize("query", [{"since": "yesterday"}, {"action": "unheard-of"}, {"q": "x" * 101}])
def test_a_filter_that_makes_no_sense_makes_no_file(acme, client_as, query):
    write()
    response = ask(client_as("owner"), **query)
    assert (response.status_code, b"field-error" in response.content) == (422, True)
    assert exported() == []


@pytest.mark.parametrize("kind", ["", "xlsx", "__class__", "csv\x00"])
def test_an_unknown_kind_makes_no_file(acme, client_as, kind):
    assert ask(client_as("owner"), kind).status_code == 422
    assert exported() == []


def test_a_file_is_told_by_its_name_and_type_and_kept_by_nobody(acme, client_as):
    response = ask(client_as("owner"))
    assert response["Content-Disposition"].startswith('attachment; filename="activity-acme-')
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "no-store" in response["Cache-Control"]
    assert int(response["Content-Length"]) == len(body(response))


# --- Cells --------------------------------------------------------------------------------------------------

FORMULAS = [*(f"{start}cmd|' /C calc'!A0" for start in STARTS), " =1+1", "\u00a0@SUM(A1)", "''=1", "'"]
PLAIN = [
    *hostile.PLAIN,
    *hostile.MARKUP,
    *hostile.INVISIBLE[1:],
    "a=b",
    "Tea, 'green'",
    "",
    "line\nbreak\r\nand ; more",
]


@pytest.mark.parametrize("text", [*FORMULAS, *PLAIN], ids=ascii)
def test_a_cell_is_never_a_formula_and_is_read_back_as_it_was(acme, client_as, text):
    write(object_name=text, actor_name=text, detail=text, credential=text, changes={text: [text, text]})
    client = client_as("owner")
    raw = body(ask(client)).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(raw, newline="")) for cell in row]
    assert not [cell for cell in cells if cell.lstrip().startswith(tuple(start for start in STARTS if start != "'"))]
    [row] = read_csv(ask(client))
    assert [row[name] for name in ("object_name", "actor_name", "detail", "credential")] == [text] * 4
    assert json.loads(row["changes"]) == {text: [text, text]}
    [line] = read_lines(ask(client, "jsonl"))
    assert (line["object_name"], line["changes"]) == (text, {text: [text, text]})


@pytest.mark.parametrize("text", [*FORMULAS, *PLAIN], ids=ascii)
def test_the_apostrophe_is_put_in_front_of_formulas_alone(text):
    assert unshielded(shielded(text)) == text
    assert (shielded(text) != text) is (text in FORMULAS or text.lstrip().startswith(STARTS))


# --- Size ---------------------------------------------------------------------------------------------------


def test_a_file_is_finished_before_the_answer_begins(acme, globex, client_as):
    """I7: the body is sent when the tenant is no longer bound; then nothing is asked of the database."""
    write(5)
    response = ask(client_as("owner"))
    connection.set_tenant(globex.tenant)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        text = body(response).decode()
    assert (captured.captured_queries, text.count("Line")) == ([], 5)


@pytest.mark.parametrize(("most", "is_cut"), [(4, True), (5, False)])
def test_a_file_has_an_end_and_the_reader_is_told(acme, client_as, monkeypatch, most, is_cut):
    monkeypatch.setattr(exports, "MOST_LINES", most)
    monkeypatch.setattr(exports, "AT_ONCE", 2)
    write(5)
    client = client_as("owner")
    assert [row["object_name"] for row in read_csv(ask(client))] == [f"Line {n}" for n in (4, 3, 2, 1, 0)[:most]]
    assert exported()[0].detail.startswith(f"csv, {most} lines")
    assert ("The file holds the newest 4 lines." in words(client.get("/activity/", OLD))) is is_cut


def test_a_file_has_a_size_and_the_reader_is_told(acme, client_as, monkeypatch):
    monkeypatch.setattr(exports, "MOST_BYTES", 1000)
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    write(5, detail="x" * 400)
    client = client_as("owner")
    assert len(read_csv(ask(client))) < 5
    assert "The file holds the newest" in words(client.get("/activity/", OLD))


def test_memory_and_statements_do_not_grow_with_the_log(acme):
    def cost(count, start):
        write(count, start=start, detail="x" * 400)
        tracemalloc.start()
        with CaptureQueriesContext(connection) as captured:
            exports.export(Entry.objects.filter(at__year=2020), "jsonl").file.close()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return len(captured), peak

    (few, small), (many, large) = cost(1000, 0), cost(9000, 1000)
    assert (few, many) == (2, 11)
    assert large < small * 2


def test_the_same_person_of_another_organisation_exports_his_own(acme, globex, client_as):
    write()
    foreign = HostClient(globex.tenant.host).sign_in(globex.owner, globex.tenant)
    assert "Line 0" not in body(ask(foreign)).decode()
    assert exported() == []
    assert "Line 0" in body(ask(client_as("owner"))).decode()
