"""Inviting: who may, whom, how often, and what is mailed."""

import base64
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.utils import timezone

from accounts.flows import membership
from accounts.models import Invitation, User
from tenants.models import Tenant
from tenants.schema import in_public

from . import hostile
from .mails import path_in
from .pages import Page

ANN = "ann@acme.test"


def invite(client, addresses=ANN, role="editor", **more):
    return client.post("/invitations/new/", {"addresses": addresses, "role": role, **more})


@pytest.mark.parametrize(
    ("who", "role", "status"),
    [
        ("owner", "owner", 302),
        ("owner", "guest", 302),
        ("admin", "admin", 302),
        ("admin", "editor", 302),
        ("admin", "owner", 403),
        ("editor", "guest", 403),
        ("viewer", "guest", 403),
        ("guest", "guest", 403),
        ("stranger", "guest", 403),
    ],
)
def test_nobody_invites_above_himself(client_as, mailoutbox, who, role, status):
    assert invite(client_as(who), role=role).status_code == status
    assert Invitation.objects.filter(email=ANN, role__key=role).exists() is (status == 302)
    assert len(mailoutbox) == (status == 302)


def test_only_a_hash_of_a_256_bit_token_is_stored(invited):
    invitation, link = invited()
    token = link.split("/")[2]
    assert len(base64.urlsafe_b64decode(token + "=")) * 8 == 256
    stored = Invitation.objects.filter(pk=invitation.pk).values().get()
    assert stored["token_hash"] == Invitation.hash(token)
    assert token not in str(stored)


def test_tokens_are_all_different(client_as, acme, mailoutbox):
    invite(client_as("owner"), "\n".join(f"p{n}@acme.test" for n in range(50)))
    assert len({path_in(mail, acme.tenant) for mail in mailoutbox}) == 50


def test_mail_names_organisation_inviter_and_role(client_as, acme, mailoutbox):
    invite(client_as("owner"))
    text = f"{mailoutbox[0].subject} {mailoutbox[0].body}"
    assert mailoutbox[0].to == [ANN]
    assert all(word in text for word in (acme.tenant.name, acme.owner.name, "Editor"))


def test_link_is_built_from_the_stored_domain(client_as, acme, mailoutbox):
    headers = {"host": "acme.localhost:6666", "x-forwarded-host": "evil.test"}
    client_as("owner").post("/invitations/new/", {"addresses": ANN, "role": "editor"}, headers=headers)
    assert path_in(mailoutbox[0], acme.tenant).startswith("/join/")


@pytest.mark.parametrize(
    "typed",
    [
        f"{ANN} bob@acme.test",
        f"{ANN},bob@acme.test",
        f"<{ANN}>;\r\n bob@acme.test",
        f"{ANN.upper()}\nbob@acme.test\n{ANN}",
    ],
)
def test_addresses_may_be_parted_as_one_likes(client_as, mailoutbox, typed):
    invite(client_as("owner"), typed)
    assert sorted(Invitation.objects.values_list("email", flat=True)) == [ANN, "bob@acme.test"]
    assert sorted(mail.to[0] for mail in mailoutbox) == [ANN, "bob@acme.test"]


@pytest.mark.parametrize(("count", "status"), [(50, 302), (51, 422)])
def test_up_to_fifty_at_a_time(client_as, mailoutbox, count, status):
    response = invite(client_as("owner"), " ".join(f"p{n}@acme.test" for n in range(count)))
    assert response.status_code == status
    assert Invitation.objects.count() == len(mailoutbox) == (count if status == 302 else 0)


@pytest.mark.parametrize(
    "wrong",
    [
        "bob",
        "bob@",
        "@acme.test",
        "bob@acme..test",
        "bob@acme.test\x00",
        *hostile.UNSENDABLE,
        "x" * 300 + "@acme.test",
        "bob@[127.0.0.1",
    ],
)
def test_one_wrong_address_is_named_and_nothing_is_sent(client_as, mailoutbox, wrong):
    response = invite(client_as("owner"), f"{ANN}\n{wrong}\nbob@acme.test")
    assert response.status_code == 422
    assert wrong.split("\x00")[0][:20] in Page(response).words
    assert not Invitation.objects.exists()
    assert mailoutbox == []


