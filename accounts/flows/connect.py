"""Connecting an organisation to an identity provider, and taking it back to passwords of our own. An operator's act.

From then on nobody comes in in the old way: sessions are over, and so are the local pages (accounts/local_pages.py).
People stay as they are. Those of the other way cannot sign in until it is taken back.
Source: docs/providers/README.md
"""

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.audit import trail
from accounts.exceptions import AccountsError
from accounts.models import Role, User
from accounts.providers import registry
from accounts.roles import OWNER
from accounts.texts import validate_address
from tenants.models import Tenant
from tenants.schema import in_public, in_tenant

from . import invite, people, sessions

LOCAL = "local"
SETTINGS = ("provider", "provider_tenant_id", "admits", "admitted_domains")


class CannotConnect(AccountsError):
    """Nothing was changed. The message says what is in the way."""


@dataclass
class Connected:
    """What it did. `sessions` were ended; `people_outside` cannot sign in any more. API keys of theirs go on
    until somebody revokes them: programs are not to stand still for it.
    """

    changes: dict[str, list[str]] = field(default_factory=dict)
    sessions: int = 0
    people_outside: int = 0
    invited: str = ""


@transaction.atomic
def connect(tenant: Tenant, *, provider: str, tenant_id: str = "", owner: str = "", **rules: str) -> Connected:
    """`tenant_id` is what the organisation is called at the provider: the tenant claim of its tokens. `owner` is the
    address that is invited as an owner. `rules` are `admits` and `admitted_domains` of the tenant.

    Done again with the same words it changes nothing and signs nobody out. Raises CannotConnect.
    """
    # A sandbox's people are made up. A provider's would be let in to rows that were copied for a trial, and what is
    # changed in it would be told to the provider of the real one.
    if tenant.is_sandbox and provider != LOCAL:
        told = _("%(tenant)s is a sandbox: nobody comes into it by an identity provider.")
        raise CannotConnect(told % {"tenant": tenant})
    wanted = {"provider": provider, "provider_tenant_id": tenant_id, **rules}
    demand_sound(wanted)
    row, before = write(tenant, wanted)
    changes = {name: [before[name], value] for name, value in wanted.items() if before[name] != value}
    done = Connected(changes)
    with in_tenant(row):
        if changes:
            trail.note("connected", row, changes=changes)
        if {"provider", "provider_tenant_id"} & set(changes):
            done.sessions = sessions.end_all()
        people_here = User.objects.members().active()
        done.people_outside = people_here.exclude(issuer=people.issuer_here()).count()
        if owner:
            invite_owner(owner)
            done.invited = owner
    return done


def demand_sound(wanted: dict[str, str]) -> None:
    provider, tenant_id = wanted["provider"], wanted["provider_tenant_id"]
    if provider == LOCAL:
        if tenant_id:
            raise CannotConnect(_("With passwords of our own there is no organisation elsewhere: leave the id out."))
    elif provider not in registry.hosted_providers():
        said = {"provider": provider, "active": ", ".join([LOCAL, *registry.hosted_providers()])}
        raise CannotConnect(_("%(provider)s is not active. Active are: %(active)s.") % said)
    elif not tenant_id:
        raise CannotConnect(_("Say what the organisation is called at the provider: the tenant claim of its tokens."))
    try:
        Tenant(**wanted).clean_fields(exclude={f.name for f in Tenant._meta.fields} - set(wanted))
    except ValidationError as error:
        raise CannotConnect(" ".join(error.messages)) from error
    if wanted.get("admits") == Tenant.Admission.DOMAIN and not wanted.get("admitted_domains"):
        raise CannotConnect(_("Name the domains whose people may come in."))


def write(tenant: Tenant, wanted: dict[str, str]) -> tuple[Tenant, dict[str, Any]]:
    """The row as it is now, and what was there before."""
    with in_public():
        row = Tenant.objects.select_for_update(of=("self",)).get(pk=tenant.pk)
        before = {name: getattr(row, name) for name in SETTINGS}
        try:
            with transaction.atomic():
                Tenant.objects.filter(pk=row.pk).update(**wanted)
        except IntegrityError as error:
            raise CannotConnect(_("Another organisation here is connected to that one.")) from error
        row.refresh_from_db()
    return row, before


def invite_owner(address: str) -> None:
    """In the name of the first owner, who may not be able to sign in any more."""
    try:
        validate_address(address)
    except ValidationError as error:
        raise CannotConnect(" ".join(error.messages)) from error
    actor = User.objects.members().active().holding(OWNER).order_by("pk").first()
    if actor is None:
        raise CannotConnect(_("There is no owner in whose name somebody could be invited."))
    try:
        invite.invite(actor=actor, addresses=[address.lower()], role=Role.objects.get(key=OWNER))
    except AccountsError as error:
        raise CannotConnect(error.message) from error
