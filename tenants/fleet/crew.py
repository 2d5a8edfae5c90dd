"""Several at once: threads, each with a connection of its own."""

from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

from django.db import connections

Given = TypeVar("Given")
Result = TypeVar("Result")


def each(given: list[Given], act: Callable[[Given], Result], *, jobs: int) -> Iterator[Result]:
    """`act` on each, `jobs` at a time, and the results as they come. `act` must not raise.

    One job needs no thread, and uses the caller's own connection.
    """
    if jobs < 2 or len(given) < 2:
        yield from map(act, given)
        return
    waiting: SimpleQueue[Given] = SimpleQueue()
    results: SimpleQueue[Result] = SimpleQueue()
    for one in given:
        waiting.put(one)
    threads = [Thread(target=work, args=(waiting, act, results), daemon=True) for _job in range(jobs)]
    for thread in threads:
        thread.start()
    try:
        for _one in given:
            yield results.get()
    finally:
        while not waiting.empty():  # whoever stops listening, as on Ctrl-C, stops the work
            take(waiting)
        for thread in threads:
            thread.join()


def work(waiting: SimpleQueue, act: Callable, results: SimpleQueue) -> None:
    try:
        while (one := take(waiting)) is not None:
            results.put(act(one))
    finally:
        connections.close_all()


def take(waiting: SimpleQueue):
    try:
        return waiting.get_nowait()
    except Empty:
        return None
