"""The outermost room: every request and every answer has a number."""

import uuid

from .logs import current_request_id


class RequestIdMiddleware:
    """Give each request an id, for the log, the error page and the `X-Request-ID` header.

    The client's own value is not taken over: it would end up in the log.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.id = uuid.uuid4().hex
        token = current_request_id.set(request.id)
        try:
            response = self.get_response(request)
        finally:
            current_request_id.reset(token)
        response["X-Request-ID"] = request.id
        return response
