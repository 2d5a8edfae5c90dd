"""Find my organisation: the page says the same for any address, the mail tells."""

import pytest

from accounts.flows import membership
from accounts.models import User
from tenants import lifecycle
from tenants.schema import in_tenant

from . import hostile

KNOWN, UNKNOWN = "viewer@acme.test", "vieweh@acme.test"


def find(client, address: str):
    return client.post("/find/", {"email": address})


def test_page_is_the_same_for_a_known_and_an_unknown_address(public_client, mailoutbox):
    known, unknown = find(public_client, KNOWN), find(public_client, UNKNOWN)
    assert known.status_code == unknown.status_code == 200
    assert known.content.replace(KNOWN.encode(), b"") == unknown.content.replace(UNKNOWN.encode(), b"")
    assert [mail.to for mail in mailoutbox] == [[KNOWN], [UNKNOWN]]


def test_mail_names_the_organisations_of_that_address_only(public_client, mailoutbox, acme, globex):
    find(public_client, KNOWN.upper())
    assert acme.tenant.absolute_url("/") in mailoutbox[0].body
    assert globex.tenant.host not in mailoutbox[0].body


def test_mail_to_a_stranger_names_none(public_client, mailoutbox, acme):
    find(public_client, UNKNOWN)
    assert acme.tenant.host not in mailoutbox[0].body


def test_suspended_organisation_is_not_named(public_client, mailoutbox, acme):
    lifecycle.suspend(acme.tenant)
    find(public_client, KNOWN)
    assert acme.tenant.host not in mailoutbox[0].body


def test_former_member_finds_it_no_more(public_client, mailoutbox, acme):
    with in_tenant(acme.tenant):
        membership.leave(member=User.objects.get(email=KNOWN))
    find(public_client, KNOWN)
    assert acme.tenant.host not in mailoutbox[0].body


@pytest.mark.parametrize("address", [KNOWN, UNKNOWN])
def test_three_times_an_hour_for_one_address_known_or_not(public_client, mailoutbox, address):
    statuses = [find(public_client, address).status_code for _try in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert len(mailoutbox) == 3


@pytest.mark.parametrize(
    "text",
    ["", "nobody", *hostile.INVISIBLE, *hostile.PLAIN, *hostile.UNSENDABLE, hostile.MEGABYTE],
    ids=lambda t: ascii(t)[:20],
)
def test_what_is_no_address_gets_no_mail(public_client, mailoutbox, text):
    assert find(public_client, text).status_code == 422
    assert mailoutbox == []


def test_link_is_built_from_the_stored_domain(public_client, mailoutbox, acme):
    public_client.post("/find/", {"email": KNOWN}, headers={"host": "localhost:6666", "x-forwarded-host": "evil.test"})
    assert acme.tenant.absolute_url("/") in mailoutbox[0].body
    assert "6666" not in mailoutbox[0].body
    assert "evil" not in mailoutbox[0].body
