"""One organisation with local accounts, for pages by session. In a process with bench/settings.py."""

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory

from accounts.flows.sign_in import BACKEND
from accounts.models import User
from catalog.models import Product
from tenants.models import Tenant
from tenants.schema import in_public, in_tenant

from . import product

NAME = "shop"


def furnish(rows: int) -> str:
    """Sign it up once, and sign its owner in. Returns the session's cookie."""
    with in_public():
        is_there = Tenant.objects.filter(slug=NAME).exists()
    if not is_there:
        product.sign_up(NAME)
    with in_public():
        tenant = Tenant.objects.get(slug=NAME)
    with in_tenant(tenant):
        owner = User.objects.holding("owner").get()
        if not Product.objects.exists():
            product.store_products(rows, owner)
        request = RequestFactory().get("/", REMOTE_ADDR="127.0.0.1", HTTP_HOST=tenant.host)
        request.session, request.user = SessionStore(), AnonymousUser()
        login(request, owner, backend=BACKEND)
        request.session.save()
    return f"{settings.SESSION_COOKIE_NAME}={request.session.session_key}"
