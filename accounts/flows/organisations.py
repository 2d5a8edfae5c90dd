"""What the operators do with organisations. Asked for on the platform's host, and written down twice.

Each act asks for the actor's right anew, changes the organisation's row in `public`, and leaves a line in the
platform's log and one in the customer's own: in one transaction, in statements that name one schema each.
Source: docs/decisions/0012-platform.md
"""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from allauth.account import app_settings
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.mail import send_mail
from django.db import DatabaseError, transaction
from django.template.loader import render_to_string
from django.urls import reverse

from accounts import access
from accounts.audit import trail
from accounts.models import User
from tenants import lifecycle
from tenants.exceptions import SchemaMissing
from tenants.models import Tenant
from tenants.schema import current_schema, in_public, in_tenant
from tenants.slugs import PLATFORM_SCHEMA

from . import sessions
from .sign_up import sign_up

logger = logging.getLogger(__name__)

MAY_OPERATE = "accounts.operate_organisations"


def demand_operator(actor: User) -> None:
    """Raises PermissionDenied. The right counts on the platform alone, and is locked until the commit."""
    if current_schema() != PLATFORM_SCHEMA:
        raise PermissionDenied(MAY_OPERATE)
    access.require_for_write(actor, MAY_OPERATE)


@transaction.atomic
def create(*, actor: User, organisation: str, slug: str, currency: str, name: str, email: str) -> Tenant:
    """Sign an organisation up for somebody; he is sent a link by which he chooses his password.

    Raises PermissionDenied, ValidationError (slug), AddressTaken, SchemaExists; none of them writes.
    """
    demand_operator(actor)
    # Nobody knows this password: the owner chooses his own.
    password = secrets.token_urlsafe(32)
    tenant, _ticket = sign_up(
        organisation=organisation, slug=slug, currency=currency, name=name, email=email, password=password
    )
    note_both(actor, tenant, "created", detail=slug)
    _welcome(tenant, email)
    return tenant


def _welcome(tenant: Tenant, email: str) -> None:
    with in_tenant(tenant):
        owner = User.objects.get(email=email)
        key = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(owner)
    arguments = {"uidb36": user_pk_to_url_str(owner), "key": key}
    path = reverse("account_reset_password_from_key", kwargs=arguments, urlconf=settings.ROOT_URLCONF)
    again = tenant.absolute_url(reverse("account_reset_password", urlconf=settings.ROOT_URLCONF))
    context = {"tenant": tenant, "owner": owner, "url": tenant.absolute_url(path), "again": again}
    body = render_to_string("emails/welcome.txt", context)
    subject = " ".join(render_to_string("emails/welcome_subject.txt", context).split())
    transaction.on_commit(lambda: send_mail(subject, body, None, [email]), robust=True)


@transaction.atomic
def suspend(*, actor: User, tenant: Tenant, notice: str) -> None:
    """Raises PermissionDenied, LifecycleError."""
    with _act(actor, tenant, "suspended", detail=notice):
        lifecycle.suspend(tenant, notice=notice)


@transaction.atomic
def resume(*, actor: User, tenant: Tenant) -> None:
    """Raises PermissionDenied, LifecycleError."""
    if tenant.status == Tenant.Status.ACTIVE:
        return
    with _act(actor, tenant, "resumed"):
        lifecycle.resume(tenant)


@transaction.atomic
def move(*, actor: User, tenant: Tenant, slug: str) -> None:
    """Give it another address. Raises PermissionDenied, ValidationError, AddressTaken, LifecycleError."""
    if slug == tenant.slug:
        return
    with _act(actor, tenant, "moved", changes={"slug": [tenant.slug, slug]}):
        lifecycle.rename(tenant, slug)


@transaction.atomic
def rename(*, actor: User, tenant: Tenant, name: str) -> None:
    """Give it another name, as shown to people. Raises PermissionDenied."""
    if name == tenant.name:
        return
    with _act(actor, tenant, "renamed", changes={"name": [tenant.name, name]}), in_public():
        Tenant.objects.customers().filter(pk=tenant.pk).update(name=name)


@transaction.atomic
def close(*, actor: User, tenant: Tenant) -> None:
    """Close it for good, at the end of the grace time. Whoever is signed in is out.

    Raises PermissionDenied, LifecycleError.
    """
    with _act(actor, tenant, "closed"):
        lifecycle.close(tenant)
        _end_sessions(tenant)


@transaction.atomic
def reopen(*, actor: User, tenant: Tenant) -> None:
    """Undo the closing. People, rights and keys are as they were; they sign in again. Raises as `close`."""
    with _act(actor, tenant, "reopened"):
        lifecycle.reopen(tenant)


def _end_sessions(tenant: Tenant) -> None:
    with reachable(tenant):
        sessions.end_all()


@contextmanager
def _act(actor: User, tenant: Tenant, action: str, **told) -> Iterator[None]:
    demand_operator(actor)
    yield
    note_both(actor, tenant, action, **told)


def note_both(actor: User, tenant: Tenant, action: str, *, detail: str = "", changes: dict | None = None) -> None:
    """A line in the platform's log, and one in the customer's own where his schema can be reached."""
    trail.note(action, tenant, detail=detail, changes=changes)
    with reachable(tenant):
        by = f"by the platform: {actor}"
        trail.note(action, tenant, detail=f"{by}; {detail}" if detail else by, changes=changes)


@contextmanager
def reachable(tenant: Tenant) -> Iterator[None]:
    """Inside the customer's schema, where there is one: a broken tenant is still suspended and closed."""
    try:
        with in_tenant(tenant):
            yield
    except (SchemaMissing, DatabaseError) as error:
        logger.error("Nothing could be written in %s: %s", tenant.schema_name, type(error).__name__)
