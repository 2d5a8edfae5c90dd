"""Frontegg's management API, by its SDK. The one place that knows the SDK's ways.

It is imported when it is first needed, and never by a site without Frontegg: its addresses follow from environment
variables that it reads then. Making a client asks the network for a token, and its session is the class's own, so
each environment gets a class of its own. What it cannot do, a DELETE with a body, is asked with its token by
ourselves. Its own verification of tokens is never called (accounts/providers/verifier.py).
Source: docs/decisions/0016-directory.md
"""

import logging
import os
from collections.abc import Mapping
from importlib import import_module
from threading import Lock
from typing import Any
from urllib.parse import urljoin

import requests

from accounts.exceptions import ProviderAway
from accounts.providers import http
from accounts.providers.http import Answer
from accounts.providers.limited import Limited, limit
from accounts.providers.management import ManagementApi, demanded, kept

TENANT, TOKEN = "frontegg-tenant-id", "x-access-token"  # headers
BEGINNING = Lock()


class ToGateway(Limited):
    """Takes what the SDK asks to the gateway of this environment: the SDK itself knows only one in a process."""

    def __init__(self, gateway: str):
        super().__init__()
        self.gateway = gateway

    def send(self, request, *args, **kwargs):
        request.url = urljoin(self.gateway, request.path_url)
        request.headers.pop("timeout", None)  # the SDK means a setting, and sends a header
        return super().send(request, *args, **kwargs)


class Gateway(ManagementApi):
    """One environment. Paths have no leading slash, and their parts are percent-encoded by whoever asks."""

    def __init__(self, values: Mapping[str, str]):
        super().__init__(values)
        self.url = values["API_GATEWAY_URL"].rstrip("/") + "/"
        self._client: Any = None
        self._making = Lock()

    def get(self, path: str, *, tenant: str = "", params: Mapping[str, Any] | None = None) -> Any:
        return self.ask("GET", path, tenant=tenant, params=params)

    def post(self, path: str, body: Any = None, *, tenant: str = "") -> Any:
        return self.ask("POST", path, tenant=tenant, body=body)

    def delete(self, path: str, body: Any = None, *, tenant: str) -> Any:
        """In one tenant. Without one Frontegg would do it in all of them: raises ValueError, having asked nothing."""
        return self.ask("DELETE", path, tenant=demanded(tenant), body=body)

    def send(self, method: str, path: str, *, anew: bool, **kwargs) -> Answer:
        client, tenant = self.client(anew=anew), kwargs["tenant"]
        if method == "GET":
            return answer_of(client.get(path, params=kwargs["params"], tenant_id=tenant))
        if method == "POST":
            return answer_of(client.post(kwargs["body"], path, tenant_id=tenant))
        headers = {TOKEN: client.access_token, TENANT: tenant}
        return http.ask(method, urljoin(self.url, path), headers=headers, json=kwargs["body"])

    def client(self, *, anew: bool) -> Any:
        """The SDK's client with a token that holds. Nobody waits long for another who asks for one.
        Raises ProviderAway.
        """
        if not self._making.acquire(timeout=http.SECONDS):
            raise ProviderAway("no vendor token in time")
        try:
            self.breaker.demand_open()  # it may have been found away while this one waited
            if self._client is None:
                self._client = made(self.values, self.url)
            elif anew or self._client.should_refresh_vendor_token:
                self._client.refresh_vendor_token()
            return self._client
        except (requests.RequestException, KeyError, TypeError, ValueError) as error:
            raise ProviderAway(f"no vendor token: {type(error).__name__}") from None  # its text may hold the answer
        finally:
            self._making.release()


def made(values: Mapping[str, str], gateway: str) -> Any:
    adapter = ToGateway(gateway)
    own_session = {"vendor_session_request": limit(requests.Session(), adapter)}
    own = type("Client", (sdk(gateway).HttpClient,), own_session)
    client = own(values["CLIENT_ID"], values["API_KEY"], gateway)
    limit(client.client, adapter)
    return client


def sdk(gateway: str) -> Any:
    """The SDK's module, with its variables set before it is first imported.

    Its log has a handler of its own, past our filters, and tells whole headers where it is told to tell more.
    """
    with BEGINNING:
        os.environ.setdefault("FRONTEGG_API_GATEWAY_URL", gateway)
        module = import_module("frontegg.common.clients.http_client")
        log = logging.getLogger("Frontegg")
        log.handlers.clear()
        log.setLevel(logging.WARNING)
    return module


def answer_of(response: requests.Response) -> Answer:
    return Answer(response.status_code, response.headers, response.content)


@kept
def gateway_of(values: Mapping[str, str]) -> Gateway:
    return Gateway(values)
