"""A token's cost in a process: at first sight, and seen before. No HTTP in it."""

import hashlib
import os
import statistics
import time
from collections.abc import Iterator

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.utils import base64url_decode

from bench import databases, environments, issuer
from bench.arithmetic import Figure, Result, percentile
from bench.plan import Plan
from bench.workers import Worker


def measure(names: list[str], plan: Plan) -> Iterator[Result]:
    product = environments.product(databases.product("product"))
    peer = environments.peer(databases.peer("peer"))
    first = {side: Figure() for side in ("product", "peer", "limit")}
    again = {side: Figure() for side in ("product", "peer", "limit")}
    decoded: list[float] = []
    key = issuer.private_key().public_key()
    with Worker("bench.sides.product", product) as ours, Worker("bench.sides.peer", peer) as textbook:
        for side in (ours, textbook):
            side.call("verify", tokens=tokens(1, number=-1))  # fetches the keys
        for number in range(plan.rounds):
            made = tokens(plan.tokens, number)
            for figures in (first, again):
                note(figures["product"], ours.call("verify", tokens=made))
                note(figures["peer"], textbook.call("verify", tokens=made))
            note(first["limit"], [signature(key, token) for token in made])
            note(again["limit"], looked_up(made))
            decoded += textbook.call("decode", tokens=made)
    said = f"limit: the signature alone; the library's jwt.decode takes {statistics.median(decoded) * 1e6:.0f} µs"
    results = [
        Result("token-first", first, note=said),
        Result("token-again", again, note="limit: finding the hash of its text"),
    ]
    yield from (result for result in results if result.name in names)


def tokens(count: int, number: int) -> list[str]:
    """Of one person, each another text, so that none was seen before."""
    start = number * count + os.getpid() * 1_000_000
    return [issuer.token("shop10k", "u_grants", number=start + each) for each in range(count)]


def note(figure: Figure, spent: list[float]) -> None:
    figure.p50.append(statistics.median(spent))
    figure.p95.append(percentile(spent, 0.95))


def signature(key: RSAPublicKey, token: str) -> float:
    """RSA of 2048 bits, by the library that every other one calls."""
    text, _dot, end = token.rpartition(".")
    signed, data = base64url_decode(end), text.encode()
    began = time.perf_counter()
    key.verify(signed, data, padding.PKCS1v15(), hashes.SHA256())
    return time.perf_counter() - began


def looked_up(made: list[str]) -> list[float]:
    known = {hashlib.sha256(token.encode()).digest(): token for token in made}
    spent = []
    for token in made:
        began = time.perf_counter()
        known.get(hashlib.sha256(token.encode()).digest())
        spent.append(time.perf_counter() - began)
    return spent
