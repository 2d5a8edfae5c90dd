"""A request is read as UTF-8 or not at all: no codec of the client's choice runs, not even for the refusal.

Asked through the WSGI application itself: the test client makes its requests by another class.
"""

import io
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.signals import request_started
from django.db import close_old_connections

from config import asgi, wsgi

FORM = "application/x-www-form-urlencoded"
REFUSED = [
    *("rot13", "base64", "zlib", "hex", "idna", "punycode", "utf-7", "unicode_escape", "utf-16", "latin-1", "cp037"),
    *("us-ascii", "utf-8-sig", "nonsense", '""', "a\x00b", "utf-8\x00"),
]
REFUSED_TYPES = [
    *(f"{FORM}; charset={charset}" for charset in REFUSED),
    f"{FORM}; charset*=rot13''%41",
    f"{FORM}; charset*=utf-8''a%00b",
    f"{FORM}; charset=utf-7; charset=utf-16",
    "text/plain; charset=rot13",
]


@pytest.fixture(autouse=True)
def connection_is_kept():
    """The application would begin by closing the connection, and the test's transaction with it."""
    request_started.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)


def ask(content_type: str, *, host="acme.localhost", method="POST", body="", query="") -> tuple[int, str]:
    """The answer's status and text."""
    sent = body.encode()
    environ = {"CONTENT_TYPE": content_type, "HTTP_HOST": host, "REQUEST_METHOD": method, "QUERY_STRING": query}
    environ |= {"PATH_INFO": "/account/login/", "CONTENT_LENGTH": str(len(sent)), "wsgi.input": io.BytesIO(sent)}
    setup_testing_defaults(environ)
    started = []
    text = b"".join(wsgi.application(environ, lambda status, headers: started.append(status))).decode()
    return int(started[0].split()[0]), text


@pytest.mark.parametrize("content_type", REFUSED_TYPES)
@pytest.mark.parametrize(("host", "method"), [("localhost", "GET"), ("acme.localhost", "POST"), ("nobody", "GET")])
def test_another_charset_is_refused_with_a_page(acme, host, method, content_type):
    status, text = ask(content_type, host=host, method=method, body="a=+2D8-&b=%41", query="next=+2D8-&x=%ff%41")
    assert status == 400
    assert "<h1" in text


@pytest.mark.parametrize(
    "content_type", [FORM, f"{FORM}; charset=utf-8", f"{FORM};charset=UTF-8", f'{FORM}; charset="utf-8"', ""]
)
def test_utf_8_is_read(acme, content_type):
    status, text = ask(content_type, method="GET", query="next=/zoë/".encode().decode("latin-1"))
    assert (status, "/zoë/" in text) == (200, True)


def test_the_asynchronous_door_reads_the_same_way():
    """Only how the request is made: what answers it is the same."""
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"a=%41"}
    scope["headers"] = [(b"content-type", b"text/plain; charset=rot13")]
    request = asgi.application.request_class(scope, io.BytesIO())
    assert (request.encoding, request.content_params["charset"], request.GET["a"]) == (None, "rot13", "A")
