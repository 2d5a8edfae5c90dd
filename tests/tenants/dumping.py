"""What the tests of dumps share: an organisation with something of everything, and hostile dumps of it."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.audit import seal
from accounts.flows import sign_in
from accounts.models import ApiKey, Invitation, Role
from catalog.models import ProductUserGrant
from tenants.dumps import archive
from tenants.models import Tenant
from tenants.schema import in_tenant
from tests import world as worlds
from tests.snapshot import snapshot
from tests.world import World

NOTE = "products/note.txt"


def build(slug: str) -> World:
    """With a grant, an open invitation, an API key, a sign-in ticket and a sealed log."""
    world = worlds.build(slug, f"{slug}word")
    with in_tenant(world.tenant):
        permission = Permission.objects.get(codename="view_product", content_type__app_label="catalog")
        ProductUserGrant.objects.create(user=world.guest, permission=permission, content_object=world.hammer)
        invitation = Invitation(email="ivy@elsewhere.test", role=Role.objects.get(key="viewer"), invited_by=world.owner)
        invitation.renew()
        invitation.save()
        ApiKey.objects.create(
            user=world.owner,
            created_by=world.owner,
            name="Till",
            prefix="dumpedkey000",
            secret_hash="0" * 64,
            rights=[],
        )
        sign_in.issue_ticket(world.owner)
    seal.seal(world.tenant.schema_name, using=settings.ADMIN_DATABASE)
    return world


def put_note(schema_name: str, text: str) -> Path:
    path = Path(settings.MEDIA_ROOT) / schema_name / NOTE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def forged(
    path: Path, change: Callable[[dict, dict[str, bytes]], None], *, secret: str | None = None, text: bytes = b""
) -> Path:
    """The dump after `change(manifest, parts)`, sealed as if it were ours; with `secret`, as somebody else's.

    `text` stands in the manifest's place.
    """
    found = parts(path)
    manifest = json.loads(found.pop(archive.MANIFEST))
    del found[archive.SEAL]
    change(manifest, found)
    text = text or json.dumps(manifest).encode()
    found[archive.MANIFEST] = text
    found[archive.SEAL] = archive.seal_of(text, secret or settings.SECRET_KEY).encode()
    other = path.with_name(f"forged-{timezone.now().timestamp()}")
    with zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in found.items():
            packed.writestr(name, content)
    return other


def everything() -> tuple:
    """All rows, all schemas, all uploads."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace ORDER BY 1")
        schemas = cursor.fetchall()
    uploads = {path: path.read_bytes() for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}
    return snapshot(), schemas, uploads


def answer(tenant: Tenant, path: str = "/") -> int:
    cache.clear()
    return Client(headers={"host": tenant.host}).get(path).status_code
