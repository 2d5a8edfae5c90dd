"""What the template tags draw: one for every provider, and the names that people know. (D11-D18, R06)"""

from html.parser import HTMLParser

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.template import Context, Template
from django.test import RequestFactory

from tests.conftest import HostClient

NASTY = "\"'><script>alert(1)</script>"


class Drawn(HTMLParser):
    """The elements of a piece of HTML: (name, attributes), in order."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _tag, attributes in self.elements if "id" in attributes]


@pytest.fixture
def draw(acme):
    """`draw('{% login_widget … %}')` on a page of Acme's, with what else the page has."""

    def made(source: str, **context) -> Drawn:
        request = RequestFactory().get("/", HTTP_HOST=acme.tenant.host)
        request.tenant, request.session, request.csp_nonce = acme.tenant, SessionStore(), "nonce-1"
        template = Template("{% load login_widget descope rownd %}" + source)
        return Drawn(template.render(Context({"request": request, "csrf_token": "csrf-1", **context})))

    return made


def test_descopes_component_knows_project_flow_base_and_organisation(descope, draw, settings):
    page = draw('{% descope_flow "sign-up-or-in" "/products/" %}')
    (component,) = page.all("descope-wc")
    values = settings.PROVIDERS["descope"]
    assert component["project-id"] == values["PROJECT_ID"]
    assert component["base-url"] == values["BASE_URI"]
    assert (component["flow-id"], component["tenant"]) == ("sign-up-or-in", "acme-id")
    (place,) = [each for each in page.all("div") if "data-descope-widget" in each]
    assert (place["data-store"], place["data-next"], place["data-csrf-token"]) == (
        "/auth/store_jwt",
        "/products/",
        "csrf-1",
    )


def test_two_widgets_on_a_page_load_the_scripts_once_and_have_ids_of_their_own(descope, draw, settings):
    page = draw('{% descope_flow "sign-in" "/" %}{% login_widget "sign-up" "/" %}')
    assert len(page.all("descope-wc")) == 2
    assert [each["src"].rpartition("/")[2] for each in page.all("script")] == ["descope_widget.js", "index.js"]
    assert len(set(page.ids)) == len(page.ids) == 2
    assert not set(page.ids) & set(draw('{% descope_flow "sign-in" "/" %}').ids)


def test_no_script_stands_in_the_page_itself(descope, draw):
    page = draw('{% login_widget "sign-in" "/" %}')
    assert all("src" in each for each in page.all("script"))


def test_flows_are_called_what_the_settings_say(descope, draw, settings):
    settings.PROVIDERS = {"descope": settings.PROVIDERS["descope"] | {"FLOW_SIGN_UP": "our-sign-up"}}
    for name, flow in (("sign-up", "our-sign-up"), ("sign-in", "sign-in"), ("one-of-theirs", "one-of-theirs")):
        assert draw("{% login_widget name %}", name=name).all("descope-wc")[0]["flow-id"] == flow


@pytest.mark.parametrize(
    "address",
    ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)", "https://globex.localhost/", "\x00/"],
)
def test_afterwards_one_goes_to_a_path_of_this_host_alone(descope, draw, address):
    page = draw("{% login_widget 'sign-in' address %}", address=address)
    (place,) = [each for each in page.all("div") if "data-descope-widget" in each]
    assert place["data-next"] == "/"


def test_every_value_is_escaped(descope, draw, settings):
    nasty = dict.fromkeys(("PROJECT_ID", "WEB_COMPONENT_SRC", "FLOW_SIGN_IN"), NASTY)
    plain = draw("{% login_widget 'sign-in' '/' %}")
    settings.PROVIDERS = {"descope": settings.PROVIDERS["descope"] | nasty}
    page = draw("{% login_widget 'sign-in' address %}", address=f"/{NASTY}")
    assert [tag for tag, _attributes in page.elements] == [tag for tag, _attributes in plain.elements]
    assert (page.all("descope-wc")[0]["project-id"], page.all("descope-wc")[0]["flow-id"]) == (NASTY, NASTY)


def test_rownds_hub_knows_the_app_and_where_to_call(rownd, draw, settings):
    page = draw("{% rownd_snippet %}{% standing_widget %}")
    (place,) = [each for each in page.all("div") if "data-rownd-hub" in each]
    assert place["data-app-key"] == settings.PROVIDERS["rownd"]["APP_KEY"]
    assert (place["data-authenticate"], place["data-sign-out"]) == (
        "/rownd/session_authenticate",
        "/rownd/session_sign_out",
    )
    assert [each["src"].rpartition("/")[2] for each in page.all("script")] == ["rownd_hub.js", "rph.js"]


def test_how_the_hub_calls_can_be_said_in_the_tag(rownd, draw):
    """R16. The snippet of the base template, which comes later, changes nothing of it."""
    page = draw(
        """{% rownd_snippet method="PUT" authenticate="/mine/" headers='{"X-Mine": "<1>"}' %}{% standing_widget %}"""
    )
    (place,) = [each for each in page.all("div") if "data-rownd-hub" in each]
    assert (place["data-method"], place["data-authenticate"]) == ("PUT", "/mine/")
    assert (place["data-headers"], place["data-sign-out"]) == ('{"X-Mine": "<1>"}', "/rownd/session_sign_out")


def test_rownds_secret_is_on_no_page(rownd, draw, settings):
    html = HostClient(rownd.world.tenant.host).get("/account/login/").content.decode()
    assert settings.PROVIDERS["rownd"]["APP_KEY"] in html
    assert settings.PROVIDERS["rownd"]["APP_SECRET"] not in html


def test_where_the_provider_has_a_page_the_tag_leads_there(frontegg, draw):
    (link,) = draw('{% login_widget "sign-in" "/products/?a=1&b=2" %}').all("a")
    assert link["href"] == "/account/login/?next=%2Fproducts%2F%3Fa%3D1%26b%3D2"


def test_with_passwords_of_our_own_it_leads_to_the_form(acme, draw):
    assert draw("{% login_widget %}").all("a")[0]["href"] == "/account/login/?next=%2F"
    assert draw("{% rownd_snippet %}").elements == []


# --- The policy -------------------------------------------------------------------------------------


def directives(response) -> dict[str, list[str]]:
    parts = (part.split() for part in response["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in parts}


def test_the_policy_lets_the_widgets_hosts_in_where_it_is_shown_and_nowhere_else(descope, settings):
    widget_only = settings.PROVIDERS["descope"] | {"CLIENT_ID": "", "WIDGET_HOSTS": "https://static.descope.test"}
    settings.PROVIDERS = {"descope": widget_only}
    client = HostClient(descope.world.tenant.host)
    shown, other = directives(client.get("/account/login/")), directives(client.get("/signed-out/"))
    for directive in ("script-src", "connect-src", "style-src"):
        assert {"'self'", descope.idp.url, "https://static.descope.test"} <= set(shown[directive])
        assert other[directive][0] == "'self'"
        assert descope.idp.url not in other[directive]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*"} & {each for sources in shown.values() for each in sources}
    assert shown["form-action"] == other["form-action"] == ["'self'"]


def test_a_widget_for_every_page_is_on_every_page_of_its_tenant_and_on_no_others(rownd, globex):
    theirs, ours = HostClient(rownd.world.tenant.host), HostClient(globex.tenant.host)
    page, other = theirs.get("/signed-out/"), ours.get("/account/login/")
    assert rownd.idp.url in directives(page)["script-src"]
    assert b"data-rownd-hub" in page.content
    assert b"data-rownd-hub" not in other.content
    assert rownd.idp.url not in other["Content-Security-Policy"]
