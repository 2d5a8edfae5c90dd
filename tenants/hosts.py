"""Names of hosts: what one may look like, which are ours, and which a customer may bring along."""

import ipaddress
import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
LONGEST_HOST = 253
# The endings that no registry gives out, so that nobody can prove to own a name under them.
PRIVATE_ENDINGS = ("localhost", "local", "internal", "lan", "home", "arpa", "onion", "invalid")


def normalise(host: str) -> str:
    """The host as Domain stores it: lower case, no port, no trailing dot."""
    return host.lower().rsplit(":", 1)[0].rstrip(".")


def slug_of(host: str) -> str:
    """`acme` of acme.example.com on the site example.com; empty for any other host."""
    slug, _dot, rest = host.partition(".")
    return slug if rest == settings.BASE_DOMAIN else ""


def clean_host(raw: str) -> str:
    """A customer's host in its one form, or ValidationError in the reader's words.

    Names in other scripts are typed in their ASCII form (xn--…): what looks like a letter may be another.
    """
    host = raw.strip().rstrip(".")
    host = "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in host)
    labels = host.split(".")
    if len(host) > LONGEST_HOST or len(labels) < 2 or not all(map(LABEL.fullmatch, labels)) or is_number(host):
        raise ValidationError(
            _("Enter a domain such as shop.example.com: letters a–z, digits, hyphens and dots."), code="invalid"
        )
    if is_ours(host):
        raise ValidationError(_("Addresses under %(base)s are given by us."), "ours", {"base": settings.BASE_DOMAIN})
    if labels[-1] in PRIVATE_ENDINGS:
        raise ValidationError(_("Domains that end in .%(ending)s belong to nobody."), "private", {"ending": labels[-1]})
    return host


def is_number(host: str) -> bool:
    """An IP address, or what a browser would take for one: a last label of digits."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.rpartition(".")[2].isdigit()
    return True


def is_ours(host: str) -> bool:
    base = settings.BASE_DOMAIN
    return host == base or host.endswith(f".{base}") or base.endswith(f".{host}")
