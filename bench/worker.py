"""The worker's own side: `python -m bench.worker MODULE`. A line in is a call, a line out its answer, both in JSON."""

import json
import os
import sys
import traceback
from importlib import import_module

import django


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what anybody prints goes to the log
    django.setup()
    module = import_module(sys.argv[1])
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            said = {"value": getattr(module, asked["name"])(**asked["arguments"])}
        except Exception:
            said = {"error": traceback.format_exc()}
        answers.write(json.dumps(said) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
