"""What an organisation decides about people who come by its identity provider. Kept on its row in `public`."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts import access
from accounts.audit import trail
from accounts.exceptions import NotYours
from accounts.models import User
from tenants.models import Tenant
from tenants.schema import in_public

from .role_map import MAY_CHANGE, look_again


@transaction.atomic
def change(*, actor: User, tenant: Tenant, changes: Mapping[str, list[Any]]) -> None:
    """Field -> [before, after], of `admits`, `admitted_domains`, `staff_role`, `signs_out_at_provider`.

    Who opens the admin site is decided by people who open it themselves. Raises PermissionDenied, NotYours.
    """
    access.require_for_write(actor, MAY_CHANGE)
    if "staff_role" in changes and not actor.is_staff:
        raise NotYours
    with in_public():
        Tenant.objects.filter(pk=tenant.pk).update(**{name: after for name, (_before, after) in changes.items()})
    if "staff_role" in changes:
        look_again()
    trail.note("organisation_changed", tenant, changes=dict(changes))
