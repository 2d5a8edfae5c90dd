"""A web server on loopback that can misbehave, one way at a time."""

import gzip
import json
import socket
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from tests.accounts import forge

WEAK = {**forge.JWK, "use": "enc"}
GOOD = {"keys": [forge.JWK]}
BODIES = {
    "good": GOOD,
    "html": b"<html><body>Welcome to the hotel's network</body></html>",
    "nothing": b"",
    "no list": {"keys": 7},
    "a list": [forge.JWK],
    "odd members": {"keys": [7, None]},
    "empty": {"keys": []},
    "a secret": {"keys": [forge.JWK, {"kty": "oct", "k": "c2VjcmV0", "kid": "s", "alg": "HS256"}]},
    "one name twice": {"keys": [forge.JWK, {**forge.PSS_JWK, "kid": forge.JWK["kid"]}]},
    "too many": {"keys": [{**forge.JWK, "kid": str(number)} for number in range(51)]},
    "nothing usable": {"keys": [WEAK]},
    "odd parts": {"keys": [{**forge.JWK, "key_ops": 7}, {**forge.JWK, "kid": "x", "n": 7}, {**forge.JWK, "kid": []}]},
    "deep": b"[" * 100_000,
    "huge": b" " * (10 * 1024 * 1024),
}


class Faulty(ThreadingHTTPServer):
    """`mode` is a name of BODIES, a status, or one of: drip, drip headers, hang, redirect, close, bomb."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.mode: str | int = "good"
        self.body = GOOD
        self.asked: list[str] = []
        self.arrived, self.release, self.trap = Event(), Event(), ""

    def handle_error(self, request, client_address):
        """Whoever asks hangs up early: that is what is tested."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/keys"


class Handler(BaseHTTPRequestHandler):
    server: Faulty

    def do_GET(self):
        self.server.asked.append(self.path)
        self.server.arrived.set()
        mode = self.server.mode
        if isinstance(mode, int):
            return self.answer(b"{}", status=mode)
        if mode in BODIES:
            return self.answer(self.server.body if mode == "good" else BODIES[mode])
        return getattr(self, mode.replace(" ", "_"))()

    def answer(self, body, status=200, **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def drip(self):
        self.send_response(200)
        self.end_headers()
        while not self.server.release.wait(0.02):
            self.wfile.write(b" ")

    def drip_headers(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.server.release.wait(0.02):
            self.wfile.write(b"x")

    def hang(self):
        self.server.release.wait(60)

    def redirect(self):
        self.answer(b"", status=302, Location=self.server.trap)

    def close(self):
        self.connection.shutdown(socket.SHUT_RDWR)

    def bomb(self):
        self.answer(gzip.compress(b" " * 50_000_000), Content_Encoding="gzip")

    def log_message(self, *args):
        pass


@contextmanager
def faulty():
    server = Faulty()
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        server.server_close()
