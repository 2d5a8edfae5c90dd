"""Uploads lie in the tenant's own folder and leave it through a view that asks the door (security list I10)."""

import pytest
from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.guards import routes
from tenants.schema import in_tenant
from tests.conftest import HostClient

OUTSIDE = ["../t_globex/products/x.png", "products/../../t_globex/x.png", "/etc/passwd", "..\\..\\x.png", "a/../../b"]


@pytest.fixture
def stored(acme, globex, media):
    """One file of the same name in each tenant."""
    for world, content in ((acme, b"acme"), (globex, b"globex")):
        with in_tenant(world.tenant):
            default_storage.save("products/x.png", ContentFile(content))
    return media


def test_each_tenant_has_its_own_folder(stored, acme, globex):
    assert (stored / "t_acme/products/x.png").read_bytes() == b"acme"
    assert (stored / "t_globex/products/x.png").read_bytes() == b"globex"
    with in_tenant(acme.tenant), default_storage.open("products/x.png") as file:
        assert file.read() == b"acme"


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_name_leads_out_of_the_folder(stored, acme, name):
    with in_tenant(acme.tenant):
        with pytest.raises(SuspiciousFileOperation):
            default_storage.save(name, ContentFile(b"planted"))
        with pytest.raises((SuspiciousFileOperation, FileNotFoundError)):
            default_storage.open(name)
    assert (stored / "t_globex/products/x.png").read_bytes() == b"globex"


@pytest.mark.parametrize("host", ["acme.localhost", "globex.localhost", "localhost"])
@pytest.mark.parametrize(
    "path",
    [
        *("/media/t_acme/products/x.png", "/media/products/x.png", "/t_acme/products/x.png", "/products/x.png"),
        *("/media/", "/media/../media/t_acme/products/x.png", "/%2e%2e/t_acme/products/x.png", "/static/../x.png"),
        *("/static/..%2f..%2ft_acme/products/x.png", "/static//etc/passwd", "/media/%00", "/media/..%5cx.png"),
    ],
)
def test_no_address_leads_to_a_file(stored, host, path):
    response = HostClient(host).get(path)
    assert response.status_code in (302, 404)
    assert b"acme" != response.content != b"globex"


def test_there_is_no_route_to_the_folder_of_uploads():
    for urlconf in (settings.ROOT_URLCONF, settings.PUBLIC_SCHEMA_URLCONF, settings.PLATFORM_URLCONF):
        found = {pattern for pattern, _name, _view in routes(urlconf) if "media" in pattern or "path:" in pattern}
        assert found <= {"api/v1/<path:rest>"}  # says that there is nothing
