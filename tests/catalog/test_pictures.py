"""Uploads: three formats by content, written anew, under a random name in the organisation's own folder. (N4)"""

import re
import struct
import zlib
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from catalog.models import Product
from catalog.pictures import LONGEST_SIDE, MAX_BYTES

pytestmark = pytest.mark.usefixtures("media")

PHP = b"<?php system($_GET['c']); ?>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
def upload(client_as, filled):
    """Send a file with the form of a new product."""

    def send(file, **changes):
        return client_as("editor").post("/products/new/", filled(upload=file, **changes))

    return send


def made() -> Product:
    return Product.objects.get(title="Mocha")


@pytest.mark.parametrize(("kind", "name"), [("PNG", "a.png"), ("JPEG", "a.jpg"), ("WEBP", "a.webp"), ("PNG", "a.exe")])
def test_three_formats_are_taken_by_what_they_are(acme, client_as, upload, picture, media, kind, name):
    assert upload(picture(kind, name)).status_code == 302
    stored = made().picture.name
    assert re.fullmatch(r"products/[0-9a-f]{32}\.webp", stored)
    assert (media / acme.tenant.schema_name / stored).is_file()
    response = client_as("viewer").get(f"/products/{made().pk}/picture/")
    assert (response["Content-Type"], response["X-Content-Type-Options"]) == ("image/webp", "nosniff")
    assert Image.open(BytesIO(b"".join(response.streaming_content))).format == "WEBP"


def png(width: int, height: int) -> bytes:
    """A PNG that says it is this large, and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


def encoded(kind: str, image: Image.Image | None = None) -> bytes:
    out = BytesIO()
    (image or Image.effect_noise((200, 200), 80).convert("RGB")).save(out, kind)
    return out.getvalue()


HOSTILE = {
    "SVG named PNG": SVG,
    "GIF": encoded("GIF"),
    "BMP": encoded("BMP"),
    "TIFF": encoded("TIFF"),
    "half a PNG": encoded("PNG")[:2000],
    "half a JPEG": encoded("JPEG")[: len(encoded("JPEG")) // 3],
    "empty": b"",
    "text": b"hello",
    "PHP": PHP,
    "HTML": b"<html><script>alert(1)</script></html>",
    "a head and nothing": b"\x89PNG\r\n\x1a\n",
    "pixel bomb": png(50_000, 50_000),
    "wide bomb": png(2_147_483_647, 1),
    "just over 20 million pixels": encoded("PNG", Image.new("1", (5001, 4000))),
    "NULs": b"\0" * 10_000,
    "PDF": b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n",
    "over 5 MB": encoded("PNG") + b"\0" * MAX_BYTES,
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_anything_else_is_refused_and_leaves_no_file(upload, media, content):
    response = upload(SimpleUploadedFile("photo.png", content, content_type="image/png"))
    assert response.status_code == 422
    assert response.context["form"].has_error("upload")
    assert not Product.objects.filter(title="Mocha").exists()
    assert not list(media.rglob("*.*"))


def test_a_body_of_more_than_the_limit_is_refused_unread(upload):
    response = upload(SimpleUploadedFile("photo.png", b"\0" * (7 * 1024 * 1024)))
    assert response.status_code == 413
    assert not Product.objects.filter(title="Mocha").exists()


def test_metadata_and_what_hides_in_it_is_gone(upload, media):
    exif = Image.Exif()
    exif[0x010E] = PHP.decode()
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    out = BytesIO()
    Image.new("RGB", (60, 40), "teal").save(out, "JPEG", exif=exif, comment=PHP)
    assert PHP in out.getvalue()
    assert upload(SimpleUploadedFile("photo.php", out.getvalue())).status_code == 302
    (stored,) = media.rglob("*.webp")
    assert b"php" not in stored.read_bytes().lower()
    assert not Image.open(stored).getexif()


def test_a_picture_lying_on_its_side_is_put_upright_and_a_large_one_made_smaller(upload, picture, media):
    exif = Image.Exif()
    exif[0x0112] = 6
    assert upload(picture("JPEG", size=(4000, 2000), exif=exif)).status_code == 302
    (stored,) = media.rglob("*.webp")
    assert Image.open(stored).size == (LONGEST_SIDE // 2, LONGEST_SIDE)


@pytest.mark.parametrize(
    "name", ["../../evil.png", "/etc/passwd", "con", "x" * 4000 + ".png", "a\x00b.png", "\u202egnp.exe"]
)
def test_the_senders_name_is_never_used(upload, picture, media, name):
    file = picture()
    file._name = name
    assert upload(file).status_code in (302, 400, 422)
    assert all(re.fullmatch(r"[0-9a-f]{32}\.webp", path.name) for path in media.rglob("*.*"))


def test_a_file_and_an_address_at_once_are_refused(upload, picture):
    response = upload(picture(), picture_url="https://example.com/a.png")
    assert (response.status_code, response.context["form"].has_error("picture_url")) == (422, True)


def test_a_picture_of_the_web_is_shown_from_there(client_as, filled):
    client = client_as("editor")
    page = client.post("/products/new/", filled(picture_url="https://example.com/a.png"), follow=True)
    assert '<img src="https://example.com/a.png"' in page.content.decode()
    assert client.get(f"/products/{made().pk}/picture/").status_code == 404


def test_a_replaced_picture_is_removed_from_disk(client_as, filled, upload, picture, media):
    upload(picture())
    (first,) = media.rglob("*.webp")
    client_as("editor").post(f"/products/{made().pk}/edit/", filled(made(), upload=picture("JPEG")))
    (second,) = media.rglob("*.webp")
    assert second.name != first.name
    assert made().picture.name.endswith(second.name)


@pytest.mark.parametrize("way", ["address", "removed", "delete"])
def test_a_picture_that_is_no_longer_shown_is_removed_from_disk(client_as, filled, upload, picture, media, way):
    upload(picture())
    client, product = client_as("admin"), made()
    if way == "address":
        client.post(f"/products/{product.pk}/edit/", filled(product, picture_url="https://example.com/a.png"))
    elif way == "removed":
        client.post(f"/products/{product.pk}/edit/", filled(product, remove_picture="on"))
        assert not made().picture
    else:
        client.post(f"/products/{product.pk}/delete/")
    assert not list(media.rglob("*.webp"))


def test_a_refused_change_keeps_the_picture(client_as, filled, upload, picture, media):
    upload(picture())
    (first,) = media.rglob("*.webp")
    stale = filled(made(), upload=picture("JPEG"), version=9)
    assert client_as("editor").post(f"/products/{made().pk}/edit/", stale).status_code == 409
    assert list(media.rglob("*.webp")) == [first]


def test_an_edit_without_a_new_picture_keeps_the_old_one(client_as, filled, upload, picture):
    upload(picture())
    before = made().picture.name
    client_as("editor").post(f"/products/{made().pk}/edit/", filled(made(), price="4.00"))
    assert (made().picture.name, str(made().price)) == (before, "4.00")
