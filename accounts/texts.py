"""What a line of text and an address may hold, whoever sends them: forms and serializers ask here."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils.translation import gettext_lazy as _

MOST_INVITATIONS = 50
INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")

HTTPS = URLValidator(schemes=["https"], message=_("Enter an address that starts with https://"))


def plain_line(value: str) -> None:
    """One line that ends up in mails and bars: no control characters, no invisible direction marks."""
    if INVISIBLE.search(value):
        raise ValidationError(_("Remove the invisible or control characters."), code="invisible")


def picture_address(value: str) -> None:
    """The address of a picture on the web: the pages' policy shows no other than https."""
    HTTPS(value)


def validate_address(address: str) -> None:
    """Django's own check, and more: that mail can be sent there. Raises ValidationError."""
    validate_email(address)
    try:
        address.rpartition("@")[2].encode("idna")
        sendable = not INVISIBLE.search(address)
    except UnicodeError:
        sendable = False
    if not sendable:
        raise ValidationError(_("Mail cannot be sent to this address."), code="unsendable")


def clean_addresses(typed: list[str]) -> list[str]:
    """Distinct addresses in lower case. All or nothing: one that is wrong is named, and none is returned."""
    addresses = list(dict.fromkeys(part.strip("<>").lower() for part in typed))
    if not addresses:
        raise ValidationError(_("Enter at least one address."), code="required")
    if len(addresses) > MOST_INVITATIONS:
        raise ValidationError(
            _("That is %(count)d addresses; invite up to %(most)d at a time."),
            params={"count": len(addresses), "most": MOST_INVITATIONS},
        )
    wrong = [address for address in addresses if not is_address(address)]
    if wrong:
        raise ValidationError(_("Not an e-mail address: %(wrong)s"), params={"wrong": ", ".join(a[:60] for a in wrong)})
    return addresses


def is_address(text: str) -> bool:
    try:
        validate_address(text)
    except ValidationError:
        return False
    return len(text) <= 254
