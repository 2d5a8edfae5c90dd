"""Making people here what the provider says when it is asked. This is what is correct; tokens and events only make
it true sooner.

Nobody is made here: whoever is new comes in by signing in. The provider's word counts, the last owner's included,
but not every answer is its word: an empty list is none, and neither is one by which most people would be gone.
Source: docs/decisions/0016-directory.md
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.models import F, Q
from django.utils import timezone

from accounts.audit import context
from accounts.exceptions import AccountsError, ProviderAway
from accounts.models import DirectoryTask, User
from accounts.providers import registry
from accounts.providers.base import Provider
from accounts.providers.directory import Can, Directory, Member, understood
from accounts.providers.texts import is_text
from tenants import errands
from tenants.exceptions import SchemaMissing
from tenants.models import Errand, PlatformEvent, Tenant, TenantQuerySet
from tenants.schema import in_public, in_tenant

from . import membership, role_sync
from .provider_word import Word

logger = logging.getLogger(__name__)

# Who came in, or of whom the provider was told something, so shortly before it was asked, may not be in its answer.
MARGIN = timedelta(seconds=60)
FEWEST = 1  # so many may always be shut out


class NotBelieved(Exception):
    """What the provider answered is not taken for its word. Nothing was changed."""


@dataclass
class Report:
    """What differed in one tenant, by the addresses of people. `problem`: why it was not looked into."""

    tenant: Tenant
    seen: int = 0
    followed: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    back: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    problem: str = ""
    is_away: bool = False

    def fail(self, error: AccountsError) -> None:
        self.problem, self.is_away = str(error) or type(error).__name__, isinstance(error, ProviderAway)

    @property
    def differs(self) -> bool:
        return bool(self.problem or self.changes)

    @property
    def changes(self) -> dict[str, list[str]]:
        said = {
            "changed": self.followed,
            "deactivated": self.stopped,
            "active again": self.back,
            "gone": self.ended,
            "could not be followed": self.failed,
        }
        return {what: who for what, who in said.items() if who}

    @property
    def figures(self) -> str:
        """Without anybody's address: for what is kept, and shown to the operators."""
        told = ", ".join(f"{len(who)} {what}" for what, who in self.changes.items())
        return f"{self.tenant.slug}: {self.problem or told or 'nothing differs'}"

    def __str__(self) -> str:
        told = "; ".join(f"{what}: {', '.join(who)}" for what, who in self.changes.items())
        return f"{self.tenant.slug}: {self.problem or told or 'nothing differs'}"


def reconcile(tenant: Tenant, *, force: bool = False, dry_run: bool = False) -> Report:
    """Ask for everybody of one tenant, and follow the answer. `force` believes it even if most people are gone;
    `dry_run` says what it would do. What keeps it from being done is in the report's `problem`.
    """
    report, asked_at = Report(tenant), timezone.now()
    found = connection_of(tenant)
    if found is None:
        report.problem = "its provider cannot be asked"
        return report
    provider, directory = found
    with problems_told(report):
        members = understood(lambda: directory.members(tenant.provider_tenant_id))
        listed = {each.subject: each for each in members}
        follow_all(report, provider, listed, asked_at=asked_at, force=force, dry_run=dry_run)
    return report


@contextmanager
def problems_told(report: Report) -> Iterator[None]:
    """Whatever goes wrong in the block is the report's `problem`: one organisation keeps no other from its turn."""
    try:
        yield
    except NotBelieved as refusal:
        report.problem = str(refusal)
        note_doubt(report.tenant, report.problem)
    except AccountsError as error:  # away, or refused
        report.fail(error)
    except (SchemaMissing, DatabaseError) as error:
        report.problem = f"{type(error).__name__}; see `manage.py doctor`"
    except Exception as error:
        logger.exception("%s could not be reconciled.", report.tenant.schema_name)
        report.problem = type(error).__name__


def connection_of(tenant: Tenant) -> tuple[Provider, Directory] | None:
    provider, directory = registry.provider_of(tenant), registry.directory_of(tenant)
    if provider is None or directory is None or Can.LIST_MEMBERS not in directory.can or not tenant.provider_tenant_id:
        return None
    return provider, directory


