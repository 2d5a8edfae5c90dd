"""The file itself: a ZIP of parts with a manifest, sealed with a key of this installation.

ZIP and not tar, since a part's length is not known before the last row has been read: a tar would need each
table on disk, or in memory, first. The list of contents comes last, so a file that was cut off is none.
"""

import hashlib
import os
import secrets
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from .exceptions import DamagedDump, DumpExists, ForeignDump
from .manifest import Digest, Manifest

MANIFEST, SEAL = "manifest.json", "seal"
SALT = "tenants.dumps.seal"
BLOCK = 256 * 1024  # bytes read or written at once
LONGEST_MANIFEST = 64 * 1024 * 1024
# What Python's reader raises on bytes that are not as they were written; RuntimeError: an encrypted part.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


def seal_of(manifest: bytes, secret: str) -> str:
    return salted_hmac(SALT, manifest, secret=secret, algorithm="sha256").hexdigest()


def secrets_in_use() -> list[str]:
    """The first one seals; each of them is believed."""
    return [settings.DUMP_KEY or settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


class Part:
    """One part that is being written: measured on its way."""

    def __init__(self, stream: IO[bytes]):
        self.stream, self.hash, self.bytes = stream, hashlib.sha256(), 0
        self.waiting = bytearray()

    def write(self, data) -> None:
        """Rows come one by one, some hundred bytes each: packing them singly would take three times as long."""
        self.waiting += data
        if len(self.waiting) >= BLOCK:
            self.flush()

    def flush(self) -> None:
        self.hash.update(self.waiting)
        self.bytes += len(self.waiting)
        self.stream.write(self.waiting)
        self.waiting.clear()

    @property
    def digest(self) -> Digest:
        """When it is written, and not before."""
        return Digest(self.bytes, self.hash.hexdigest())


class Writer:
    """Parts, in the order in which they come. Memory does not grow with them."""

    def __init__(self, packed: zipfile.ZipFile):
        self.packed = packed

    @contextmanager
    def part(self, name: str) -> Iterator[Part]:
        with self.packed.open(name, "w", force_zip64=True) as stream:
            part = Part(stream)
            yield part
            part.flush()

    def close(self, manifest: Manifest) -> None:
        """Seal it. What is written by then is the dump."""
        text = manifest.to_json()
        self.packed.writestr(MANIFEST, text)
        self.packed.writestr(SEAL, seal_of(text, secrets_in_use()[0]))


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """A new dump, that only its maker's account may read, and that has its name when it is whole.

    Raises DumpExists. When the block raises, nothing is left.
    """
    if path.exists():
        raise DumpExists(f"There is a file {path} already.")
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
                yield Writer(packed)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def unpacking() -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise DamagedDump("The dump cannot be unpacked: it is damaged.") from error


class Reader:
    """A dump that this installation has sealed. What the parts hold is compared with the manifest as it is read."""

    def __init__(self, packed: zipfile.ZipFile):
        self.packed = packed
        names = [info.filename for info in packed.infolist()]
        if not {MANIFEST, SEAL} <= set(names):
            raise ForeignDump("This is not a dump of a tenant.")
        text, seal = self._short(MANIFEST), self._short(SEAL).decode(errors="replace")
        if not any(constant_time_compare(seal_of(text, secret), seal) for secret in secrets_in_use()):
            raise ForeignDump("The dump was not sealed by this installation, or it was changed since (DUMP_KEY).")
        self.manifest = Manifest.from_json(text)
        if sorted(names) != sorted([MANIFEST, SEAL, *(part.part for part in self.manifest.parts)]):
            raise DamagedDump("The dump does not hold the parts that its manifest lists.")

    def _short(self, name: str) -> bytes:
        with unpacking(), self.packed.open(name) as stream:
            text = stream.read(LONGEST_MANIFEST + 1)
        if len(text) > LONGEST_MANIFEST:
            raise ForeignDump("This is not a dump of a tenant.")
        return text

    def blocks(self, name: str, digest: Digest) -> Iterator[bytes]:
        """The part, a block at a time. Raises DamagedDump, at the latest after the last one.

        A part that unpacks to more than it was is left at the first byte too many, however much there would be.
        """
        found, size = hashlib.sha256(), 0
        with unpacking(), self.packed.open(name) as stream:
            while block := stream.read(min(BLOCK, digest.bytes - size + 1)):
                found.update(block)
                size += len(block)
                if size > digest.bytes:
                    break
                yield block
        if Digest(size, found.hexdigest()) != digest:
            raise DamagedDump(f"{name} is not what was dumped.")

    def verify(self) -> None:
        """Read all of it. Raises DamagedDump."""
        for part in self.manifest.parts:
            for _block in self.blocks(part.part, part.digest):
                pass


@contextmanager
def reading(path: Path) -> Iterator[Reader]:
    """A dump, opened and believed. Raises ForeignDump, DamagedDump, UnfitDump; OSError where there is no such file."""
    with path.open("rb") as file:
        try:
            packed = zipfile.ZipFile(file)
        except UNREADABLE as error:
            raise ForeignDump("This is not a dump of a tenant, or its end is missing.") from error
        with packed:
            yield Reader(packed)
