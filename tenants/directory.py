"""Who may be found where. Serves "find my organisation" and the switcher, and decides nothing."""

from django.db import DEFAULT_DB_ALIAS

from .models import DirectoryEntry, Tenant
from .schema import in_public


def enter(address: str, tenant: Tenant, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Note that `address` has an account in `tenant`. In the caller's transaction, if there is one."""
    with in_public(using=using):
        DirectoryEntry.objects.using(using).get_or_create(
            address_hash=DirectoryEntry.hash(address), tenant_id=tenant.pk
        )


def leave(address: str, tenant: Tenant, *, using: str = DEFAULT_DB_ALIAS) -> None:
    with in_public(using=using):
        entries = DirectoryEntry.objects.using(using)
        entries.filter(address_hash=DirectoryEntry.hash(address), tenant_id=tenant.pk).delete()


def organisations_of(address: str) -> list[Tenant]:
    """The served tenants in which `address` has an account. Show it only to whoever has proved the address."""
    with in_public():
        return list(Tenant.objects.served().filter(directory_entries__address_hash=DirectoryEntry.hash(address)))
