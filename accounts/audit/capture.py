"""Seeing every change of a tenant's rows, through whatever door it comes. See docs/decisions/0008-audit-log.md."""

from collections.abc import Sequence

from django.db import models

from tenants.postgresql.base import DatabaseWrapper
from tenants.postgresql.writes import Change
from tenants.slugs import SCHEMA_PREFIX

from . import trail
from .rules import rule_for


class Capture:
    """A Watcher. The template and `public` have no log: nobody acts there."""

    def heeds(self, connection: DatabaseWrapper, model: type[models.Model], fields: frozenset[str] | None) -> bool:
        if not connection.schema_name.startswith(SCHEMA_PREFIX):
            return False
        rule = rule_for(model)
        return rule is not None and (fields is None or not fields <= rule.ignored.keys())

    def wrote(self, connection: DatabaseWrapper, changes: Sequence[Change]) -> None:
        trail.record(connection, changes)

    def undone(self, connection: DatabaseWrapper, savepoint: str) -> None:
        trail.forget(connection, savepoint)
