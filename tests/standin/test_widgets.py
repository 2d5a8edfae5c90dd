"""The scripts of Descope's component and of Rownd's Hub, in Chromium, on a page with the site's own strict policy."""

import json
from collections import deque
from threading import Thread

import pytest
from playwright.sync_api import expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from standin import StandIn
from tests.browser.conftest import CHROMIUM, FLAGS, is_complaint
from tests.conftest import IN_CI

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"></head>
<body><p id="said"></p>{body}<script src="/page.js"></script><script src="{script}"></script></body></html>"""
DESCOPE = (
    '<descope-wc id="flow" project-id="{project}" flow-id="{flow}" base-url="{url}" tenant="{tenant}"></descope-wc>'
)
LISTEN = """for (const name of ["ready", "success", "error"])
  document.getElementById("flow").addEventListener(name, (event) => {
    document.getElementById("said").textContent = JSON.stringify([name, event.detail]);
  });"""


class Silent(WSGIRequestHandler):
    def log(self, *said):
        """Nothing: what comes in is looked at by the tests."""


class Page:
    """A site of one page: `body` and `script` in it, `page.js` beside it. Calls to /session get the next answer."""

    def __init__(self, idp):
        self.idp = idp
        self.body, self.script, self.page_js = "", "", ""
        self.calls, self.answers = [], deque()
        self.server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=Silent)
        self.url = f"http://acme.localhost:{self.server.server_port}/"
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def __call__(self, environ, start_response):
        return self.respond(Request(environ))(environ, start_response)

    def respond(self, request):
        if request.path == "/page.js":
            return Response(self.page_js, content_type="text/javascript")
        if request.path == "/session":
            self.calls.append((request.method, dict(request.headers), request.get_data(as_text=True)))
            answer = self.answers.popleft() if self.answers else {"message": "Already authenticated"}
            return Response(json.dumps(answer), content_type="application/json")
        policy = (
            f"default-src 'none'; script-src 'self' {self.idp.url}; style-src 'self'; img-src data:; "
            f"connect-src 'self' {self.idp.url}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        html = PAGE.format(body=self.body, script=self.script)
        return Response(html, headers={"Content-Security-Policy": policy}, content_type="text/html")


@pytest.fixture(scope="module")
def chromium():
    """Ends with this module: Playwright keeps an event loop in this thread, in which Django refuses the database."""
    if CHROMIUM is None:
        reason = "Chromium is not installed: apt install chromium chromium-driver"
        pytest.fail(reason) if IN_CI else pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def browser_page(chromium):
    """A browser of one's own. A script error or anything that the policy refuses fails the test."""
    context, complaints = chromium.new_context(), []
    context.set_default_timeout(5_000)
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if is_complaint(said) else None)
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def idp(request):
    with StandIn(request.param) as idp:
        acme, globex = (idp.world.add_tenant(f"{name}-id", name=name.title()) for name in ("acme", "globex"))
        ada = idp.world.add_person("ada", email="ada@acme.test", name="Ada Roe")
        for tenant, role in ((acme, "Admin"), (globex, "Viewer")):
            idp.world.join(ada, tenant, [role])
        yield idp


@pytest.fixture
def site(idp):
    page = Page(idp)
    yield page
    page.server.shutdown()
    page.server.server_close()


descope = pytest.mark.parametrize("idp", ["descope"], indirect=True)
rownd = pytest.mark.parametrize("idp", ["rownd"], indirect=True)


# --- Descope's component ------------------------------------------------------------------------


@pytest.fixture
def component(site, browser_page):
    """Opens the page with the component on it."""

    def open_page(flow="sign-up-or-in", tenant="", project=None):
        names = {"project": project or site.idp.provider.project_id, "flow": flow, "tenant": tenant}
        site.body = DESCOPE.format(url=site.idp.url, **names)
        site.script = site.idp.environment()["DESCOPE_WEB_COMPONENT_SRC"]
        site.page_js = LISTEN
        browser_page.goto(site.url)
        return browser_page

    return open_page


def said(page):
    return json.loads(page.locator("#said").text_content())


@descope
def test_component_gives_the_page_the_tokens_of_who_was_picked(component, idp):
    page = component()
    page.get_by_role("button", name="Ada Roe, Globex: Viewer").click()
    expect(page.locator("#said")).to_contain_text("success")
    name, detail = said(page)
    assert (name, detail["user"]["email"]) == ("success", "ada@acme.test")
    assert {"sessionJwt", "refreshJwt"} <= set(detail)


@descope
def test_component_bound_to_a_tenant_offers_that_one_alone(component, idp):
    page = component(flow="sign-in", tenant="acme-id")
    expect(page.get_by_role("button")).to_have_text(["Acme: Admin"])


