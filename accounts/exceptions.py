"""What can go wrong between people. Each carries a sentence for the person it happens to."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _


class AccountsError(Exception):
    """Base of everything raised by this app. `message` is fit to be shown.

    `status` is the answer of the API; `field` is what it is about, where that is one thing that was sent.
    """

    message = _("That did not work.")
    status = 409
    field = ""

    def __init__(self, message=None):
        super().__init__(message or self.message)
        self.message = message or self.message


class NotYours(AccountsError, PermissionDenied):
    """The actor lacks the right, or would hand out one that he does not hold. Answered with 403."""

    message = _("You cannot give, change or take rights that you do not hold yourself.")
    status = 403


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


class NoAccountsHere(InvitationError):
    message = _("Sign in at your organisation's identity provider: that accepts the invitation.")


class AddressUnproven(AccountsError):
    message = _("Confirm your own address before you invite others: the link is in your inbox.")


class TooMany(AccountsError):
    message = _("That is too many for now. Please try again later.")
    status = 429


class SupportError(AccountsError):
    """Base of what keeps a support visit from beginning. None of them writes."""


class NotOpenToSupport(SupportError):
    message = _("This organisation cannot be entered: it is not open, or it is the platform's own.")


class VisitTooLong(SupportError):
    message = _("That is longer than a visit may last.")


class PassTooLong(SupportError):
    message = _("That is longer than a pass may last.")


class NoRoleForKey(AccountsError):
    message = _("No role that you may give holds all of these rights.")
    field = "rights"


class LinkedAlready(AccountsError):
    message = _("There is a line for this role of the provider's already.")
    field = "word"


class CredentialRefused(AccountsError):
    """A token or key that is not accepted. `reason` is for the platform's log: the answer never says why.

    `actor` is issuer and subject where they were proven, as they are for a good token of another tenant.
    """

    message = _("Send a valid API key or access token.")
    status = 401

    def __init__(self, reason: str, *, actor: str = ""):
        super().__init__()
        self.reason, self.actor = reason, actor


class ForeignCredential(CredentialRefused):
    """A good token, but another organisation's. Answered with 403."""

    message = _("This access token is another organisation's.")
    status = 403


class NotAdmitted(CredentialRefused):
    """A good token of this organisation's, of somebody whom it does not let in. Answered with 403."""

    message = _("You are not a member of this organisation. Ask to be invited.")
    status = 403


class SessionOver(CredentialRefused):
    """A browser's session that goes on no longer: its person is signed out, and told so."""

    message = _("Your session had ended.")

    def __init__(self, reason: str, message=None):
        super().__init__(reason)
        self.message = message or self.message


class SignInFailed(AccountsError):
    """Somebody comes back from his provider, and cannot be let in. `said` is the provider's own sentence: whoever
    shows it escapes it. `reason` is for the log, and holds no token.
    """

    message = _("This sign-in could not be finished: it was begun too long ago, in another browser, or used before.")
    status = 400

    def __init__(self, message=None, *, status: int = 400, said: str = "", reason: str = ""):
        super().__init__(message)
        self.status, self.said, self.reason = status, said, reason


class ProviderAway(AccountsError):
    """The identity provider does not answer, or not as it should. `reason` is for the log and holds no token."""

    message = _("The identity provider does not answer. Please try again in a moment.")
    status = 503

    def __init__(self, reason: str = ""):
        super().__init__()
        self.reason = reason

    def __str__(self) -> str:
        return self.reason
