"""Listening to the template's migrations, and keeping what they sent (tenants.Recording).

A step is `["send", text]` or `["ask", text, digest]`: what Django looked up on its way (the name of a constraint,
say) is asked again in each tenant, and the replay holds only where the answer is the template's.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlparse
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db.migrations import Migration
from django.db.migrations.recorder import MigrationRecorder

from tenants.models import Recording
from tenants.schema import in_public, wrapper

from .fitness import is_question, unfit_migration, unfit_statement
from .ordinary import Migrate
from .versions import Code, Key, fingerprint

Step = list[str]

KEEP = """
    INSERT INTO public.tenants_recording (app, name, fingerprint, steps, unfit, recorded_at)
    VALUES (%s, %s, %s, %s, %s, now())
    ON CONFLICT (app, name) DO UPDATE SET fingerprint = EXCLUDED.fingerprint, steps = EXCLUDED.steps,
        unfit = EXCLUDED.unfit, recorded_at = EXCLUDED.recorded_at
"""


def digest(answer: list[tuple], schema_name: str) -> str:
    """A word for the rows, whichever schema they tell of.

    The catalogue gives them in the order in which they were written, and the definition of an index names the schema.
    """
    rows = sorted(json.dumps(row, default=str).replace(f"{schema_name}.", "") for row in answer)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


class Recorder:
    """Hears the statements of one connection, a migration at a time."""

    def __init__(self, using: str):
        self.connection = wrapper(using)
        self.steps: list[Step] | None = None
        self.unfit = ""
        self.own = MigrationRecorder(self.connection).migration_qs.model._meta.db_table
        self.ignored: set[str] = set()

    def begin(self, migration: Migration) -> None:
        self.steps, self.unfit = [], unfit_migration(migration)

    def end(self, migration: Migration, *, fake: bool) -> None:
        """Keep what was heard. Should the process die before, the tenants get this migration the ordinary way."""
        steps, self.steps = self.steps or [], None
        unfit = "was faked" if fake else self.unfit
        values = [migration.app_label, migration.name, fingerprint(migration)]
        with self.connection.cursor() as cursor:
            cursor.execute(KEEP, [*values, json.dumps([] if unfit else steps), unfit[:200]])

    @contextmanager
    def listening(self) -> Iterator[None]:
        with self.connection.execute_wrapper(self.hear):
            self.learn_to_ignore()
            yield

    def learn_to_ignore(self) -> None:
        """Before its first record Django asks whether there is a table for it: no part of a migration."""
        self.steps = []
        self.connection.introspection.table_names()
        self.ignored = {step[1] for step in self.steps}
        self.steps = None

    def hear(self, execute, statement, parameters, many, context):
        result = execute(statement, parameters, many, context)
        if self.steps is None or f'INSERT INTO "{self.own}"' in str(statement):
            return result
        if many:
            self.unfit = self.unfit or "sends rows in bulk"
            return result
        text = self.connection.ops.compose_sql(statement, parameters)
        if text not in self.ignored:
            self.steps += self.as_steps(text, context["cursor"])
        return result

    def as_steps(self, text: str, cursor) -> Iterator[Step]:
        parts = single_statements(text)
        for part in parts:
            self.unfit = self.unfit or unfit_statement(part)
            if not is_question(part):
                yield ["send", part]
            elif len(parts) > 1 or not cursor.description:  # of several only one answer is at hand
                self.unfit = self.unfit or "asks for what cannot be compared"
            else:
                answer = cursor.fetchall()
                if answer:  # Django is to find them still there
                    cursor.scroll(0, mode="absolute")
                yield ["ask", part, digest(answer, self.connection.schema_name)]


def single_statements(text: str) -> list[str]:
    """Django sends some in pairs (`ADD COLUMN ..; SET CONSTRAINTS ..`), which no pipeline takes."""
    return [bare for part in sqlparse.split(text) if (bare := part.strip().rstrip(";").strip())]


class _RecordedMigrate(DjangoMigrate):
    """Django's command, which says when a migration begins and ends."""

    def __init__(self, recorder: Recorder, **streams):
        super().__init__(**streams)
        self.recorder = recorder

    def migration_progress_callback(self, action, migration=None, fake=False):
        super().migration_progress_callback(action, migration, fake)
        if action == "apply_start":
            self.recorder.begin(migration)
        elif action == "apply_success":
            self.recorder.end(migration, fake=fake)


def recorded_migrate(options: dict, using: str, **streams) -> Migrate:
    """As `ordinary.django_migrate`, for the template: what it sends is kept."""

    def migrate(schema_name: str) -> None:
        recorder = Recorder(using)
        with recorder.listening():
            _RecordedMigrate(recorder, **streams).execute(**{**options, "skip_checks": True})

    return migrate


def playable(code: Code, *, using: str) -> Callable[[Key], list[Step] | None]:
    """The steps of a migration, as a function: None where there is no recording of the file as it is now."""
    with in_public(using=using):
        rows = Recording.objects.using(using).filter(unfit="").values_list("app", "name", "fingerprint", "steps")
        kept = {(app, name): (word, steps) for app, name, word, steps in rows}
    checked: dict[Key, list[Step] | None] = {}

    def steps_of(key: Key) -> list[Step] | None:
        if key not in checked:
            word, steps = kept.get(key, ("", []))
            checked[key] = steps if word and word == fingerprint(code.plan[key]) else None
        return checked[key]

    return steps_of
