"""The other direction: what a provider's directory of people can be told and asked. One interface for all of them."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from django.utils.translation import gettext_lazy as _

from accounts.exceptions import AccountsError, ProviderAway

logger = logging.getLogger(__name__)

T = TypeVar("T")


def understood(ask: Callable[[], T]) -> T:
    """What a directory answers. One that stumbles over an answer of a shape that it did not think of was not answered:
    raises ProviderAway then, and what `ask` raises.
    """
    try:
        return ask()
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        logger.exception("An answer of an identity provider could not be read.")
        raise ProviderAway("an answer of another shape") from error


class Can(Enum):
    """What a directory can do. What it cannot is refused with a sentence, and not tried."""

    CREATE_TENANT = "create_tenant"
    INVITE = "invite"
    WITHDRAW = "withdraw"
    SET_ROLES = "set_roles"
    DEACTIVATE = "deactivate"
    REMOVE = "remove"
    LIST_MEMBERS = "list_members"
    LIST_INVITATIONS = "list_invitations"
    LIST_ROLES = "list_roles"


class CannotDoThat(AccountsError):
    message = _("The identity provider cannot do that by itself: do it on its own pages.")


@dataclass(frozen=True)
class Member:
    """Somebody of one tenant, as the provider has him. `roles` are its words, as they stand in tokens.

    `email_verified` is None where it does not say.
    """

    subject: str
    email: str
    name: str
    roles: tuple[str, ...]
    is_active: bool = True
    email_verified: bool | None = None


@dataclass(frozen=True)
class Pending:
    """An invitation that the provider has sent and that nobody has taken yet."""

    id: str
    email: str
    roles: tuple[str, ...] = ()


class Directory:
    """Each method raises ProviderAway where nobody answers (it is tried again), CannotDoThat where `can` lacks it,
    and Refused where the provider says no (it is not tried again). `tenant` is the tenant's id at the provider.
    All can be repeated: what is so already is no error. None of them reaches into another organisation than the one
    that it is told.
    """

    can: frozenset[Can] = frozenset()

    def create_tenant(self, *, wanted_id: str, name: str, slug: str) -> str:
        """Returns its id there: `wanted_id`, where the provider lets us choose."""
        raise CannotDoThat

    def add_member(self, tenant: str, subject: str) -> None:
        """Somebody whom the provider knows already, with nothing to accept: who signed the organisation up."""
        raise CannotDoThat

    def invite(self, tenant: str, *, email: str, name: str, roles: tuple[str, ...], inviter: str, back_to: str) -> str:
        """The provider sends its mail, and sends it again to who has one. One that sends none returns the link that
        we are to mail.
        """
        raise CannotDoThat

    def withdraw(self, tenant: str, *, email: str, is_member: Callable[[str], bool]) -> None:
        """What was not taken up. Who has come in, as `is_member` says of his subject, stays a member."""
        raise CannotDoThat

    def set_roles(self, tenant: str, subject: str, *, roles: tuple[str, ...], held: tuple[str, ...]) -> None:
        """These roles in this tenant, and no others. `held` are those that `member` has told."""
        raise CannotDoThat

    def deactivate(self, tenant: str, subject: str) -> None:
        """In this tenant alone."""
        raise CannotDoThat

    def reactivate(self, tenant: str, subject: str) -> None:
        raise CannotDoThat

    def remove(self, tenant: str, subject: str) -> None:
        """From this tenant alone: nobody's other organisations are touched."""
        raise CannotDoThat

    def member(self, tenant: str, subject: str) -> Member | None:
        """None for who is not, or no longer, in this tenant."""
        raise CannotDoThat

    def members(self, tenant: str) -> list[Member]:
        raise CannotDoThat

    def invitations(self, tenant: str) -> list[Pending]:
        raise CannotDoThat

    def roles(self, tenant: str) -> list[str]:
        """The roles that there are to give, by the words that stand in tokens."""
        raise CannotDoThat


class Refused(AccountsError):
    """The provider understood and said no: an address that it does not take, somebody it does not know."""

    message = _("The identity provider refused that.")
