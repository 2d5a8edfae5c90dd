"""The mail server is down: pages work, what was asked for is done, and the log says what did not leave."""

import logging

import pytest
from allauth.account.models import EmailAddress

from .conftest import SIGN_UP
from .test_arrive import is_signed_in
from .test_sign_in import EDITOR, prove_again


@pytest.fixture(autouse=True)
def mail_server(settings, caplog):
    """Nobody answers there. What the log says about it."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    return lambda: [record for record in caplog.records if record.levelno == logging.ERROR]


def test_new_owner_gets_in(newcomer, mail_server):
    assert newcomer.client.get(newcomer.arrival).status_code == 302
    assert is_signed_in(newcomer.client)
    assert SIGN_UP["email"] in newcomer.client.get("/profile/").content.decode()
    assert len(mail_server()) == 1


@pytest.mark.parametrize("address", [EDITOR, "nobody@acme.test"])
def test_reset_says_the_same_for_any_address(visitor, mail_server, address):
    answer = visitor.post("/account/password/reset/", {"email": address})
    assert answer["Location"] == "/account/password/reset/done/"
    assert len(mail_server()) == 1


def test_change_of_address_waits_for_its_link(client_as, acme, mail_server):
    client = client_as("viewer")
    prove_again(client)
    assert client.post("/account/email/", {"email": "new@acme.test", "action_add": ""}).status_code == 302
    assert EmailAddress.objects.filter(user=acme.viewer, email="new@acme.test", verified=False).exists()
    assert len(mail_server()) == 1