@pytest.mark.parametrize("nothing", ["", " ", ",", "\n;,"])
def test_no_address_at_all_is_said(client_as, nothing):
    assert invite(client_as("owner"), nothing).status_code == 422


@pytest.mark.parametrize(
    "text", [*hostile.INVISIBLE, *hostile.PLAIN, *hostile.MARKUP, hostile.MEGABYTE], ids=lambda t: ascii(t)[:20]
)
@pytest.mark.parametrize("field", ["addresses", "role"])
def test_hostile_text_invites_nobody(client_as, mailoutbox, field, text):
    response = invite(client_as("owner"), **{field: text})
    assert response.status_code in (403, 422)
    assert not Invitation.objects.exists()
    assert mailoutbox == []


def test_members_and_invited_people_are_reported_and_left_alone(client_as, acme, invited, mailoutbox):
    waiting, _link = invited(ANN, "viewer")
    mailoutbox.clear()
    page = client_as("owner").post(
        "/invitations/new/", {"addresses": f"{ANN} viewer@acme.test bob@acme.test", "role": "admin"}, follow=True
    )
    words = Page(page).words
    assert [mail.to for mail in mailoutbox] == [["bob@acme.test"]]
    assert "1 invitation sent" in words
    assert "viewer@acme.test" in words
    waiting.refresh_from_db()
    assert waiting.role.key == "viewer"
    assert [role.key for role in User.objects.get(pk=acme.viewer.pk).roles] == ["viewer"]


@pytest.mark.parametrize("proven", [True, False])
def test_inviter_proves_his_own_address_first(client_as, acme, mailoutbox, proven):
    EmailAddress.objects.filter(user=acme.owner).update(verified=proven)
    response = invite(client_as("owner"))
    assert response.status_code == (302 if proven else 422)
    assert Invitation.objects.exists() is proven
    assert proven or "Confirm your own address" in Page(response).words


def test_unproven_person_does_not_send_again_either(client_as, acme, invited, mailoutbox):
    invitation, _link = invited()
    EmailAddress.objects.filter(user=acme.admin).update(verified=False)
    mailoutbox.clear()
    client_as("admin").post(f"/invitations/{invitation.pk}/resend/")
    assert mailoutbox == []
    assert Invitation.objects.get().invited_by_id == acme.owner.pk


def test_two_hundred_a_day_for_one_organisation(client_as, mailoutbox):
    client = client_as("owner")
    for start in range(0, 200, 50):
        assert invite(client, " ".join(f"p{start + n}@acme.test" for n in range(50))).status_code == 302
    assert invite(client).status_code == 429
    assert len(mailoutbox) == 200
    assert not Invitation.objects.filter(email=ANN).exists()


def test_batch_that_is_too_large_for_today_leaves_what_is_left(client_as, mailoutbox):
    client = client_as("owner")
    for start in range(0, 150, 50):
        invite(client, " ".join(f"p{start + n}@acme.test" for n in range(50)))
    assert invite(client, "a@acme.test b@acme.test").status_code == 302
    refused = " ".join(f"q{n}@acme.test" for n in range(50))
    assert [invite(client, refused).status_code for _try in range(2)] == [429, 429]
    assert invite(client, " ".join(f"r{n}@acme.test" for n in range(48))).status_code == 302
    assert len(mailoutbox) == 200


def test_sending_again_counts_and_is_refused_over_the_limit(client_as, invited, settings, mailoutbox):
    invitation, _link = invited()
    settings.ACCOUNT_RATE_LIMITS = {"invite": "1/d/key"}
    statuses = [client_as("owner").post(f"/invitations/{invitation.pk}/resend/").status_code for _try in range(2)]
    assert statuses == [302, 429]
    assert len(mailoutbox) == 2


