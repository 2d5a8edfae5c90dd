"""What the catalogue refuses. Each carries a sentence for the person it happens to."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from accounts.exceptions import AccountsError


class CatalogError(AccountsError):
    """Base of everything raised by this app. Answered with `status`; `field` is the one it is about, if any."""


class StaleVersion(CatalogError):
    """Somebody else saved in between. `stored` is the row as it is now."""

    message = _("This product has been changed meanwhile. Read it again.")
    field = "version"

    def __init__(self, stored):
        super().__init__()
        self.stored = stored


class Taken(CatalogError):
    """A unique name or number is in use: the database has found it, whatever a form saw before."""

    message = _("Somebody else has just taken this name or number. Please choose another.")

    def __init__(self, field: str):
        super().__init__()
        self.field = field


class NotEmpty(CatalogError):
    message = _("It is not empty: move or delete what is inside first.")


class NoSuchPlace(CatalogError, PermissionDenied):
    """A category that is not there for this person. A form offers no such choice, so a page answers 403."""

    message = _("There is no such category.")
    status = 400

    def __init__(self, field: str):
        super().__init__()
        self.field = field


class InsideItself(CatalogError):
    message = _("A category cannot be put inside itself.")
    status = 400
    field = "parent"


class MoveRefused(CatalogError, PermissionDenied):
    """Moving something to where others hold grants is giving them rights on it."""

    message = _("There, others would get rights on it that you do not hold yourself.")
    status = 403

    def __init__(self, field: str):
        super().__init__()
        self.field = field


class RowRefused(CatalogError):
    """One row of many was refused, so none is written. `error` says why."""

    def __init__(self, index: int, error: Exception):
        super().__init__(getattr(error, "message", None))
        self.index = index
        self.error = error
