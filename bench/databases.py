"""The databases of a run, made when they are first needed and kept for the next one.

Each side has a base without tenants, of which the others are copies. The product's are brought up to date by its own
command whenever they are used again: its code may have changed since.
"""

import os
import subprocess
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path

from . import environments, postgres
from .directory import ROOT, folder
from .workers import Worker

APPS = ("config", "catalog", "accounts", "tenants")
TEMPLATE = "tmpl"  # a tenant of the peer's base, which raw copies and clones are made of


class CommandFailed(RuntimeError):
    """The message is the end of what the command said."""


def peer_base() -> str:
    """With the shared tables, and the tenant that raw copies are made of."""
    if not postgres.exists("peer_base"):
        postgres.create("peer_making", owner="postgres")
        with Worker("bench.sides.peer", environments.peer("peer_making")) as worker:
            worker.call("migrate_shared")
            worker.call("sign_up", name=TEMPLATE)
        postgres.rename("peer_making", "peer_base")
    return "peer_base"


def product_base() -> str:
    """With public tables, template and blueprint: made anew after each change of the code."""
    if state_of("product_base") != code():
        postgres.create("product_base", owner=postgres.PRODUCT_OWNER)
        migrate("product_base")
    return "product_base"


def peer(name: str, *, anew: bool = False) -> str:
    if anew or not postgres.exists(name):
        postgres.create(name, owner="postgres", template=peer_base())
    return name


def product(name: str, *, anew: bool = False) -> str:
    """Up to date with the code. Made anew when a migration has changed: what was applied is no longer what it says."""
    if anew or not postgres.exists(name) or migrations(state_of(name)) != migrations(code()):
        postgres.create(name, owner=postgres.PRODUCT_OWNER, template=product_base())
        note_state(name)
    elif state_of(name) != code():
        migrate(name)
    return name


@cache
def code() -> str:
    """A fingerprint of the product's migrations, and one of all its code."""
    everything, changes = sha256(), sha256()
    for path in sorted(path for app in APPS for path in (ROOT / app).rglob("*.py")):
        text = f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes()
        everything.update(text)
        if path.parent.name == "migrations":
            changes.update(text)
    return f"{changes.hexdigest()} {everything.hexdigest()}"


def migrations(state: str) -> str:
    return state.partition(" ")[0]


def state_of(database: str) -> str:
    """The code's fingerprints when it was last brought up to date; empty for one that is not there."""
    noted = folder("made") / database
    return noted.read_text() if noted.exists() and postgres.exists(database) else ""


def note_state(database: str) -> None:
    (folder("made") / database).write_text(code())


def migrate(database: str) -> None:
    """The command that a deployment runs."""
    run(["manage.py", "migrate", "--verbosity", "0"], environments.product(database))
    note_state(database)


def run(command: list[str], environment: dict[str, str]) -> None:
    """One of ours, in Python. Raises CommandFailed."""
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CommandFailed(f"{' '.join(command)}: {(done.stderr or done.stdout)[-2000:]}")


def migrations_of(database: str) -> Path:
    """The folder of those that were added for it. It is the database's: as long as it lives, they are applied."""
    return folder("migrations") / database
