"""How Rownd says no."""

from http import HTTPStatus

from ..routing import Refused


def wrong(status: int, message: str) -> Refused:
    return Refused(status, {"statusCode": status, "error": HTTPStatus(status).phrase, "messages": [message]})
