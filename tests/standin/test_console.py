"""The console, as somebody tries things out by hand; and the stand-in as a program of its own."""

import json
import signal
import subprocess
import sys

import pytest
import requests

PROVIDER = "frontegg"


@pytest.fixture
def press(idp):
    """Press a button of the console; the page that comes then."""

    def press(action, headers=None, **form):
        return requests.post(f"{idp.url}/_standin/{action}", data=form, headers=headers, timeout=5)

    return press


def test_the_page_shows_people_escaped_and_has_no_script(idp, ada):
    ada.name = "<Ada>"
    page = requests.get(f"{idp.url}/", timeout=5)
    assert ("Stand-in for Frontegg" in page.text, "&lt;Ada&gt;" in page.text, "<Ada>" in page.text) == (
        True,
        True,
        False,
    )
    assert ("<script" in page.text, "default-src 'none'" in page.headers["Content-Security-Policy"]) == (False, True)


def test_a_role_is_taken_away(idp, press, ada, acme):
    page = press("roles", person="ada", tenant="acme-id", role=["Viewer", "Editor"])
    assert ("Ada Roe in Acme: Viewer, Editor." in page.text, idp.world.roles_of(ada, acme)) == (
        True,
        ["Viewer", "Editor"],
    )
    press("roles", person="ada", tenant="acme-id")
    assert idp.world.roles_of(ada, acme) == []


def test_somebody_is_disabled_verified_locked_and_moved(idp, press, ada, acme):
    globex = idp.world.add_tenant("globex-id", name="Globex")
    for action in ("switch", "leave"):
        press(action, person="ada", tenant="acme-id")
        membership = idp.world.membership(ada, acme)
        assert membership.disabled if action == "switch" else membership is None
    press("join", person="ada", tenant="globex-id")
    press("verify", person="ada")
    press("lock", person="ada")
    assert (idp.world.membership(ada, globex).roles, ada.verified, ada.locked) == ([], False, True)


def test_people_and_organisations_are_added_once(idp, press):
    for _ in range(2):
        press("person", name="New", email="new@acme.test")
        press("organisation", name="New Ltd")
    assert ([each.name for each in idp.world.people.values()], len(idp.world.tenants)) == (["New"], 1)


def test_keys_are_rotated_held_back_announced_and_revoked(idp, press):
    first = idp.keys.current.kid
    press("rotate", hold="on")
    held = idp.keys.current.kid
    assert [key.kid for key in idp.keys.announced] == [first]
    press("announce")
    press("revoke", kid=first)
    assert [key.kid for key in idp.keys.announced] == [held]
    press("rotate", drop="on")
    assert (len(idp.keys.announced), idp.keys.current.kid in (first, held)) == (1, False)


@pytest.mark.parametrize(
    ("form", "planned"),
    [
        ({"prefix": "/oauth/token", "kind": "status", "number": "503", "times": "2"}, [("/oauth/token", 2)]),
        ({"prefix": "/oauth/token", "kind": "delay", "number": "1"}, [("/oauth/token", None)]),
        ({"prefix": "/oauth/token", "kind": "drip"}, [("/oauth/token", None)]),
        ({"prefix": "/oauth/token", "kind": "huge", "times": "1"}, [("/oauth/token", 1)]),
        ({"prefix": "/oauth/token", "kind": "status", "number": "7"}, []),
        ({"prefix": "/", "kind": "drip"}, []),
        ({"prefix": "/oauth/token", "kind": "delay", "number": "soon"}, []),
    ],
)
def test_a_path_goes_wrong_only_with_what_fits(idp, press, form, planned):
    page = press("fault", **form)
    assert (page.status_code, idp.faults.planned()) == (200, planned)
    press("clear")
    assert idp.faults.planned() == []


def test_tokens_lie_as_the_form_says(idp, press, ada):
    press("lies", minutes="5", issuer="https://other.test", rotate="on")
    faults = idp.faults
    assert (faults.clock_offset.seconds, faults.issuer, faults.audience) == (300, "https://other.test", None)
    assert (faults.rotate_refresh_tokens, faults.opaque_access_tokens) == (True, False)
    assert "Nothing was changed" in press("lies", minutes="1e300").text


def test_an_event_is_sent_to_this_machine_alone(idp, press, ada):
    form = {"event": "frontegg.user.updated", "person": "ada", "variant": "signed"}
    assert "The site answered 404" in press("send", url=f"{idp.url}/hook", **form).text
    assert "this machine alone" in press("send", url="http://evil.test/hook", **form).text
    assert "Nothing was delivered" in press("send", url="http://127.0.0.1:1/hook", **form).text
    assert len([each for each in idp.requests if each.path == "/hook"]) == 1


@pytest.mark.parametrize(("site", "status", "locked"), [("same-origin", 200, True), ("cross-site", 403, False)])
def test_pages_of_other_sites_press_no_buttons(press, ada, site, status, locked):
    assert (press("lock", {"Sec-Fetch-Site": site}, person="ada").status_code, ada.locked) == (status, locked)


def test_nonsense_changes_nothing_and_says_so(idp, press, ada):
    for action in ("roles", "switch", "leave", "join", "verify", "lock", "person", "organisation", "revoke", "fault"):
        page = press(action, person="nobody", tenant="nowhere")
        assert (page.status_code, "Nothing was changed" in page.text) == (200, True), action


def test_the_program_prints_its_environment_and_stops_at_once(tmp_path):
    seed = tmp_path / "seed.json"
    people = [{"handle": "ada", "name": "Ada Seeded", "memberships": {"acme": ["Admin"]}}]
    seed.write_text(json.dumps({"tenants": [{"id": "acme"}], "people": people}))
    command = [sys.executable, "-m", "standin", "--provider", "oidc", "--port", "0", "--seed", str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        url = program.stdout.readline().split()[-1]
        assert "IDENTITY_PROVIDER=oidc\n" in [program.stdout.readline() for _ in range(3)]
        assert "Ada Seeded" in requests.get(url, timeout=5).text
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=2) == 0
