"""The peer's."""

from bench import growing
from bench.peer.catalog import migrations

__path__ = growing.folders(migrations.__path__)
