"""Pages that are looked at between two rings of a deploy (settings.FLEET_PROBES)."""

from http import HTTPStatus

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.test import Client, RequestFactory

from accounts.flows.sign_in import BACKEND
from accounts.roles import OWNER
from tenants.models import Tenant
from tenants.schema import in_tenant

PAGES = ("/account/login/", "/")  # where a stranger lands; the catalogue, or the console


def pages(tenant: Tenant) -> str:
    """Ask for pages of one organisation in this process, as a stranger and as an owner. What went wrong, or nothing.

    All of it happens in a transaction that is rolled back: no session, no line of a log is left.
    """
    with in_tenant(tenant):
        try:
            owner = owner_of(tenant)
            return stroll(stranger(), tenant) or (stroll(owner, tenant) if owner else "")
        finally:
            transaction.set_rollback(True)


def stranger() -> Client:
    return Client(raise_request_exception=False)


def stroll(client: Client, tenant: Tenant) -> str:
    for path in PAGES:
        answer = client.get(path, headers={"host": tenant.host}, secure=True, follow=True)
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return f"{path} answered {answer.status_code}"
    return ""


def owner_of(tenant: Tenant) -> Client | None:
    """Signed in, without the password; None where nobody owns the organisation."""
    with in_tenant(tenant):
        owner = get_user_model().objects.filter(is_active=True, groups__role__key=OWNER).order_by("pk").first()
        if owner is None:
            return None
        request = RequestFactory().get("/", headers={"host": tenant.host})
        request.session, request.user = SessionStore(), AnonymousUser()
        login(request, owner, backend=BACKEND)
        request.session.save()
    client = stranger()
    client.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key or ""
    return client
