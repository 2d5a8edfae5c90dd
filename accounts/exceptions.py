"""What can go wrong between people. Each carries a sentence for the person it happens to."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _


class AccountsError(Exception):
    """Base of everything raised by this app. `message` is fit to be shown."""

    message = _("That did not work.")

    def __init__(self, message=None):
        super().__init__(message or self.message)
        self.message = message or self.message


class NotYours(AccountsError, PermissionDenied):
    """The actor lacks the right, or would hand out one that he does not hold. Answered with 403."""

    message = _("You cannot give, change or take rights that you do not hold yourself.")


class LastOwner(AccountsError):
    """The organisation would be left without an active owner. Answered with 409."""

    message = _("An organisation needs at least one active owner. Make someone else an owner first.")


class NoLongerMember(AccountsError):
    """Somebody was removed while a page about him was open. Answered with 409."""

    message = _("This person is no longer a member.")


class InvitationError(AccountsError):
    """Base of what keeps an invitation from being accepted. None of them writes."""


class InvitationUsed(InvitationError):
    message = _("This invitation has already been used.")


class InvitationRevoked(InvitationError):
    message = _("This invitation has been withdrawn.")


class InvitationExpired(InvitationError):
    message = _("This invitation has expired.")


class InviterMayNotGive(InvitationError):
    message = _("The person who invited you may no longer give this role.")


class WrongRecipient(InvitationError):
    message = _("This invitation was sent to another address.")


class AddressUnproven(AccountsError):
    message = _("Confirm your own address before you invite others: the link is in your inbox.")


class TooMany(AccountsError):
    message = _("That is too many for now. Please try again later.")
