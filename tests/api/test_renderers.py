"""The API's JSON is DRF's own, whoever writes it."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from django.utils.translation import gettext_lazy
from rest_framework import renderers as drf
from rest_framework.serializers import ErrorDetail
from rest_framework.utils.serializer_helpers import ReturnDict, ReturnList

from accounts.api.renderers import JSONRenderer
from catalog.models import Product

VALUES = [
    None,
    {},
    [],
    "plain",
    'quotes " and \\ and / and \x00\x1f\x7f',
    "\u2028 and \u2029, é, \U0001f600",
    [0, -1, 2**53, 2**63 - 1, 1.5, True, None],
    {"price": Decimal("9.50"), "huge": Decimal("1E+20")},
    [datetime(2026, 1, 2, 3, 4, 5, 678901, UTC), datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=2)))],
    [date(2026, 1, 2), timedelta(seconds=90), UUID(int=7)],
    {"lazy": gettext_lazy("Name"), "error": ErrorDetail("No.", "invalid")},
    ReturnDict({"a": ReturnList([1], serializer=None)}, serializer=None),
    Product.Status.choices,
    [Product.Status.PUBLISHED, ("a", "tuple")],
    {1: "a name that is no text", None: 2},
    2**70,
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("accepted", ["application/json", "application/json; indent=2"])
def test_json_is_what_drf_writes(value, accepted):
    assert JSONRenderer().render(value, accepted) == drf.JSONRenderer().render(value, accepted)


def test_what_is_no_json_is_an_error_as_with_drf():
    for each in (JSONRenderer(), drf.JSONRenderer()):
        with pytest.raises((TypeError, ValueError)):
            each.render({"value": object()})


def test_floats_alone_are_written_otherwise():
    assert JSONRenderer().render([1e-07, float("nan")]) == b"[1e-7,null]"
    assert drf.JSONRenderer().render([1e-07]) == b"[1e-07]"
