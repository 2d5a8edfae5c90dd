"""Before anybody comes into a restored tenant: whose ways in end, who is found, and who comes in first.

The tables may be older than the code (`arrival.is_current`), so columns are asked for by name.
"""

import secrets

from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.audit import trail
from accounts.models import LOCAL_ISSUER, User
from accounts.roles import OWNER
from tenants.dumps.exceptions import UnfitDump
from tenants.dumps.restoring import Arrival
from tenants.models import DirectoryEntry
from tenants.postgresql.base import DatabaseWrapper
from tenants.schema import current_tenant, in_public

END_WAYS_IN = (
    "UPDATE accounts_apikey SET revoked_at = %s WHERE revoked_at IS NULL",
    "UPDATE accounts_invitation SET revoked_at = %s WHERE accepted_at IS NULL AND revoked_at IS NULL",
    "UPDATE accounts_supportpass SET revoked_at = %s WHERE revoked_at IS NULL",
    "UPDATE accounts_supportvisit SET ended_at = %s WHERE ended_at IS NULL",
)


def settle(connection: DatabaseWrapper, arrival: Arrival) -> None:
    """For settings.TENANT_RESTORED_HOOKS."""
    using = connection.alias
    if arrival.is_copy:
        end_ways_in(connection)
    enter_directory(using, found=not arrival.is_sandbox)
    if arrival.is_current:
        line = trail.entry(connection, "restored", current_tenant(using), detail=arrival.origin)
        trail.write(connection, [line])


def end_ways_in(connection: DatabaseWrapper) -> None:
    """What was handed out over there opens nothing in a copy. Past the audit log: one line says it of them all."""
    with connection.cursor() as cursor:
        for statement in END_WAYS_IN:
            cursor.execute(statement, [timezone.now()])


def enter_directory(using: str, *, found: bool) -> None:
    """Make the directory say of this tenant what its people's rows say. In a sandbox nobody is found."""
    present = User.objects.using(using).filter(removed_at=None)
    addresses = EmailAddress.objects.using(using).filter(verified=True, user__in=present.values("pk"))
    proven = present.filter(address_proven=True).exclude(issuer=LOCAL_ISSUER)
    known = {*addresses.values_list("email", flat=True), *proven.values_list("email", flat=True)} if found else set()
    tenant = current_tenant(using)
    hashes = {DirectoryEntry.hash(address) for address in known}
    with in_public(using=using):
        entries = DirectoryEntry.objects.using(using)
        entries.filter(tenant_id=tenant.pk).delete()
        entries.bulk_create(DirectoryEntry(address_hash=digest, tenant_id=tenant.pk) for digest in sorted(hashes))


def let_owner_in(connection: DatabaseWrapper) -> tuple[str, str]:
    """For settings.TENANT_WAY_IN: give an owner of a sandbox a new password. Returns his address and the password.

    Raises UnfitDump where there is none.
    """
    using = connection.alias
    owners = User.objects.using(using).members().active().holding(OWNER).filter(issuer=LOCAL_ISSUER)
    owner, password = owners.order_by("pk").first(), secrets.token_urlsafe(12)
    if owner is None:
        raise UnfitDump("It has no active owner: nobody could come in.")
    owner.set_password(password)
    owner.save(using=using, update_fields=["password"])
    proven = {"primary": True, "verified": True}
    EmailAddress.objects.using(using).update_or_create(user=owner, email=owner.email, defaults=proven)
    return owner.email, password
