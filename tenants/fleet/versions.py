"""What the code wants of every schema: its migrations in their order, and the word for them."""

import hashlib
import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from django.db import ProgrammingError
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from psycopg.errors import UndefinedColumn, UndefinedTable

from .rows import WORD, hooks_text

Key = tuple[str, str]  # app label, name


@dataclass(frozen=True)
class Code:
    """The migrations on disk. Built once a process: reading them takes a tenth of a second."""

    loader: MigrationLoader

    @cached_property
    def plan(self) -> dict[Key, Migration]:
        """Every migration, in the order in which an empty schema would get them."""
        graph = self.loader.graph
        keys = (key for leaf in graph.leaf_nodes() for key in graph.forwards_plan(leaf))
        return {key: graph.nodes[key] for key in keys}

    @cached_property
    def version(self) -> str:
        """A word for the migrations and the hooks. A schema with this word needs nothing."""
        names = sorted(f"{app}.{name}" for app, name in self.plan)
        return hashlib.sha256("\n".join([*names, hooks_text()]).encode()).hexdigest()[:WORD]

    def missing(self, applied: Iterable[Key]) -> list[Key]:
        """What a schema lacks, in order. What it has and the code has not is nobody's business here."""
        known = set(applied)
        return [key for key in self.plan if key not in known]


@lru_cache(maxsize=1)
def code() -> Code:
    return Code(MigrationLoader(None))


def fingerprint(migration: Migration) -> str:
    """The hash of a migration's file; empty where there is no file to read."""
    try:
        return hashlib.sha256(Path(inspect.getfile(type(migration))).read_bytes()).hexdigest()
    except (OSError, TypeError):
        return ""


def database_is_older(error: ProgrammingError) -> bool:
    """Does the database lack what this code asks it for?"""
    return isinstance(error.__cause__, UndefinedTable | UndefinedColumn)
