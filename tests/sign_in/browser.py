"""One browser on all our hosts, its cookies kept apart by host. The provider's pages are asked over HTTP."""

from urllib.parse import parse_qsl, urljoin, urlsplit

import requests
from django.conf import settings

from tests.conftest import HostClient

MOST_HOPS = 12


class Browser:
    """`site(host)` is the client on one of our hosts, `web` the session at the provider."""

    def __init__(self, idp):
        self.idp, self.web, self.sites = idp, requests.Session(), {}
        self.trail: list[str] = []  # every address that it was sent to

    def site(self, host: str = settings.BASE_DOMAIN) -> HostClient:
        return self.sites.setdefault(host, HostClient(host))

    def open(self, url: str, **kwargs):
        """One request to one of our hosts, redirects not followed."""
        self.trail.append(url)
        return self.site(urlsplit(url).hostname).get(path_of(url), **kwargs)

    def follow(self, response):
        """From host to host of ours, up to a page or an address that is not ours."""
        for _hop in range(MOST_HOPS):
            if response.status_code not in (301, 302) or not is_ours(response["Location"]):
                return response
            response = self.open(urljoin(self.trail[-1], response["Location"]))
        raise AssertionError(f"no end of redirects: {self.trail[-4:]}")

    def to_provider(self, url: str) -> str:
        """Open an address of ours that leads to the provider: where it leads."""
        response = self.follow(self.open(url))
        assert response.status_code == 302, (response.status_code, self.trail)
        return response["Location"]

    def pick(self, authorize_url: str, person, tenant=None) -> str:
        """The click on the provider's page; the address of ours that it sends the browser to."""
        return self.idp.pick(authorize_url, person, tenant, browser=self.web)

    def silently(self, authorize_url: str) -> str:
        """What the provider does by itself; the address that it sends the browser to, or an empty text: it asks."""
        response = self.web.get(authorize_url, allow_redirects=False, timeout=5)
        return response.headers.get("Location", "")

    def sign_in(self, url: str, person, tenant=None):
        """The whole way, up to the page in the end."""
        return self.follow(self.open(self.pick(self.to_provider(url), person, tenant)))


def is_ours(location: str) -> bool:
    host = urlsplit(location).hostname
    return host is None or host == "localhost" or host.endswith(".localhost")


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))
