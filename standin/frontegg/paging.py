"""Frontegg's pages of a list: `_limit` rows, `_offset` as the number of the page, not of the row."""

import math
from collections.abc import Sequence
from typing import Any

from werkzeug.wrappers import Request

from ..routing import Refused

MOST_ROWS = 200


def paged(request: Request, rows: Sequence[Any]) -> dict[str, Any]:
    try:
        limit, page = int(request.args.get("_limit", 50)), int(request.args.get("_offset", 0))
    except ValueError:
        raise Refused(400, {"errors": ["_limit and _offset must be numbers"]}) from None
    if not 1 <= limit <= MOST_ROWS or page < 0:
        raise Refused(400, {"errors": [f"_limit must be from 1 to {MOST_ROWS}, _offset not negative"]})
    totals = {"totalItems": len(rows), "totalPages": math.ceil(len(rows) / limit)}
    return {"items": list(rows[page * limit : (page + 1) * limit]), "_links": {}, "_metadata": totals}