@descope
def test_component_signs_up_somebody_new(component, idp):
    page = component()
    page.get_by_label("Name").fill("Bea Lind")
    page.get_by_label("E-mail").fill("bea@acme.test")
    page.get_by_role("button", name="Sign up as somebody new").click()
    expect(page.locator("#said")).to_contain_text("success")
    assert (said(page)[1]["firstSeen"], idp.world.person("bea@acme.test").name) == (True, "Bea Lind")


@descope
def test_component_says_what_is_in_the_way(component, idp):
    page = component()
    idp.world.person("ada").locked = True
    page.get_by_role("button", name="Ada Roe, Acme: Admin").click()
    expect(page.get_by_role("alert")).to_have_text("The account is locked.")
    assert said(page)[0] == "error"


@descope
def test_component_of_another_project_draws_nothing_to_pick(component, idp):
    page = component(project="P2other")
    expect(page.get_by_role("alert")).to_have_text("Unauthorized")
    expect(page.get_by_role("button")).to_have_count(0)


# --- Rownd's Hub --------------------------------------------------------------------------------


@pytest.fixture
def hub(site, browser_page):
    """Opens the page with the Hub on it, told to call /session."""

    def open_page(method="post", **more):
        api = {"method": method, "url": "/session", "extra_headers": {"X-CSRFToken": "c-1"}}
        rownd = site.idp.provider
        options = {"setAppKey": rownd.app_key, "setApiUrl": site.idp.url, "setPostAuthenticationApi": api}
        options |= {"setPostSignOutApi": api, **more}
        site.script = site.idp.environment()["ROWND_HUB_SRC"]
        site.page_js = f"window._rphConfig = Object.entries({json.dumps(options)});"
        site.body = '<a href="/" data-rownd-sign-in-trigger>Enter</a>'
        browser_page.goto(site.url)
        return browser_page

    return open_page


def enter(page):
    page.get_by_role("button", name="Sign in (Rownd)").click()
    page.get_by_role("button", name="Ada Roe").click()


def in_corner(page):
    return page.locator("#rownd-hub .open")


@rownd
def test_hub_posts_the_token_in_body_and_header_and_reloads_once(hub, site):
    site.answers.append({"message": "Authentication successful", "should_refresh_page": True})
    page = hub()
    with page.expect_navigation():
        enter(page)
    expect(in_corner(page)).to_have_text("Sign out (Rownd)")
    page.wait_for_function("() => performance.getEntriesByName(location.origin + '/session').length === 1")
    assert len(site.calls) == 2  # the second after the reload, which asks for no other
    method, headers, body = site.calls[0]
    token = json.loads(body)["access_token"]
    assert (method, headers["Authorization"], headers["X-Csrftoken"]) == ("POST", f"Bearer {token}", "c-1")


@rownd
def test_hub_sends_a_get_with_the_header_alone(hub, site):
    page = hub(method="get")
    enter(page)
    expect(in_corner(page)).to_have_text("Sign out (Rownd)")
    method, headers, body = site.calls[0]
    assert (method, headers["Authorization"][:7], body) == ("GET", "Bearer ", "")


@rownd
def test_hub_goes_where_the_site_sends_it(hub, site):
    site.answers.append({"return_to": "/welcome"})
    page = hub()
    enter(page)
    page.wait_for_url("**/welcome")


@rownd
def test_hub_signs_out_here_and_at_the_site(hub, site):
    page = hub()
    enter(page)
    in_corner(page).get_by_text("Sign out (Rownd)").click()
    expect(in_corner(page)).to_have_text("Sign in (Rownd)")
    assert (len(site.calls), "Authorization" in site.calls[1][1]) == (2, False)
    page.reload()
    expect(in_corner(page)).to_have_text("Sign in (Rownd)")
    assert len(site.calls) == 2


@rownd
def test_hub_opens_from_a_link_and_makes_an_instant_account(hub, site, idp):
    page = hub()
    page.get_by_role("link", name="Enter").click()
    page.get_by_role("button", name="Go on without saying who I am").click()
    expect(in_corner(page)).to_have_text("Sign out (Rownd)")
    assert list(idp.provider.levels.values()) == ["instant"]


@rownd
def test_hub_exchanges_a_token_that_is_about_to_expire(hub, site, idp):
    idp.provider.lifetimes = {**idp.provider.lifetimes, "user": idp.provider.lifetimes["user"] / 120}
    page = hub()
    enter(page)
    expect(in_corner(page)).to_have_text("Sign out (Rownd)")
    assert "/hub/auth/token" in [each.path for each in idp.requests]


@rownd
def test_hub_says_what_is_in_the_way(hub, site, idp):
    idp.world.person("ada").locked = True
    page = hub()
    enter(page)
    expect(page.get_by_role("alert")).to_have_text("The account is disabled")
    assert site.calls == []
