"""Rownd's Hub: the script that keeps people signed in by itself, and signing them out at Rownd.

The Hub keeps and renews the tokens in the browser; each page that it stands on hands us the current one.
Source: docs/providers/rownd.md
"""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from accounts.exceptions import ProviderAway

from . import http
from .tokens import Tokens
from .widget import Widget, origin


def widget(base: str, values: Mapping[str, str]) -> Widget:
    return Widget(
        template="providers/rownd_widget.html",
        script=values["HUB_SRC"],
        options={"app_key": values["APP_KEY"], "base": base},
        routes={"authenticate": "rownd:session_authenticate", "sign_out": "rownd:session_sign_out"},
        flows={"sign-in": "sign_in", "sign-up": "sign_up", "sign-up-or-in": ""},
        hosts=(origin(base), *values["WIDGET_HOSTS"].split()),
        stands_on_every_page=True,
    )


def sign_out(base: str, values: Mapping[str, str]) -> Callable[[Tokens, str], None]:
    def signed_out(tokens: Tokens, subject: str) -> None:
        """Ends all of somebody's sessions at Rownd: of one alone it knows nothing."""
        answer = http.ask(
            "POST",
            f"{base}/applications/{values['APP_ID']}/users/{quote(subject, safe='')}/signout",
            headers={"x-rownd-app-key": values["APP_KEY"], "x-rownd-app-secret": values["APP_SECRET"]},
        )
        if answer.status not in (200, 204, 404):
            raise ProviderAway(f"sign-out: status {answer.status}")

    return signed_out
