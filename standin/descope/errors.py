"""How Descope says no: three texts, of which the code is what programs read."""

from ..routing import Refused

INVALID = "E011003"  # an argument is wrong
MISSING = "E011002"  # an argument is missing
UNAUTHORIZED = "E011005"
USER_EXISTS = "E062107"
USER_UNKNOWN = "E062108"


def wrong(status: int, code: str, description: str, message: str = "") -> Refused:
    return Refused(status, {"errorCode": code, "errorDescription": description, "errorMessage": message or description})


def unauthorized(message: str = "Invalid or expired token") -> Refused:
    return wrong(401, UNAUTHORIZED, "Unauthorized", message)
