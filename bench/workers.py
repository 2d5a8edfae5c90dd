"""A process with one side's Django in it, which is told what to do over its standard input. See bench/worker.py."""

import json
import os
import subprocess
import sys
from types import TracebackType
from typing import Any

from .directory import ROOT, folder


class WorkerFailed(RuntimeError):
    """The message is the worker's own traceback."""


class Worker:
    """`with Worker("bench.sides.peer", environment) as peer: peer.call("sign_up", name="a")`."""

    def __init__(self, module: str, environment: dict[str, str]):
        self.log = (folder("logs") / f"{module}.log").open("a")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.worker", module],
            cwd=ROOT,
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.stdin:
            self.process.stdin.close()  # which ends it, once it has answered
        if error:
            self.process.terminate()
        self.process.wait()
        self.log.close()

    def call(self, name: str, /, **arguments: Any) -> Any:
        """The function's answer, when it is there. Raises WorkerFailed."""
        self.begin(name, **arguments)
        return self.answer()

    def begin(self, name: str, /, **arguments: Any) -> None:
        """Ask, and go on: several workers can be asked before the first has answered."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"name": name, "arguments": arguments}) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        assert self.process.stdout
        line = self.process.stdout.readline()
        said = json.loads(line) if line else {"error": f"The worker ended; see {self.log.name}."}
        if "error" in said:
            raise WorkerFailed(said["error"])
        return said["value"]
