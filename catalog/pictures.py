"""Uploaded pictures: checked by content, written anew without metadata, under a random name.

Three formats by what the bytes are, not by what the name says. Re-encoding drops Exif, GPS, and whatever
program somebody hid in a comment. Source: docs/threat-model.md, row N4.
"""

import secrets
import warnings
from io import BytesIO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.http import FileResponse, Http404
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 20_000_000
LONGEST_SIDE = 1600


def clean_picture(upload) -> ContentFile:
    """The upload as a new WebP file with a random name. Raises ValidationError in the reader's words."""
    if upload.size > MAX_BYTES:
        raise ValidationError(_("The picture is larger than 5 MB."), code="too_large")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(upload, formats=FORMATS)
            if image.width * image.height > MAX_PIXELS:
                raise ValidationError(_("The picture has more than 20 million pixels."), code="too_many_pixels")
            image = ImageOps.exif_transpose(image).convert("RGBA" if "A" in image.getbands() else "RGB")
    except ValidationError:
        raise
    # A decoder may raise nearly anything on hostile bytes: struct.error, SyntaxError, MemoryError were seen.
    except Exception as error:
        raise ValidationError(_("This is not a readable PNG, JPEG or WebP picture."), code="unreadable") from error
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    out = BytesIO()
    image.save(out, "WEBP", quality=82, method=4)
    return ContentFile(out.getvalue(), name=f"{secrets.token_hex(16)}.webp")


def give_out(request, picture):
    """The file, for somebody who may see it now: he asks again each time. Raises Http404 where there is none."""
    if not picture or not picture.storage.exists(picture.name):
        raise Http404
    etag = quote_etag(picture.name.rpartition("/")[2])
    response = get_conditional_response(request, etag=etag) or FileResponse(picture.open(), content_type="image/webp")
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def discard_after_commit(picture) -> None:
    """Delete the file of a picture that no product has any more, once that is certain."""
    if picture:
        transaction.on_commit(lambda: picture.storage.delete(picture.name), robust=True)
