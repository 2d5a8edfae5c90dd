"""A new organisation with its first owner, in one transaction."""

from uuid import UUID, uuid4

from django.conf import settings

from accounts.audit import trail
from accounts.models import LOCAL_ISSUER, User
from accounts.roles import sync_system_roles
from tenants import provisioning
from tenants.exceptions import AddressTaken
from tenants.models import Tenant
from tenants.schema import current_tenant, in_public, in_tenant, wrapper
from tenants.slugs import clean_slug

from . import first_owner, sign_in


def sign_up(
    *, organisation: str, slug: str, name: str, email: str, password: str, attempt: UUID | None = None, **fields
) -> tuple[Tenant, str]:
    """Make the tenant, its schema, its roles and its owner. Returns the tenant and a sign-in ticket.

    All or nothing: kill it anywhere and the same name can be tried again. Sent again with the same
    `attempt` (a double click, a lost answer) it returns the tenant made before, and a fresh ticket.
    `fields` go to the tenant (currency). Raises ValidationError (slug), AddressTaken, SchemaExists.
    Source: docs/decisions/0003-sign-up.md
    """
    using = settings.ADMIN_DATABASE
    slug = clean_slug(slug)
    # He is known by the attempt that made him: stored with him, or not at all.
    owner = User.objects.new_local(email=email, name=name, password=password, subject=str(attempt or uuid4()))
    try:
        with provisioning.new_tenant(name=organisation, slug=slug, using=using, **fields) as tenant:
            install_owner(owner, using=using)
            ticket = sign_in.issue_ticket(owner)
    except AddressTaken:
        made = attempt and _made_before(attempt, slug=slug, email=email, password=password)
        if not made:
            raise
        return made
    return tenant, ticket


def create_platform(*, name: str, owner: str, email: str, password: str) -> Tenant:
    """The operators' own organisation, with its first owner; its roles are those of the platform.

    All or nothing. Raises AddressTaken where it is there already, SchemaExists, TemplateMissing.
    Source: docs/decisions/0012-platform.md
    """
    using = settings.ADMIN_DATABASE
    first = User.objects.new_local(email=email, name=owner, password=password, subject=str(uuid4()))
    with provisioning.new_platform(name=name, using=using) as tenant:
        sync_system_roles(wrapper(using))
        install_owner(first, using=using)
    return tenant


def install_owner(owner: User, *, using: str) -> None:
    """In a tenant that is being made."""
    with trail.act("organisation_created", current_tenant(using), using=using) as act:
        act.knows.append(first_owner.store(owner, wrapper(using)))


def _made_before(attempt: UUID, *, slug: str, email: str, password: str) -> tuple[Tenant, str] | None:
    """What this attempt made, for the one who made it: same address, same password, and not yet come in.

    Once he has, there may be a second factor, and the sign-in page is the way.
    """
    with in_public():
        tenant = Tenant.objects.served().filter(slug=slug).first()
    if tenant is None:
        return None
    with in_tenant(tenant):
        newcomers = User.objects.active().filter(last_seen=None, issuer=LOCAL_ISSUER)
        owner = newcomers.filter(subject=str(attempt), email=email).first()
        if owner is None or not owner.check_password(password):
            return None
        return tenant, sign_in.issue_ticket(owner)
