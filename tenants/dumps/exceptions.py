"""Why a dump is not made or not taken. Each message is a whole sentence, fit to be shown to an operator."""

from tenants.exceptions import TenantError


class DumpError(TenantError):
    """Base of what keeps a tenant from being dumped or restored. Nothing was changed."""


class DumpExists(DumpError):
    """There is a file of that name; a backup is never overwritten."""


class ForeignDump(DumpError):
    """Not a dump, or not one that was sealed with a key of this installation."""


class DamagedDump(DumpError):
    """Sealed here, but not what was sealed: bytes are missing, changed or too many."""


class UnfitDump(DumpError):
    """Whole and ours, but it does not fit: another version of the code, another tenant, rows that the tables refuse."""


class UndeclaredColumn(DumpError):
    """A column that may hold personal data is neither masked nor declared clean (settings.TENANT_DUMP_RULES)."""


class NotNow(DumpError):
    """Somebody migrates, or restores over a tenant: both take the fleet's turn (tenants/fleet/turn.py)."""
