"""The same products, people and grants for both sides.

`u_grants` sees a tenth of the products, by grants alone: 4 in 100 are granted to him, 6 in 100 to three groups that
he is in. `u_model` sees all of them: by a model permission at the peer, by the role Viewer here. Twenty others hold
5 in 100 each, so that the tables of grants are no smaller than a real one's. Both of the named may add products.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

BY_GRANTS, BY_ROLE = "u_grants", "u_model"
OTHERS = [f"other{number}" for number in range(20)]
GROUPS = [f"group{number}" for number in range(3)]
PEOPLE = [BY_GRANTS, BY_ROLE, *OTHERS]
DESCRIPTION = "Lorem ipsum dolor sit amet. " * 5
PER_PAGE = 50
BATCH = 2_000


@dataclass(frozen=True)
class Ware:
    """One product. Its title sorts as its number does, so that both sides list the same rows first."""

    number: int

    @property
    def title(self) -> str:
        return f"Product {self.number:07}"

    @property
    def price(self) -> Decimal:
        return Decimal(self.number % 1000) / 10

    @property
    def image(self) -> str:
        return f"https://img.example.com/{self.number}.jpg"


def wares(count: int) -> Iterator[Ware]:
    return map(Ware, range(1, count + 1))


def granted_to(holder: str, count: int) -> list[int]:
    """Which of the `count` products, counted from 0, are granted to this person or group."""
    first, many = shares()[holder]
    return [number for number in range(count) if first <= number % 100 < first + many]


def shares() -> dict[str, tuple[int, int]]:
    """Holder -> (first, how many) of each hundred."""
    groups = {group: (4 + 2 * number, 2) for number, group in enumerate(GROUPS)}
    others = {other: (5 * number % 95, 5) for number, other in enumerate(OTHERS)}
    return {BY_GRANTS: (0, 4), **groups, **others}
