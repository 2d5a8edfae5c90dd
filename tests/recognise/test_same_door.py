"""The table of rights by a provider's tokens, a sample of tests/matrix.py: whoever signs, there is one door."""

import pytest

from accounts.models import User
from tests.channels import Api
from tests.conftest import HostClient

WHO = ("owner", "admin", "editor", "viewer", "guest", "stranger")


class ProviderToken(Api):
    name = "API token"


@pytest.fixture
def client_with(acme, there):
    """`client_with("editor")`: a program with a token of somebody who has that role at the provider."""

    def make(who: str) -> HostClient:
        client = HostClient(acme.tenant.host)
        client.credential = f"Bearer {there.token(who, () if who == 'stranger' else (who,))}"
        return client

    return make


def allowed(acme, client_with, act) -> set[str]:
    """By whom it is done. For all others it is hidden, or forbidden."""
    statuses = {who: act(ProviderToken(), client_with(who)).status_code for who in WHO}
    assert set(statuses.values()) <= {200, 201, 204, 403, 404}, statuses
    return {who for who, status in statuses.items() if status < 300}


OWNER, ADMIN = {"owner"}, {"owner", "admin"}
EDITOR = ADMIN | {"editor"}
VIEWER = EDITOR | {"viewer"}


@pytest.mark.parametrize(
    ("act", "by"),
    [
        (lambda api, client, acme: api.view(client, "products", acme.sencha.pk), VIEWER),
        (lambda api, client, acme: api.rename_category(client, None, acme.tools.pk), EDITOR),
        (lambda api, client, acme: api.add_product(client, acme.tools.pk), EDITOR),
        (
            lambda api, client, acme: api.share(client, "products", acme.saw.pk, acme.viewer, "catalog.view_product"),
            ADMIN,
        ),
        (lambda api, client, acme: api.open(client, "members"), VIEWER),
        (lambda api, client, acme: api.open(client, "invitations"), ADMIN),
        (lambda api, client, acme: api.change_role(client, acme.viewer), ADMIN),
        (lambda api, client, acme: api.deactivate(client, acme.owner), OWNER),
        (lambda api, client, acme: api.invite(client, "owner"), OWNER),
        (lambda api, client, acme: api.open(client, "profile"), set(WHO)),
    ],
    ids=["view", "change", "add", "share", "members", "invitations", "role", "deactivate an owner", "invite", "me"],
)
def test_the_same_people_may_do_the_same(acme, client_with, act, by):
    client_with_role = allowed(acme, client_with, lambda api, client: act(api, client, acme))
    assert client_with_role == by
    assert not User.objects.filter(issuer="https://first.test", is_active=False).exists()
