"""Hosts as no browser sends them, over a bare socket at a real server (security list I2)."""

import socket

import pytest

from tests.world import MARKER

from .server import running

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def server(tenants, django_db_blocker):
    with django_db_blocker.unblock(), running() as server:
        server.get("/health/", headers={"Host": "localhost"})
        yield server


def ask(server, text: str) -> tuple[int, str]:
    """Send these bytes; return status and page. A server that hangs up has refused: status 0."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as wire:
        wire.sendall(text.replace("\n", "\r\n").encode("latin-1"))
        answer = b"".join(iter(lambda: wire.recv(65536), b"")).decode(errors="replace")
    return int(answer.split()[1]) if answer else 0, answer


def request(*hosts: str, target: str = "/account/login/", version: str = "1.1") -> str:
    lines = [f"GET {target} HTTP/{version}", *(f"Host: {host}" for host in hosts), "Connection: close"]
    return "\n".join(lines) + "\n\n"


@pytest.mark.parametrize("host", ["acme.localhost", "ACME.localhost:1", "acme.localhost."])
def test_a_known_host_is_served(server, host):
    status, page = ask(server, request(host))
    assert (status, "Acme" in page) == (200, True)


@pytest.mark.parametrize(
    "text",
    [
        request(),
        request(version="1.0"),
        request("acme.localhost", "globex.localhost"),
        request("acme.localhost, globex.localhost"),
        request("nobody.localhost"),
        request("acme.localhost\x00globex.localhost"),
        request("acme.localhost globex.localhost"),
        request("globex.localhost@acme.localhost"),
        request("nobody.localhost", target="http://globex.localhost/account/login/"),
        request("acme.localhost\n globex.localhost"),
    ],
)
def test_a_host_that_is_not_one_tenants_is_refused(server, text):
    status, page = ask(server, text)
    assert status in (0, 400, 404)
    assert MARKER not in page


@pytest.mark.parametrize("target", ["http://globex.localhost/account/login/", "//globex.localhost/account/login/"])
def test_the_request_line_does_not_choose_the_tenant(server, target):
    status, page = ask(server, request("acme.localhost", target=target))
    assert status in (0, 200, 400, 404)
    assert MARKER not in page
    assert "Globex" not in page
