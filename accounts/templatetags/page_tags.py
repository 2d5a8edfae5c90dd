"""The small parts that many pages share: icons, faces, tabs, the way to the public pages."""

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.text import get_text_list

from accounts.models import Role
from tenants.models import public_url

TONES = 6
# How Django's "Can change user" is said to people: by subject, with the verbs in this order.
SUBJECTS = {
    "product": "Products",
    "category": "Categories",
    "user": "Members",
    "role": "Roles",
    "invitation": "Invitations",
}
VERBS = {"view": "see", "add": "add", "change": "change", "delete": "remove", "share": "share"}

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


@register.filter
def by_subject(permissions) -> list[tuple[str, str]]:
    """["Can view user", "Can change user"] -> [("Members", "see and change")]. Others come last, as they are."""
    names = [getattr(permission, "name", permission) for permission in permissions]
    said = [name.removeprefix("Can ").partition(" ")[::2] for name in names]
    lines = []
    for noun, subject in SUBJECTS.items():
        if verbs := [word for verb, word in VERBS.items() if (verb, noun) in said]:
            lines.append((subject, get_text_list(verbs, "and")))
    others = [f"{verb.lower()} {noun}" for verb, noun in said if noun not in SUBJECTS or verb not in VERBS]
    return [*lines, *([("Also", get_text_list(others, "and"))] if others else [])]
