"""How long a run looks: thoroughly, or in about two minutes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """`seconds` is the length of one load of one side in one round; `tenants` how many a fleet has."""

    quick: bool = False
    rounds: int = 5
    seconds: int = 2
    sign_ups: int = 3  # each side's, in one round
    tokens: int = 300  # each side's, in one round
    tenants: int = 500
    flat: tuple[int, ...] = (100, 500, 1_000, 3_000, 5_000)  # sizes of a fleet with nothing to do

    @classmethod
    def of(cls, *, quick: bool, rounds: int | None = None) -> "Plan":
        plan = cls(quick=True, seconds=1, sign_ups=2, tenants=30, flat=(10, 30)) if quick else cls()
        return plan if rounds is None else cls(**{**vars(plan), "rounds": rounds})
