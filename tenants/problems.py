"""Problem details (RFC 9457): how everything under `/api/` says what went wrong, whichever room says it.

It lies in the lowest app, since the first room that may refuse a request knows no more than its host.
Source: docs/decisions/0009-rest-api.md
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.http import JsonResponse
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _

MEDIA_TYPE = "application/problem+json"
API_ROOT = "/api/"
API_PAGES = "/api/docs/"  # read by people in a browser: pages as everywhere else

SENTENCES = {
    400: _("The request could not be understood."),
    401: _("Send a valid API key or access token."),
    403: _("You may not do this."),
    404: _("There is nothing here that you may see."),
    405: _("This address does not take that method."),
    406: _("The answer cannot be given in the media type asked for."),
    409: _("Something else has changed meanwhile. Nothing was written."),
    412: _("The object has changed since you read it. Read it again."),
    413: _("The request is too large."),
    415: _("The request's media type is not accepted here."),
    429: _("That is too many requests for now. Please try again later."),
    500: _("Something went wrong on our side. Nothing was written."),
    503: _("This is not available at the moment. Please try again."),
}


def wants_problem(request) -> bool:
    """Is the answer read by a program? By the path alone: it is known before anything else is."""
    return request.path_info.startswith(API_ROOT) and not request.path_info.startswith(API_PAGES)


def problem(
    request,
    status: int,
    *,
    title: str = "",
    detail="",
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> JsonResponse:
    """The answer for a refusal: title (the status in words), detail (a sentence), request id, and what else is given.

    `errors` name what is wrong one by one: `{"pointer": "#/price", "code": "invalid", "detail": "…"}`, with
    `parameter` or `header` instead of `pointer` where it is not in the body.
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": force_str(title) or HTTPStatus(status).phrase,
        "status": status,
        "detail": force_str(detail or SENTENCES.get(status, "")),
        "request_id": getattr(request, "id", ""),
        **more,
    }
    if errors:
        body["errors"] = list(errors)
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE, headers=headers)


def unauthorised(request) -> JsonResponse:
    """401, the same for every cause: whoever guesses learns nothing from it."""
    return problem(request, 401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
