"""Migrations of a catalogue that grows while it is measured: the code's own, and those of BENCH_MIGRATIONS.

Django finds migrations by the folders of a package, so a package with two folders has those of both; nothing is
written into the source tree. Every migration that is added stays in its folder, as its database has it applied.
"""

import os
from collections.abc import Iterable
from pathlib import Path

TEXT = """from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "{before}")]
    operations = [migrations.AddField("product", "{name}", models.IntegerField(default=0))]
"""
LAST = "9999_"  # sorts behind the code's own


def folders(own: Iterable[str]) -> list[str]:
    """For the `__path__` of such a package."""
    added = os.environ.get("BENCH_MIGRATIONS")
    return [*own, added] if added else list(own)


def add(folder: Path, own: Path) -> str:
    """Write one more AddField into `folder`, behind the last of it and of `own`. Returns its name."""
    folder.mkdir(parents=True, exist_ok=True)
    known = sorted(path.stem for path in [*own.glob("0*.py"), *folder.glob(f"{LAST}*.py")])
    number = len(list(folder.glob(f"{LAST}*.py"))) + 1
    field = f"stock_{number:04}"
    (folder / f"{LAST}{field}.py").write_text(TEXT.format(before=known[-1], name=field))
    return f"{LAST}{field}"
