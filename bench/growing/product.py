"""The product's."""

from bench import growing
from catalog import migrations

__path__ = growing.folders(migrations.__path__)
