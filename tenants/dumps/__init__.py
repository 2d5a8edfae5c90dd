"""One tenant as a file, and back: a backup, a move to another database, a twin to try things in.

A dump holds rows and files, never structure: what a table looks like is this installation's own knowledge (the
blueprints), so nothing that stands in a dump is ever run as SQL. Source: docs/decisions/0020-dumps.md
"""

from .copying import copy
from .exceptions import DumpError
from .making import dump
from .restoring import Restored, restore_beside, restore_over

__all__ = ["DumpError", "Restored", "copy", "dump", "restore_beside", "restore_over"]