@pytest.mark.parametrize("name", ["Evil\nBcc: victim@acme.test", "Evil\r\nSubject: free money", "<b>Bold</b> & 'Sons'"])
def test_names_do_not_break_the_mails_head(client_as, acme, mailoutbox, name):
    with in_public():
        Tenant.objects.filter(pk=acme.tenant.pk).update(name=name)
    User.objects.filter(pk=acme.owner.pk).update(name=name)
    invite(client_as("owner"))
    message = mailoutbox[0].message()
    assert message["To"] == ANN
    assert message.get_all("Bcc") is None
    assert len(message.get_all("Subject")) == 1
    assert "&lt;" not in mailoutbox[0].body + mailoutbox[0].subject
    assert "&amp;" not in mailoutbox[0].body + mailoutbox[0].subject


def test_resending_gives_a_new_link_and_ends_the_old_one(client_as, acme, visitor, invited, mailoutbox):
    invitation, old = invited()
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    client_as("admin").post(f"/invitations/{invitation.pk}/resend/")
    new = path_in(mailoutbox[-1], acme.tenant)
    assert (visitor.get(old).status_code, visitor.get(new).status_code) == (404, 200)
    invitation.refresh_from_db()
    assert invitation.expires_at > timezone.now() + settings.INVITATION_LIFETIME - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("who", "verb", "status"),
    [
        ("admin", "revoke", 302),
        ("admin", "resend", 302),
        ("editor", "revoke", 403),
        ("editor", "resend", 403),
        ("viewer", "revoke", 403),
    ],
)
def test_whoever_may_invite_may_withdraw_and_send_again(client_as, invited, mailoutbox, who, verb, status):
    invitation, _link = invited("ann@acme.test", "viewer", by="owner")
    before = Invitation.objects.values().get()
    assert client_as(who).post(f"/invitations/{invitation.pk}/{verb}/").status_code == status
    assert (Invitation.objects.values().get() != before) is (status == 302)


def test_admin_cannot_send_an_owners_invitation_again(client_as, invited, mailoutbox):
    invitation, _link = invited(ANN, "owner")
    assert client_as("admin").post(f"/invitations/{invitation.pk}/resend/").status_code == 403
    assert len(mailoutbox) == 1


@pytest.mark.parametrize("verb", ["resend", "revoke"])
@pytest.mark.parametrize("ended", ["accepted_at", "revoked_at"])
def test_what_has_ended_is_neither_sent_nor_withdrawn(client_as, invited, mailoutbox, verb, ended):
    invitation, _link = invited()
    Invitation.objects.update(**{ended: timezone.now()})
    before = Invitation.objects.values().get()
    page = client_as("owner").post(f"/invitations/{invitation.pk}/{verb}/", follow=True)
    assert "already been used" in Page(page).words or "withdrawn" in Page(page).words
    assert Invitation.objects.values().get() == before
    assert len(mailoutbox) == 1


@pytest.mark.parametrize("verb", ["resend", "revoke"])
def test_a_link_on_a_page_changes_nothing(client_as, invited, verb):
    invitation, _link = invited()
    before = Invitation.objects.values().get()
    assert client_as("owner").get(f"/invitations/{invitation.pk}/{verb}/").status_code == 405
    assert Invitation.objects.values().get() == before


@pytest.mark.parametrize(
    ("who", "status"), [("owner", 200), ("admin", 200), ("editor", 403), ("viewer", 403), ("guest", 403)]
)
def test_list_is_for_those_who_invite(client_as, invited, who, status):
    invited()
    response = client_as(who).get("/invitations/")
    assert response.status_code == status
    assert (ANN in response.content.decode()) is (status == 200)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({}, "Pending"),
        ({"expires_at": timezone.now()}, "Expired"),
        ({"accepted_at": timezone.now()}, "Accepted"),
        ({"revoked_at": timezone.now()}, "Withdrawn"),
    ],
)
def test_list_tells_the_state(client_as, invited, change, word):
    invited()
    Invitation.objects.update(email=ANN, **change)
    assert word in Page(client_as("owner").get("/invitations/")).words


def test_right_taken_away_while_the_form_was_open_counts(client_as, acme, fresh, role, mailoutbox):
    client = client_as("admin")
    client.get("/invitations/new/")
    membership.change_role(actor=fresh("owner"), member=fresh("admin"), role=role("viewer"))
    assert invite(client).status_code == 403
    assert not Invitation.objects.exists()
