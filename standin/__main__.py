"""Play a provider by itself: python -m standin --provider frontegg --port 8200 [--seed demo.json]

Prints the environment variables that point the site at it, and then an empty line; stops at once when told to.
"""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from threading import Event

from .server import PROVIDERS, StandIn


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser().parse_args(arguments)
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with StandIn(options.provider, port=options.port) as idp:
        idp.world.read(json.loads(options.seed.read_text()))
        idp.webhook_url = options.webhook
        lines = [f"{name}={quote(value)}" for name, value in idp.environment().items()]
        sys.stdout.write(
            "\n".join([f"# Stand-in for {idp.provider.title}, console at {idp.url}/_standin/", *lines, "", ""])
        )
        sys.stdout.flush()
        stopped.wait()


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m standin", description="A hosted identity provider on loopback.")
    parser.add_argument("--provider", choices=sorted(PROVIDERS), required=True)
    parser.add_argument("--port", type=int, default=8200)
    parser.add_argument("--seed", type=Path, default=Path(__file__).parent / "demo.json", help="see World.read")
    parser.add_argument("--webhook", default="", help="where the console sends events, unless told otherwise")
    return parser


if __name__ == "__main__":
    main()
