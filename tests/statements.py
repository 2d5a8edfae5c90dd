"""What is sent to the database, counted as the database sees it: each trip once, and what is put before it with it."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

CONTROLS = ("SAVEPOINT", "RELEASE")


def sent_by(act, *statuses: int) -> list[str]:
    """Every trip of one request: `act()` is its response. Savepoints alone are no questions, and are left out.

    A savepoint waits for the next statement and goes with it: it is captured twice, alone and before that one.
    """
    with CaptureQueriesContext(connection) as captured:
        response = act()
    assert response.status_code in (statuses or (200, 201)), response.content
    texts = [query["sql"] for query in captured.captured_queries]
    texts = [text for place, text in enumerate(texts) if not any(f"{text}; " in later for later in texts[place + 1 :])]
    return [asked for text in texts if (asked := without_controls(text))]


def answered(response) -> tuple[int, dict]:
    """Status and body of an answer of the API, without what differs each time."""
    return response.status_code, {**response.json(), "request_id": ""}


def tables_asked(texts: list[str], *tables: str) -> list[list[str]]:
    """Of each trip that asks any of these tables, which of them."""
    asked = [[name for name in tables if f'FROM "{name}"' in text] for text in texts]
    return [names for names in asked if names]


def without_controls(text: str) -> str:
    return "; ".join(part for part in text.split("; ") if not part.startswith(CONTROLS))
