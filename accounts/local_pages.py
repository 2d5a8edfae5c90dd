"""The pages for accounts with a password of ours. Where people come by an identity provider, all of them are closed.

The one place that says so. Closed is what a library brings along, unless it is named here: a page that an update
adds is closed until somebody has thought about it.
"""

from tenants.schema import proven_tenant

from .guards import LIBRARY_VIEWS
from .views import hosted

# Of whoever is signed in, however he did it.
FOR_ALL = {"account_logout", "account_inactive", "usersessions_list"}
# In their place the provider is asked who is there.
SIGN_IN, PROVE_AGAIN = "account_login", "account_reauthenticate"
LOCAL = set(LIBRARY_VIEWS) - FOR_ALL


class LocalPagesMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        name = request.resolver_match.view_name
        if request.tenant is None or name not in LOCAL:
            return None
        if proven_tenant().provider == "local":
            return None
        if name == SIGN_IN:
            return hosted.to_provider(request)
        if name == PROVE_AGAIN:
            return hosted.prove_again(request)
        return hosted.closed(request)
