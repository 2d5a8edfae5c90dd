"""What the tests of the log share."""

import pytest

from accounts.audit.models import Entry
from tests.accounts.conftest import racing  # noqa: F401  (a fixture)
from tests.tenants.conftest import Manage


@pytest.fixture
def new_lines(acme):
    """`new_lines()`: the lines that came since the test began, oldest first."""
    known = set(Entry.objects.values_list("pk", flat=True))
    return lambda: [entry for entry in Entry.objects.order_by("pk") if entry.pk not in known]


@pytest.fixture
def manage() -> Manage:
    return Manage()
