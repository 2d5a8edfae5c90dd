"""What the public schema knows: which tenants there are, where they live, and what keeps the platform going."""

from tenants.addresses import absolute_url, public_url

from .addresses import DomainClaim, FormerAddress
from .blueprints import Blueprint
from .directory import DirectoryEntry
from .endings import PurgeReport
from .errands import Errand
from .events import PlatformEvent, ProviderMessage
from .fleet import Recording, SchemaState
from .jobs import Job
from .places import SessionPlace
from .signing import SigningKey
from .spares import Spare
from .tenants import Domain, Tenant, TenantQuerySet
from .usage import Usage

__all__ = [
    "Blueprint",
    "DirectoryEntry",
    "Domain",
    "DomainClaim",
    "Errand",
    "FormerAddress",
    "Job",
    "PlatformEvent",
    "ProviderMessage",
    "PurgeReport",
    "Recording",
    "SchemaState",
    "SessionPlace",
    "SigningKey",
    "Spare",
    "Tenant",
    "TenantQuerySet",
    "Usage",
    "absolute_url",
    "public_url",
]
