"""Domains of the customers' own: claimed by anybody, served once the DNS says whose they are.

A claim is a wish. Its proof is a TXT record under the domain, which only who runs the domain can make; it is
asked for at the press of a button and by `manage.py verify_domains`, and it has to stay there: a domain that
was given up, and that somebody else registers, must not go on leading to the customer before.

The DNS is asked before anything is locked. Source: docs/decisions/0012-platform.md
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.resolver
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .exceptions import ClaimError
from .hosts import clean_host
from .models import Domain, DomainClaim, Tenant
from .schema import in_public

logger = logging.getLogger(__name__)

MOST_CLAIMS = 10  # a tenant


@dataclass(frozen=True)
class Answer:
    """What the DNS said of one claim."""

    proves: bool
    problem: str = ""


def claim(tenant: Tenant, domain: str) -> DomainClaim:
    """Note that the tenant wants this host. It is not served before it is proven.

    Others may claim it as well: only who proves it gets it. Raises ValidationError, ClaimError.
    """
    host = clean_host(domain)
    with in_public():
        Tenant.objects.select_for_update(no_key=True, of=("self",)).get(pk=tenant.pk)
        claims = DomainClaim.objects.filter(tenant_id=tenant.pk)
        if claims.count() >= MOST_CLAIMS:
            raise ClaimError(_("An organisation may have %(most)s domains.") % {"most": MOST_CLAIMS})
        if claims.filter(domain=host).exists():
            raise ClaimError(_("%(host)s is on your list already.") % {"host": host})
        return DomainClaim.objects.create(tenant_id=tenant.pk, domain=host)


def withdraw(claim: DomainClaim) -> None:
    """Give the host up: it is not served from the next request on."""
    with in_public():
        row = DomainClaim.objects.select_for_update(of=("self",)).filter(pk=claim.pk).first()
        if row:
            _switch_off(row)
            row.delete()


def ask(claim: DomainClaim) -> Answer:
    """Ask the DNS for the claim's record. Takes DNS_TIMEOUT seconds at most, and raises nothing."""
    try:
        found = _resolver().resolve(dns.name.from_text(f"{claim.record_name}."), "TXT", lifetime=settings.DNS_TIMEOUT)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return Answer(False, _("There is no TXT record at %(name)s yet.") % {"name": claim.record_name})
    except (dns.exception.DNSException, OSError) as error:
        logger.info("The DNS did not answer for %s: %s", claim.domain, type(error).__name__)
        return Answer(False, _("The name servers of this domain did not answer."))
    values = {b"".join(record.strings) for record in found}
    if claim.record_value.encode() in values:
        return Answer(True)
    return Answer(False, _("The TXT record at %(name)s has another value.") % {"name": claim.record_name})


def _resolver() -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=not settings.DNS_NAMESERVERS)
    if settings.DNS_NAMESERVERS:
        resolver.nameservers, resolver.port = settings.DNS_NAMESERVERS, settings.DNS_PORT
    return resolver


def settle(claim: DomainClaim, answer: Answer, *, tell: Callable[[DomainClaim], None]) -> DomainClaim:
    """Write down what the DNS said, and switch the host on or off by it. Returns the claim as it is then.

    `tell` is called, in the transaction, with each claim whose host went on or off: this one, and whoever
    had the host before. Raises DomainClaim.DoesNotExist for one that was withdrawn meanwhile.
    """
    with transaction.atomic():
        with in_public():
            row = DomainClaim.objects.select_for_update(of=("self",)).get(pk=claim.pk)
            row.checked_at = timezone.now()
            switched = _prove(row) if answer.proves else _doubt(row, answer.problem)
            row.save()
        for one in switched:  # in the schema of whoever asked
            tell(one)
    return row


# Each of these returns the claims whose host it has switched.


def _prove(row: DomainClaim) -> list[DomainClaim]:
    row.failing_since, row.last_problem = None, ""
    if row.verified_at and _domain_of(row).exists():
        return []
    lost = _take_over(row)
    try:
        with transaction.atomic():
            row.verified_at = timezone.now()
            row.save(update_fields=["verified_at"])
            Domain.objects.bulk_create([Domain(tenant_id=row.tenant_id, domain=row.domain, is_primary=False)])
    except IntegrityError:
        row.verified_at = None
        row.last_problem = _("Another organisation is served at this domain, and its record is still there.")
        return lost
    return [*lost, row]


def _take_over(row: DomainClaim) -> list[DomainClaim]:
    """Whoever had the host and could not prove it when last asked loses it to the one who just did."""
    others = DomainClaim.objects.filter(domain=row.domain, failing_since__isnull=False).exclude(pk=row.pk)
    lost = [other for other in others.select_for_update(of=("self",)) if _switch_off(other)]
    for other in lost:
        other.save(update_fields=["verified_at"])
    return lost


def _doubt(row: DomainClaim, problem: str) -> list[DomainClaim]:
    """A proven host stays on for DOMAIN_PROOF_GRACE: name servers fail, and people make mistakes."""
    row.last_problem = problem
    row.failing_since = row.failing_since or timezone.now()
    if row.verified_at and row.failing_since <= timezone.now() - settings.DOMAIN_PROOF_GRACE:
        logger.warning("%s is no longer proven, and off.", row.domain)
        return [row] if _switch_off(row) else []
    return []


def _switch_off(row: DomainClaim) -> bool:
    """Was it on?"""
    was_on = row.verified_at is not None
    if was_on:
        _domain_of(row).delete()
        row.verified_at = None
    return was_on


def _domain_of(row: DomainClaim):
    return Domain.objects.filter(tenant_id=row.tenant_id, domain=row.domain, is_primary=False)


def verify_all(*, tell: Callable[[DomainClaim], None]) -> tuple[int, int]:
    """Ask anew for every claim, the proven ones first: what was lost is free before somebody else proves it.

    Returns how many are proven, and how many there are.
    """
    with in_public():
        claims = list(DomainClaim.objects.order_by("verified_at", "pk"))
    proven = 0
    for claim in claims:
        try:
            proven += settle(claim, ask(claim), tell=tell).verified_at is not None
        except DomainClaim.DoesNotExist:
            continue
    return proven, len(claims)
