"""Telling the tenant's identity provider what was done here, and asking it whom it has invited.

What is to be told is written down with the deed, in its transaction, and sent after the commit
(accounts/flows/outbox.py): a provider that is away keeps nobody from working.
Source: docs/decisions/0016-directory.md
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.exceptions import ProviderAway
from accounts.models import DirectoryTask, Role, User
from accounts.providers import registry
from accounts.providers.base import Provider
from accounts.providers.directory import Can, Directory, Pending, Refused, understood
from accounts.providers.management import within
from accounts.providers.texts import cache_name
from tenants import errands
from tenants.models import Tenant
from tenants.schema import current_tenant

from . import outbox

Deed = DirectoryTask.Deed

NEEDS = {
    Deed.CREATE_TENANT: Can.CREATE_TENANT,
    Deed.INVITE: Can.INVITE,
    Deed.WITHDRAW: Can.WITHDRAW,
    Deed.SET_ROLES: Can.SET_ROLES,
    Deed.DEACTIVATE: Can.DEACTIVATE,
    Deed.REACTIVATE: Can.DEACTIVATE,
    Deed.REMOVE: Can.REMOVE,
}
ANSWERS_KEPT_FOR = 30  # seconds
SHOWN, SHOWN_FOR = 20, timedelta(days=7)


class Asked(list):
    """What the provider said. `is_away`: nobody answered, and this is empty for that reason."""

    def __init__(self, rows: Iterable = (), *, is_away: bool = False):
        super().__init__(rows)
        self.is_away = is_away


def can(tenant: Tenant, what: Can) -> bool:
    """Whether its provider does that when it is told. Where not, what is done here counts here alone."""
    directory = registry.directory_of(tenant)
    return directory is not None and what in directory.can


def tell(
    deed: DirectoryTask.Deed,
    *,
    user: User | None = None,
    roles: Iterable[Role] | None = None,
    using: str = DEFAULT_DB_ALIAS,
    **details: str,
) -> None:
    """Write down, in the caller's transaction, what the provider of the current tenant is to be told of it.

    After the commit it is tried at once, for three seconds, and then again until it worked. Nothing is written
    where the provider cannot be told (ask `can`), and about people who are not its own.

    CREATE_TENANT: `user`, if somebody is to be its first member and owner there. INVITE: `email`, `roles`, and `name`,
    `inviter` if known; the provider's own mail leads the person in. WITHDRAW: `email`. SET_ROLES: `user`, and `roles`
    if they are not those that he holds now. DEACTIVATE, REACTIVATE, REMOVE: `user`. Whoever calls has made sure that
    the actor may.
    """
    tenant = current_tenant(using)
    if not can(tenant, NEEDS[deed]) or (user and not is_of(user, registry.provider_of(tenant))):
        return
    told: dict[str, Any] = {**details}
    if deed == Deed.CREATE_TENANT:
        told["wanted_id"] = str(uuid4())  # the same one each time it is tried
    if deed in (Deed.SET_ROLES, Deed.INVITE):
        told["roles"] = sorted(role.key for role in (held(user, using) if roles is None else roles))
    if is_said_already(tenant, deed, user, told, using):
        return
    DirectoryTask.objects.using(using).create(provider=tenant.provider, deed=deed, user=user, details=told)
    errands.tell(tenant, using=using)
    transaction.on_commit(lambda: outbox.work_off(tenant.pk, seconds=outbox.PATIENCE), using=using, robust=True)


def is_of(user: User, provider: Provider | None) -> bool:
    """Whether the provider knows him: programs it knows by other names, and local people not at all."""
    return provider is not None and user.kind == User.Kind.PERSON and user.issuer in provider.issuers


def held(user: User | None, using: str) -> list[Role]:
    return list(Role.objects.using(using).filter(group__user=user)) if user else []


def is_said_already(tenant: Tenant, deed: str, user: User | None, told: dict[str, Any], using: str) -> bool:
    """Whether the last that waits, about this person or address, is the very same and has not been tried yet."""
    waiting = DirectoryTask.objects.using(using).waiting().filter(provider=tenant.provider, user=user)
    if deed == Deed.CREATE_TENANT:
        return waiting.filter(deed=deed).exists()
    if user is None:
        waiting = waiting.filter(details__email=told.get("email"))
    last = waiting.order_by("pk").last()
    return last is not None and (last.deed, last.details, last.tries) == (deed, told, 0)


@dataclass
class News:
    """What those who manage members should know: what the provider has not been told yet, and what it never will."""

    provider: str = ""
    waiting: list[DirectoryTask] = field(default_factory=list)
    given_up: list[DirectoryTask] = field(default_factory=list)


def news(tenant: Tenant) -> News:
    """For `accounts/_directory_news.html`, shown on the pages about members. One statement; none for local tenants."""
    provider = registry.provider_of(tenant)
    if provider is None or provider.is_local:
        return News()
    lately = Q(given_up_at=None) | Q(given_up_at__gte=timezone.now() - SHOWN_FOR)
    undone = DirectoryTask.objects.filter(lately, provider=provider.key, done_at=None)
    tasks = list(undone.select_related("user").order_by("-pk")[:SHOWN])
    return News(
        provider=provider.name,
        waiting=[task for task in tasks if task.given_up_at is None],
        given_up=[task for task in tasks if task.given_up_at],
    )


def pending(tenant: Tenant) -> Asked:
    """The provider's own open invitations (Pending), as they were in the last 30 seconds. Never raises."""
    return remembered(tenant, Can.LIST_INVITATIONS, lambda directory, there: directory.invitations(there))


def provider_roles(tenant: Tenant) -> Asked:
    """The words of the provider's roles, as they were in the last 30 seconds. Never raises."""
    return remembered(tenant, Can.LIST_ROLES, lambda directory, there: directory.roles(there))


def remembered(tenant: Tenant, what: Can, ask: Callable[[Directory, str], list[Any]]) -> Asked:
    """That nobody answered is remembered as well: the next page does not wait for it again."""
    directory = registry.directory_of(tenant)
    if directory is None or what not in directory.can or not tenant.provider_tenant_id:
        return Asked()
    name = cache_name("directory", tenant.provider, tenant.provider_tenant_id, what.value)
    found = cache.get(name)
    if found is None:
        try:
            with within(outbox.PATIENCE):
                found = Asked(understood(lambda: ask(directory, tenant.provider_tenant_id)))
        except (ProviderAway, Refused):
            found = Asked(is_away=True)
        cache.set(name, found, ANSWERS_KEPT_FOR)
    return found


__all__ = ["Asked", "Deed", "News", "Pending", "can", "news", "pending", "provider_roles", "tell"]
