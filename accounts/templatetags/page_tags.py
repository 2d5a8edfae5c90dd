"""The small parts that many pages share: icons, faces, tabs, the way to the public pages."""

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html

from accounts.models import Role
from tenants.models import public_url

TONES = 6

register = template.Library()


@register.simple_tag
def icon(name: str) -> str:
    """One symbol of `tenantry/icons.svg`, for the eye only: the words stand beside it."""
    markup = '<svg class="icon" width="18" height="18" aria-hidden="true"><use href="{}#{}"></use></svg>'
    return format_html(markup, static("tenantry/icons.svg"), name)


@register.inclusion_tag("accounts/_avatar.html")
def avatar(who, size: str = "") -> dict:
    """The face of a person: the picture, or initials on one of six colours. A role gets its shield."""
    return {"who": who, "size": size, "tone": who.pk % TONES, "is_role": isinstance(who, Role)}


@register.inclusion_tag("_nav_link.html", takes_context=True)
def nav_link(context, name: str, words: str, picture: str) -> dict:
    """A tab of the bar or of the account pages; the current one says so."""
    address = reverse(name)
    path = getattr(context.get("request"), "path", "")
    return {"address": address, "words": words, "picture": picture, "is_current": path.startswith(address)}


@register.simple_tag
def public_page(name: str = "landing") -> str:
    """The address of a public page, from wherever one is: the tenants' hosts, and those that are nobody's, too."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return public_url(reverse(name, urlconf=settings.PUBLIC_SCHEMA_URLCONF))


@register.simple_tag
def pages(page) -> list:
    """The page numbers worth a link: the ends, those around this one, and an ellipsis for the rest."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1))
