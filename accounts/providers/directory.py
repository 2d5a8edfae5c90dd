"""The other direction: what a provider's directory of people can be told and asked. One interface for all of them."""

from dataclasses import dataclass
from enum import Enum

from django.utils.translation import gettext_lazy as _

from accounts.exceptions import AccountsError


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
    """Somebody of one tenant, as the provider has him. `roles` are its words, as they stand in tokens."""

    subject: str
    email: str
    name: str
    roles: tuple[str, ...]
    is_active: bool = True


@dataclass(frozen=True)
class Pending:
    """An invitation that the provider has sent and that nobody has taken yet."""

    id: str
    email: str
    roles: tuple[str, ...] = ()


class Directory:
    """Each method raises ProviderAway where nobody answers (it is tried again), CannotDoThat where `can` lacks it,
    and Refused where the provider says no (it is not tried again). `tenant` is the tenant's id at the provider.
    All can be repeated: what is so already is no error.
    """

    can: frozenset[Can] = frozenset()

    def create_tenant(self, *, wanted_id: str, name: str) -> str:
        """Returns its id there: `wanted_id`, where the provider lets us choose."""
        raise CannotDoThat

    def invite(self, tenant: str, *, email: str, name: str, roles: tuple[str, ...], back_to: str) -> str:
        """The provider sends its mail. Returns the invitation's or the person's id there."""
        raise CannotDoThat

    def withdraw(self, tenant: str, *, email: str) -> None:
        raise CannotDoThat

    def set_roles(self, tenant: str, subject: str, *, roles: tuple[str, ...]) -> None:
        """These roles in this tenant, and no others."""
        raise CannotDoThat

    def deactivate(self, tenant: str, subject: str) -> None:
        """In this tenant alone."""
        raise CannotDoThat

    def reactivate(self, tenant: str, subject: str) -> None:
        raise CannotDoThat

    def remove(self, tenant: str, subject: str) -> None:
        """From this tenant alone: nobody's other organisations are touched."""
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
