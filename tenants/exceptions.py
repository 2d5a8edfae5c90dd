"""What can go wrong between a request and its schema."""


class TenantError(Exception):
    """Base of everything raised by this app."""


class OutsideTransaction(TenantError):
    """A tenant query was tried outside a transaction, where no schema is bound."""


class SchemaMissing(TenantError):
    """The tenant's schema is not there (dropped, renamed, never made)."""


class SchemaExists(TenantError):
    """A schema of that name exists already; it was not touched."""


class SchemaInUse(TenantError):
    """The schema belongs to a tenant, or to PostgreSQL, and is not dropped by itself."""


class AddressTaken(TenantError):
    """Another tenant has that slug or that domain."""


class TemplateMissing(TenantError):
    """There is no blueprint to copy: `manage.py migrate` has not been run."""


class TemplateBehind(TenantError):
    """The template lacks a migration, so it cannot say which ids the new rows have."""
