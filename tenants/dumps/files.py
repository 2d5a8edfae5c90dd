"""A tenant's uploads, out of its folder and into one."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from django.conf import settings

from tenants.contents import folder_of

from .archive import BLOCK, Reader, Writer
from .exceptions import UnfitDump
from .manifest import File

ASIDE = ".dump-"  # below MEDIA_ROOT; no schema is called so, hence no page leads there


def pack(schema_name: str, archive: Writer) -> list[File]:
    """Every upload. Links are left out: what they lead to need not be the tenant's."""
    found: list[File] = []
    for path in uploads(folder_of(schema_name)):
        try:
            stream = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
        except FileNotFoundError:
            continue  # deleted since we looked
        number = len(found) + 1
        with stream, archive.part(f"files/{number}") as part:
            while block := stream.read(BLOCK):
                part.write(block)
        found.append(File(path.relative_to(folder_of(schema_name)).as_posix(), number, part.digest))
    return found


def uploads(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        yield from (path for name in sorted(names) if not (path := Path(place, name)).is_symlink() and path.is_file())


def refuse_strange_paths(files: list[File]) -> None:
    """Raises UnfitDump for one that would be written elsewhere than below the tenant's folder, or over another."""
    taken: set[PurePosixPath] = set()
    for file in files:
        path = PurePosixPath(file.path)
        strange = path.is_absolute() or ".." in path.parts or not path.parts or {"\0", "\\"} & set(file.path)
        if strange or path in taken or taken & set(path.parents):
            raise UnfitDump(f"The dump holds a file of a strange name: {file.path!r}.")
        taken.add(path)


@contextmanager
def unpacked(archive: Reader) -> Iterator[Callable[[str], None]]:
    """Unpack the uploads beside those that are served. The block gets `move_in(schema_name)`, to be called last.

    Their paths were looked at before (refuse_strange_paths). It puts them in the place of what is there. When the
    block raises, afterwards too, it is as it was before. A process that is killed leaves a folder whose name begins
    with ASIDE; nothing is served of it.
    """
    staged, before = _aside("new"), _aside("old")
    moves: list[tuple[Path, bool]] = []  # where to, and whether there was something before

    def move_in(schema_name: str) -> None:
        folder = folder_of(schema_name)
        moves.append((folder, folder.exists()))
        if folder.exists():
            folder.rename(before)
        if staged.exists():
            staged.rename(folder)

    try:
        _unpack(archive, staged)
        yield move_in
    except BaseException:
        for folder, was_there in moves:
            if before.exists() or not was_there:
                shutil.rmtree(folder, ignore_errors=True)
            if before.exists():
                before.rename(folder)
        raise
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        shutil.rmtree(before, ignore_errors=True)


def _aside(what: str) -> Path:
    return Path(settings.MEDIA_ROOT) / f"{ASIDE}{what}-{secrets.token_hex(6)}"


def _unpack(archive: Reader, folder: Path) -> None:
    for file in archive.manifest.files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:
            for block in archive.blocks(file.part, file.digest):
                stream.write(block)
