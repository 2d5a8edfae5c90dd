"""Who a browser's session is, asked at each request of one that is signed in."""

from django.contrib.auth import BACKEND_SESSION_KEY

from accounts.exceptions import SessionOver
from accounts.identity import Identity
from accounts.providers import registry

from . import provider_sessions, session_bounds


def identity_of(request) -> Identity:
    """`request.user` is signed in, by the session's word alone. Raises SessionOver, CredentialRefused, ProviderAway.

    A session that a password opened, or support's ticket, asks nothing more. Whoever signed in in another way than
    the organisation does by now is nobody already (accounts/backends.py).
    """
    session_bounds.demand_within(request.session, request.user, request.tenant)
    if request.session[BACKEND_SESSION_KEY] != provider_sessions.BACKEND:
        return Identity("session", request.user)
    provider = registry.provider_of(request.tenant)
    if provider is None:
        raise SessionOver("its provider is not set up any more")
    return provider_sessions.identity_of(request, provider)
