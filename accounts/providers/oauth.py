"""Our side of the code flow: Authlib's client, within the same limits as every other question to a provider."""

from authlib.integrations.requests_client import OAuth2Session

from accounts.exceptions import ProviderAway

from .hosted import Hosted
from .limited import Limited, limit


class Answering(Limited):
    def send(self, request, *args, **kwargs):
        """Raises ProviderAway also for a provider that says that it cannot answer now."""
        response = super().send(request, *args, **kwargs)
        if response.status_code >= 500 or response.status_code == 429:
            raise ProviderAway(f"status {response.status_code}")
        return response


class Client(OAuth2Session):
    def request(self, method, url, withhold_token=False, auth=None, **kwargs):
        return super().request(method, url, withhold_token, auth, **{**kwargs, "allow_redirects": False})


def client_of(hosted: Hosted, **kwargs) -> Client:
    """For one exchange, with `with`; `kwargs` are those of OAuth2Session. Its requests raise ProviderAway."""
    client = Client(
        hosted.client_id,
        hosted.client_secret,
        token_endpoint_auth_method=hosted.authentication,
        scope=hosted.scope,
        **kwargs,
    )
    limit(client, Answering())
    return client
