"""Libraries that ask by `requests`, held to the limits of accounts/providers/http.py."""

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from . import http


class Limited(BaseAdapter):
    """Sends what `requests` has made ready. Raises ProviderAway."""

    def send(self, request, *args, **kwargs):
        answer = http.ask(request.method, request.url, data=request.body, headers=dict(request.headers))
        response = requests.Response()
        response.status_code, response.url, response.request = answer.status, request.url, request
        response.headers = CaseInsensitiveDict(answer.headers)
        response._content = answer.body
        return response

    def close(self):
        pass


def limit(session: requests.Session, adapter: Limited | None = None) -> requests.Session:
    """Whatever this session asks from now on."""
    session.trust_env = False  # no credentials of ~/.netrc to whoever answers there
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter or Limited())
    return session
