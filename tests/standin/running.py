"""Stand-ins that several tests share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from standin import StandIn


@contextmanager
def stand_ins() -> Iterator[Callable[[str], StandIn]]:
    """A stand-in by the name of its provider: started when it is first wanted, and stopped at the end."""
    started: dict[str, StandIn] = {}

    def of(name: str) -> StandIn:
        if name not in started:
            started[name] = StandIn(name).start()
        return started[name]

    yield of
    for idp in started.values():
        idp.stop()
