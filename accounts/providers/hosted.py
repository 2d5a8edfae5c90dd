"""Signing in on a provider's own page: what the code flow needs to know of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlencode

from tenants.models import Tenant


@dataclass(frozen=True)
class Leaving:
    """What a provider may want to know of who signs out there. `back_to` is where it sends the browser afterwards."""

    back_to: str
    id_token: str = ""


@dataclass(frozen=True)
class Hosted:
    """Addresses are functions: a provider with discovery is asked when they are needed, which raises ProviderAway.

    `session_token` is the token of the answer that stands for the person from then on (entry SESSION); an ID token
    that is `nonce_bound` must be there and carry the nonce. `for_tenant` names the organisation to the provider's
    page, `for_invitation` hands its invitation's ticket on, `for_sign_up` opens its page for newcomers. `leave`
    is the page that signs out there; an empty text where it has none.
    """

    client_id: str
    client_secret: str
    authorize: Callable[[], str]
    token: Callable[[], str]
    leave: Callable[[Leaving], str]
    scope: str = "openid email profile"
    session_token: Literal["access_token", "id_token"] = "id_token"
    nonce_bound: bool = True
    authentication: Literal["client_secret_basic", "client_secret_post"] = "client_secret_basic"
    for_tenant: Callable[[Tenant], Mapping[str, str]] = lambda tenant: {}
    for_invitation: tuple[str, ...] = ()  # parameters of an invitation link that are forwarded as they came
    for_sign_up: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)


def address_to_leave(base: str, wanted: Mapping[str, str], leaving: Leaving) -> str:
    """Of an end-session endpoint (OpenID Connect RP-Initiated Logout 1.0)."""
    parameters = {**wanted, "post_logout_redirect_uri": leaving.back_to}
    if leaving.id_token:
        parameters["id_token_hint"] = leaving.id_token
    return f"{base}?{urlencode(parameters)}"
