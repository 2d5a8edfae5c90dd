"""One subject's measurements, in a process of their own: `python -m bench.subject SUBJECT NAMES PLAN`.

Each result is a line of JSON. An error ends the subject alone, after what it had measured.
"""

import json
import signal
import sys
import traceback
from importlib import import_module

from .plan import Plan


def leave_in_order() -> None:
    """Let a signal to end be what Ctrl-C is: an exception, on whose way out every server is stopped."""
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(1))


def main(subject: str, names: str, plan: str) -> None:
    module = import_module(f"bench.rows.{subject}")
    for result in module.measure(names.split(","), Plan(**json.loads(plan))):
        sys.stdout.write(json.dumps(result.as_json()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    leave_in_order()
    try:
        main(*sys.argv[1:])
    except Exception:
        traceback.print_exc()
        sys.exit(1)
