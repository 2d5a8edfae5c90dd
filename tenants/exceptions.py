"""What can go wrong between a request and its schema."""

from django.utils.translation import gettext_lazy as _


def first_line(said: Exception | str) -> str:
    """What the database says goes on with the statement, and where in it."""
    return str(said).strip().partition("\n")[0]


class TenantError(Exception):
    """Base of everything raised by this app."""


class OutsideTransaction(TenantError):
    """A tenant query was tried outside a transaction, where no schema is bound."""


class SchemaMissing(TenantError):
    """The tenant's schema is not there (dropped, renamed, never made)."""


class RequestEnds(BaseException):
    """What TenantMiddleware alone catches: the request cannot go on as it began, so no view may answer for it.

    A BaseException, since Django's handlers, and whoever else catches Exception, would answer in its place.
    """


class TenantChanged(RequestEnds):
    """The host leads elsewhere by now, or the tenant's row is another one. Nothing of the request was done."""


class StatementsLost(RequestEnds):
    """What the session of the database should have kept ready was not there, or not as it was left."""


class AnswerChanged(RequestEnds):
    """What the process remembered of who is asking is no longer so. What the request did is rolled back."""


class SchemaGone(RequestEnds):
    """As SchemaMissing, in a request for that tenant."""


class SharedBusy(TenantError):
    """What every tenant reads is in use for so long that it was not migrated. It is as it was."""


class CopiesNotKept(TenantError):
    """There is no way back for a ring, so it was not begun."""


class SchemaExists(TenantError):
    """A schema of that name exists already; it was not touched."""


class SchemaInUse(TenantError):
    """The schema belongs to a tenant, or to PostgreSQL, and is not dropped by itself."""


class AddressTaken(TenantError):
    """Another tenant has that slug or that domain."""


class LifecycleError(TenantError):
    """Base of what keeps a tenant from being suspended, renamed or closed. Nothing was written.

    `message` is fit to be shown.
    """

    message = _("That is not possible now.")

    def __init__(self, message=None):
        super().__init__(message or self.message)
        self.message = message or self.message


class PlatformStays(LifecycleError):
    """The operators' own tenant is not suspended, renamed or closed: nobody could undo it."""

    message = _("The platform's own organisation stays as it is.")


class WrongStatus(LifecycleError):
    """The tenant is not in a state from which that can be done. It may have changed meanwhile."""


class ClaimError(LifecycleError):
    """A domain cannot be claimed: it is claimed already, or there are too many."""


class TemplateMissing(TenantError):
    """There is no blueprint to copy: `manage.py migrate` has not been run."""


class TemplateBehind(TenantError):
    """The template lacks a migration, so it cannot say which ids the new rows have."""


class NoSigningKey(TenantError):
    """No access token can be signed: there is no key, or it was made under another SECRET_KEY."""