def follow_all(
    report: Report, provider: Provider, listed: Mapping[str, Member], *, asked_at: datetime, force: bool, dry_run: bool
) -> None:
    """One after another, each in a transaction of its own. Raises NotBelieved, having changed nobody."""
    if not listed:
        raise NotBelieved("the provider lists nobody")
    with in_tenant(report.tenant):
        people = known_people(provider, asked_at)
        shut_out = [person for person in people if is_shut_out(person, listed.get(person.subject), report.tenant)]
    if len(shut_out) > max(FEWEST, len(people) // 2) and not force:
        raise NotBelieved(f"{len(shut_out)} of {len(people)} people would be gone, deactivated or without a role")
    for person in people:
        follow(report, provider, person, listed.get(person.subject), dry_run=dry_run)


def is_shut_out(person: User, member: Member | None, tenant: Tenant) -> bool:
    """Whether this answer takes everything from him: his membership, his being active, or all that he has by it."""
    if member is None or (person.is_active and not member.is_active):
        return True
    word = word_of(member, tenant)
    return not word.roles and bool(role_sync.difference(person, word, tenant).lost)


def known_people(provider: Provider, asked_at: datetime) -> list[User]:
    """The provider's people here, without those about whom its answer may be older than what happened here."""
    recent = asked_at - MARGIN
    told = Q(done_at=None, given_up_at=None) | Q(done_at__gte=recent)
    unsettled = DirectoryTask.objects.filter(told, user__isnull=False).values("user")
    people = User.objects.members().filter(issuer__in=provider.issuers, joined_at__lt=recent)
    return list(people.exclude(pk__in=unsettled))


def follow(report: Report, provider: Provider, person: User, member: Member | None, *, dry_run: bool = False) -> None:
    """Nothing is locked or written for who is as the provider says. Who left meanwhile is left alone, and one who
    cannot be followed keeps nobody else from it.
    """
    report.seen += 1
    try:
        with in_tenant(report.tenant), context.in_the_name_of(provider.name):
            for change, said in changes(report, person, member):
                if not dry_run:
                    change()
                said.append(person.email)
    except User.DoesNotExist:
        return
    except (SchemaMissing, InterfaceError, OperationalError):  # of no one person
        raise
    except Exception:
        logger.exception("Person %s of %s could not be followed.", person.pk, report.tenant.schema_name)
        report.failed.append(person.email)


def changes(report: Report, person: User, member: Member | None) -> Iterator[tuple[Callable[[], object], list[str]]]:
    """What has to be done to make him what the provider says, and the list of the report that it belongs to."""
    if member is None:
        yield partial(membership.ended_there, person), report.ended
        return
    if person.is_active and not member.is_active:
        yield partial(membership.stopped_there, person), report.stopped
    if person.stopped_by_provider and member.is_active:
        yield partial(membership.back_there, person), report.back
    word = word_of(member, report.tenant)
    if role_sync.difference(person, word, report.tenant):
        yield partial(role_sync.take_over, person, word, report.tenant), report.followed


def word_of(member: Member, tenant: Tenant) -> Word:
    """What no token could say, an odd letter in a name or a role, is left out here as well."""
    return role_sync.said_now(
        roles=[name for name in member.roles if is_text(name)],
        tenant=tenant,
        email=member.email,
        name=member.name if is_text(member.name) else "",
        proven=member.email_verified,
    )


def read_anew(tenant: Tenant, subjects: Iterable[str]) -> Report:
    """Ask for these people alone. That one is not there any more is for the list of all to say."""
    report, asked_at = Report(tenant), timezone.now()
    found = connection_of(tenant)
    if found is None:
        report.problem = "its provider cannot be asked"
        return report
    provider, directory = found
    known: list[User] = []
    told: dict[str, Member | None] = {}
    with problems_told(report):
        there = tenant.provider_tenant_id
        told = understood(lambda: {subject: directory.member(there, subject) for subject in subjects})
        with in_tenant(tenant):
            known = [person for person in known_people(provider, asked_at) if person.subject in told]
        for person in known:
            if member := told[person.subject]:
                follow(report, provider, person, member)
    if any(told[person.subject] is None for person in known):
        return reconcile(tenant)
    return report


def note_doubt(tenant: Tenant, problem: str) -> None:
    """Told to the operators, once a day."""
    logger.error("ALERT: %s: %s. Nothing was changed; see `manage.py reconcile`.", tenant.schema_name, problem)
    kind, schema_name = PlatformEvent.Kind.NOT_FOLLOWED, tenant.schema_name
    with in_public():
        said = PlatformEvent.objects.filter(
            kind=kind, schema_name=schema_name, at__gte=timezone.now() - timedelta(days=1)
        )
        if not said.exists():
            PlatformEvent.objects.create(
                kind=kind, schema_name=schema_name, actor=tenant.provider, detail=problem[:300]
            )


# --- What is due ------------------------------------------------------------------------------------


def catch_up(*, seconds: float, only_events: bool = False) -> list[Report]:
    """Look into what events have come of, and into every tenant that was not looked into for RECONCILE_EVERY. Begins
    nothing more after so many seconds: the next round goes on with those that have waited longest.
    """
    ends, reports = time.monotonic() + seconds, []
    for tenant in due(only_events=only_events):
        if time.monotonic() > ends:
            break
        reports.append(look_into(tenant))
    return reports


def due(*, only_events: bool) -> list[Tenant]:
    """Connected tenants where something waits, events first; those that were never looked into as well."""
    with in_public():
        connected = connected_tenants()
        with_events = list(connected.filter(errand__in=Errand.objects.with_events()))
        if only_events:
            return with_events
        stale = connected.filter(Q(errand=None) | Q(errand__read_at=None) | Q(errand__read_at__lte=timezone.now()))
        others = stale.exclude(pk__in=[tenant.pk for tenant in with_events])
        return [*with_events, *others.order_by(F("errand__read_at").asc(nulls_first=True), "pk")]


def connected_tenants() -> TenantQuerySet:
    return Tenant.objects.served().filter(provider__in=registry.hosted_providers()).exclude(provider_tenant_id="")


def look_into(tenant: Tenant) -> Report:
    """An event about which the provider could not be asked waits for the next round."""
    subjects, everybody = errands.taken(tenant, next_read_at=timezone.now() + settings.RECONCILE_EVERY)
    report = reconcile(tenant) if everybody else read_anew(tenant, subjects)
    if report.problem:
        logger.warning("Not reconciled: %s.", report.figures)
    if report.is_away and subjects:
        errands.read(tenant)
    return report
