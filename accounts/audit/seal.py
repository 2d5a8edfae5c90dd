"""A chain over the lines of one log: whoever changes, removes or slips in a line cannot mend it without the key.

Sealed in batches, afterwards, so that no writer waits for it: a link takes in the link before it and one
whole line. What is not linked yet is protected by the database's privileges alone (`seal_audit` runs often).
The last link should be kept elsewhere from time to time (it is in the log of each sealing): a chain that was
cut off at its end looks complete. Source: docs/decisions/0008-audit-log.md
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from tenants.schema import in_schema

from .models import Entry, Link

logger = logging.getLogger(__name__)

SALT = "accounts.audit.seal"
BATCH = 1000  # lines in one transaction, and in memory


class SealedElsewhere(Exception):
    """Somebody else is sealing the same log. Nothing was written; what is left is his."""


@dataclass(frozen=True)
class Head:
    """The end of a chain. Position 0 is its beginning, whose digest is the schema's name."""

    position: int
    digest: str

    def __str__(self) -> str:
        return f"{self.position}:{self.digest}"


@dataclass(frozen=True)
class Report:
    """What a look at a whole chain found. `fault` is a sentence about the first line that is not as it was sealed."""

    head: Head
    fault: str = ""
    unsealed: int = 0
    oldest_unsealed: datetime | None = None


# --- Sealing ----------------------------------------------------------------------------------------


def seal(schema_name: str, *, using: str) -> tuple[int, Head]:
    """Link every line that has no link yet, in the order of their numbers. Returns how many, and the new end.

    A line that was committed late, under a lower number than sealed ones, is taken as well. Two at once do not
    meet: the second one's positions are taken, so the database refuses them. Raises SealedElsewhere.
    """
    count, last_entry = 0, 0
    while True:
        try:
            with in_schema(schema_name, using=using):
                entries = list(unsealed(using).filter(pk__gt=last_entry).order_by("pk")[:BATCH])
                head = end_of_chain(schema_name, using)
                links = list(chain(entries, head))
                Link.objects.using(using).bulk_create(links)
        except IntegrityError as error:
            raise SealedElsewhere(schema_name) from error
        if not links:
            break
        count, last_entry = count + len(links), entries[-1].pk
    if count:
        logger.info("The audit log of %s is sealed up to %s.", schema_name, head)
    return count, head


def unsealed(using: str) -> QuerySet[Entry]:
    links = Link.objects.using(using).filter(entry_id=OuterRef("pk"))
    return Entry.objects.using(using).filter(~Exists(links))


def end_of_chain(schema_name: str, using: str) -> Head:
    last = Link.objects.using(using).order_by("-position").first()
    return Head(last.position, last.digest) if last else beginning(schema_name)


def beginning(schema_name: str) -> Head:
    """Of each log another one, so that one organisation's log cannot stand in for another's."""
    return Head(0, schema_name)


def chain(entries: list[Entry], head: Head) -> Iterator[Link]:
    now, digest = timezone.now(), head.digest
    for position, entry in enumerate(entries, start=head.position + 1):
        digest = seal_of(digest, entry)
        yield Link(position=position, entry_id=entry.pk, digest=digest, sealed_at=now)


def seal_of(previous: str, entry: Entry) -> str:
    """64 hexadecimal digits over the link before and every field of the line."""
    secret = settings.AUDIT_KEY or settings.SECRET_KEY
    return salted_hmac(SALT, f"{previous}\n{canonical(entry)}", secret=secret, algorithm="sha256").hexdigest()


def canonical(entry: Entry) -> str:
    """One text for one line, whatever order the database keeps the keys of `changes` in."""
    fields = {field.attname: getattr(entry, field.attname) for field in Entry._meta.concrete_fields}
    fields["at"] = entry.at.isoformat()
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))


# --- Verifying --------------------------------------------------------------------------------------


def verify(schema_name: str, *, using: str, kept: Head | None = None) -> Report:
    """Walk the chain from its beginning. `kept` is a link that was noted elsewhere and must be in it.

    Memory does not grow with the log. Lines that come meanwhile are not sealed and do no harm.
    """
    head = beginning(schema_name)
    while links := next_links(schema_name, head.position, using):
        for link, entry in links:
            if fault := fault_of(link, entry, head, kept):
                return Report(head, fault)
            head = Head(link.position, link.digest)
    if kept and kept.position > head.position:
        return Report(head, f"The chain ends at link {head.position}; link {kept.position} was cut off.")
    with in_schema(schema_name, using=using):
        waiting = unsealed(using)
        oldest = waiting.order_by("at").values_list("at", flat=True).first()
        return Report(head, unsealed=waiting.count(), oldest_unsealed=oldest)


def next_links(schema_name: str, position: int, using: str) -> list[tuple[Link, Entry | None]]:
    with in_schema(schema_name, using=using):
        links = list(Link.objects.using(using).filter(position__gt=position).order_by("position")[:BATCH])
        entries = Entry.objects.using(using).in_bulk([link.entry_id for link in links])
    return [(link, entries.get(link.entry_id)) for link in links]


def fault_of(link: Link, entry: Entry | None, head: Head, kept: Head | None) -> str:
    if link.position != head.position + 1:
        return f"Link {head.position + 1} is missing."
    if entry is None:
        return f"Line {link.entry_id} (link {link.position}) was deleted."
    if not constant_time_compare(link.digest, seal_of(head.digest, entry)):
        return f"Line {entry.pk} (link {link.position}) is not what was sealed: {entry}."
    if kept and kept.position == link.position and kept.digest != link.digest:
        return f"Link {link.position} is not the one that was kept: the chain was made anew."
    return ""
