"""The address part of a tenant: `acme` in acme.example.com.

A slug becomes a host name and, with a prefix, a schema name. The strict pattern and the prefix keep
both out of PostgreSQL's and our own name space. Source: docs/threat-model.md, rows S1 to S3.
"""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

SLUG_PATTERN = re.compile(r"[a-z][a-z0-9-]{2,29}")
SCHEMA_PREFIX = "t_"

# Names that would pass the pattern but belong to the product, to PostgreSQL or to the network.
RESERVED_SLUGS = frozenset(
    """
    about abuse account accounts admin administrator api app apps assets auth autoconfig autodiscover
    billing blog cdn console dashboard demo-admin dev docs domain download email ftp help host hostmaster
    imap information-schema internal invite localhost login logout mail mailer-daemon media metrics mobile
    news noc noreply ns1 ns2 operator pg-catalog pg-toast platform pop pop3 postgres postmaster public
    register root sandbox security server sign-in sign-up signin signup smtp ssl staging static status
    sub support system template tenant tenants test tls usenet uucp webmail webmaster wpad www
    """.split()  # noqa: SIM905  (as a list it would fill the screen)
)


def clean_slug(raw: str) -> str:
    """Return the slug in its one form, or raise ValidationError in the reader's words.

    Lower-casing is ASCII only: a Turkish dotless i or a full-width letter is refused, not folded.
    """
    slug = "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in raw)
    if not SLUG_PATTERN.fullmatch(slug) or slug.endswith("-") or "--" in slug:
        raise ValidationError(
            _("Use 3 to 30 letters a–z, digits and single hyphens, starting with a letter."), code="invalid"
        )
    if slug in RESERVED_SLUGS:
        raise ValidationError(
            _("“%(slug)s” is reserved. Please choose another."), code="reserved", params={"slug": slug}
        )
    return slug


def schema_name_for(slug: str) -> str:
    """`green-tea` lives in `t_green_tea`. A slug has no underscore, so no two slugs share a schema."""
    return SCHEMA_PREFIX + slug.replace("-", "_")


# The operators' own tenant: its members run the platform. Its slug is reserved, so nobody signs it up.
PLATFORM_SLUG = "platform"
PLATFORM_SCHEMA = schema_name_for(PLATFORM_SLUG)
