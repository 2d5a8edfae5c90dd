"""Sessions that Descope's web component opens: its script, their renewal, and their end.

Source: docs/providers/descope.md
"""

from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie

from accounts.exceptions import ProviderAway

from . import http
from .renewal import OddAnswer, RenewalRefused, text
from .tokens import Tokens
from .widget import Widget, origin

SCRIPTS = "https://descopecdn.com/npm/@descope/web-component"
REFRESH_COOKIE = "DSR"


def widget(base: str, values: Mapping[str, str]) -> Widget:
    return Widget(
        template="providers/descope_widget.html",
        script=values["WEB_COMPONENT_SRC"] or f"{SCRIPTS}@{values['WEB_COMPONENT_VERSION']}/dist/index.js",
        options={"project": values["PROJECT_ID"], "base": base},
        routes={"store": "django_descope:store_jwt"},
        flows={
            "sign-in": values["FLOW_SIGN_IN"],
            "sign-up": values["FLOW_SIGN_UP"],
            "sign-up-or-in": values["FLOW_SIGN_UP_OR_IN"],
        },
        hosts=(origin(base), *values["WIDGET_HOSTS"].split()),
    )


def renew(base: str, project: str) -> Callable[[Tokens], Tokens]:
    def renewed(tokens: Tokens) -> Tokens:
        """A rotated refresh token comes in the body or as a cookie, as the project is set."""
        answer = ask(base, "/v1/auth/refresh", project, tokens)
        if answer.status == 401:
            raise RenewalRefused
        if answer.status >= 500 or answer.status == 429:
            raise ProviderAway(f"refresh: status {answer.status}")
        said = answer.json() if answer.status == 200 else None
        if not isinstance(said, Mapping) or not text(said, "sessionJwt"):
            raise OddAnswer(f"refresh: status {answer.status}")
        return Tokens(text(said, "sessionJwt"), text(said, "refreshJwt") or in_cookie(answer) or tokens.refresh)

    return renewed


def sign_out(base: str, project: str) -> Callable[[Tokens, str], None]:
    def signed_out(tokens: Tokens, subject: str) -> None:
        """What is over already need not be ended: that is no failure."""
        answer = ask(base, "/v1/auth/logout", project, tokens)
        if answer.status not in (200, 401):
            raise ProviderAway(f"log-out: status {answer.status}")

    return signed_out


def ask(base: str, path: str, project: str, tokens: Tokens) -> http.Answer:
    return http.ask("POST", base + path, json={}, headers={"Authorization": f"Bearer {project}:{tokens.refresh}"})


def in_cookie(answer: http.Answer) -> str:
    try:
        found = SimpleCookie(answer.headers.get("Set-Cookie", "")).get(REFRESH_COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
