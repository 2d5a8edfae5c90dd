"""Acts of somebody else, on another thread."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connections


def elsewhere(act):
    """The result of `act` on connections of its own; what it raised, if it did."""

    def run():
        try:
            return act()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as other:
        return other.submit(run).result()
