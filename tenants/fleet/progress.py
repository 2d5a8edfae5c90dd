"""How a run is told: a bar with the time left on a terminal, plain lines in a log."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

LINES = 20  # of a whole ring, in a log
WIDTH = 30


@dataclass
class Progress:
    """One ring. `report` takes a line; `terminal` is where the bar is drawn, None for a log."""

    total: int
    report: Callable[[str], None]
    terminal: TextIO | None = None
    done: int = 0
    started: float = field(default_factory=time.monotonic)

    def step(self, line: str, *, loud: bool = False) -> None:
        """One tenant more. A `loud` line is always written, others where a log would want one."""
        self.done += 1
        if loud or (not self.terminal and self.is_due):
            self.clear()
            self.report(f"[{self.done}/{self.total}] {line}")
        if self.terminal:
            self.terminal.write(f"\r{self.bar}")
            self.terminal.flush()

    @property
    def is_due(self) -> bool:
        return self.total <= LINES or self.done == self.total or self.done % (self.total // LINES) == 0

    @property
    def bar(self) -> str:
        filled = WIDTH * self.done // self.total
        left = (time.monotonic() - self.started) / self.done * (self.total - self.done)
        return f"[{'#' * filled}{'.' * (WIDTH - filled)}] {self.done}/{self.total}, {clock(left)} left "

    def clear(self) -> None:
        if self.terminal:
            self.terminal.write("\r\x1b[K")
            self.terminal.flush()


def clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
