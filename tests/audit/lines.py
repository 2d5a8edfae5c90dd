"""Lines of the log as the tests need them, and what a page shows of them."""

from datetime import UTC, datetime, timedelta

from accounts.audit.models import Entry
from tests.accounts.pages import Page

START = datetime(2020, 3, 1, 12, tzinfo=UTC)
# The filter that leaves out what making the organisation recorded, long after START.
OLD = {"until": "2020-12-31"}


def write(count: int = 1, *, start: int = 0, **fields) -> list[Entry]:
    """`count` lines, a minute apart, the last one the newest. Each is called "Line <number>"."""
    lines = [
        Entry(
            **{
                "at": START + timedelta(minutes=number),
                "actor_name": "Olive Owner",
                "through": Entry.Through.PAGE,
                "action": "changed",
                "object_type": "catalog.product",
                "object_id": str(number),
                "object_name": f"Line {number}",
                "changes": {"title": ["Tea", f"Tea {number}"]},
                **fields,
            }
        )
        for number in range(start, start + count)
    ]
    return Entry.objects.bulk_create(lines)


def words(response) -> str:
    assert response.status_code == 200, response.status_code
    return Page(response).words


def shown(response) -> list[int]:
    """The keys of the lines on the page, in its order."""
    assert response.status_code == 200, response.status_code
    return [line.entry.pk for line in response.context["lines"]]
