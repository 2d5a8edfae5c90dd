"""People of one tenant: users, the roles they hold, the invitations they got, the keys they made.

All in the tenant's schema.
"""

from .api_keys import RIGHTS_OF_PEOPLE, ApiKey
from .idempotency import IdempotentAnswer
from .invitations import Invitation
from .people import LOCAL_ISSUER, User, user_display
from .providers import DirectoryTask, ProviderSession, RoleLink, SyncedRole
from .roles import Role
from .support import SupportPass, SupportVisit
from .tickets import SignInTicket

__all__ = [
    "LOCAL_ISSUER",
    "RIGHTS_OF_PEOPLE",
    "ApiKey",
    "DirectoryTask",
    "IdempotentAnswer",
    "Invitation",
    "ProviderSession",
    "Role",
    "RoleLink",
    "SignInTicket",
    "SupportPass",
    "SupportVisit",
    "SyncedRole",
    "User",
    "user_display",
]
