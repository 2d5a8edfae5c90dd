"""What the doctor says of a schema."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One difference. `cure` makes it right; without one a person has to decide."""

    schema: str
    what: str
    problem: str
    cure: Callable[[], object] | None = None

    def __str__(self) -> str:
        return f"{self.schema}: {self.what}: {self.problem}"
