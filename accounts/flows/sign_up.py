"""A new organisation with its first owner, in one transaction."""

from django.conf import settings

from accounts.models import Role, User
from accounts.roles import OWNER
from tenants import directory, provisioning
from tenants.models import Tenant

from . import people, sign_in


def sign_up(*, organisation: str, slug: str, name: str, email: str, password: str, **fields) -> tuple[Tenant, str]:
    """Make the tenant, its schema, its roles and its owner. Returns the tenant and a sign-in ticket.

    All or nothing: kill it anywhere and the same name can be tried again. `fields` go to the tenant
    (currency). Raises ValidationError (slug), AddressTaken, SchemaExists.
    Source: docs/decisions/0003-sign-up.md
    """
    using = settings.ADMIN_DATABASE
    with provisioning.new_tenant(name=organisation, slug=slug, using=using, **fields) as tenant:
        owner = User.objects.db_manager(using).create_local(email=email, name=name, password=password)
        owner.groups.add(Role.objects.using(using).get(key=OWNER).group)
        people.record_address(owner, verified=False)
        directory.enter(owner.email, tenant, using=using)
        ticket = sign_in.issue_ticket(owner)
    return tenant, ticket
