"""Where a run keeps everything: one folder, which may be thrown away at any time."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("DATA_DIR") or ROOT / ".data") / "bench"


def folder(name: str) -> Path:
    """One of its folders, made if it is not there."""
    found = HOME / name
    found.mkdir(parents=True, exist_ok=True)
    return found
