"""Who signs the tokens: one RSA key, tokens that both sides accept, and the addresses where its public half lies.

The issuer's address is part of what the databases hold (people are known by it), so its port is kept with them.
"""

import http.server
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from .directory import folder

AUDIENCE = "bench-api"  # stands in bench/peer/settings.py as well, which is to read like a tutorial's
KEY_ID = "k1"
LIFETIME = 12 * 60 * 60  # seconds


def private_key() -> rsa.RSAPrivateKey:
    """The key of 2048 bits, made at the first run."""
    path = folder("issuer") / "key.pem"
    if not path.exists():
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path.write_bytes(made.private_bytes(*form))
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def token(tenant: str, subject: str, *, roles: tuple[str, ...] = (), number: int = 0) -> str:
    """Of a person of `tenant`; `roles` mean something to the product alone. Another `number` is another token."""
    now = int(time.time())
    claims = {
        "iss": os.environ["BENCH_ISSUER"],
        "aud": AUDIENCE,
        "sub": subject,
        "tenant": tenant,
        "roles": list(roles),
        "email": f"{subject}@example.com",
        "email_verified": True,
        "name": subject,
        "iat": now,
        "exp": now + LIFETIME,
        "jti": str(number),
    }
    return jwt.encode(claims, private_key(), algorithm="RS256", headers={"kid": KEY_ID})


@contextmanager
def serving() -> Iterator[str]:
    """Serve key set and discovery on loopback. The value is the issuer's address.

    Raises OSError where another run, or something else, has the port: then throw the folder away (--fresh).
    """
    kept = folder("issuer") / "port"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(kept.read_text()) if kept.exists() else 0), Answers)
    kept.write_text(str(server.server_port))
    address = f"http://127.0.0.1:{server.server_port}"
    jwk = json.loads(RSAAlgorithm.to_jwk(private_key().public_key()))
    server.documents = {  # type: ignore[attr-defined]
        "/jwks.json": {"keys": [{**jwk, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]},
        "/.well-known/openid-configuration": {"issuer": address, "jwks_uri": f"{address}/jwks.json"},
    }
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        document = self.server.documents.get(self.path)  # type: ignore[attr-defined]
        body = json.dumps(document).encode()
        self.send_response(200 if document else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Says nothing."""
