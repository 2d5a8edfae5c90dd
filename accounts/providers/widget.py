"""Signing in on a page of ours, through a script of the provider's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

# What a widget may want from its provider's hosts. The page's own policy stands beside it as it is.
DIRECTIVES = ("script-src", "connect-src", "style-src", "font-src", "frame-src")


@dataclass(frozen=True)
class Widget:
    """`template` draws it, knowing `options` and the addresses of `routes`, ours that its script calls; `script` is the
    address of the provider's own.

    `flows` are the provider's words for sign-in, sign-up and sign-up-or-in. `hosts` are what the policy of a page that
    shows it lets in besides. A widget that `stands_on_every_page` keeps its session by itself: its script is to be
    there wherever somebody may be signed in, and signing out is its to do.
    """

    template: str
    script: str
    options: Mapping[str, str]
    routes: Mapping[str, str]
    flows: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    stands_on_every_page: bool = False

    @property
    def policy(self) -> dict[str, list[str]]:
        """What is added to the content security policy, directive by directive."""
        sources = sorted({origin(self.script), *self.hosts})
        return dict.fromkeys(DIRECTIVES, sources)


def origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
