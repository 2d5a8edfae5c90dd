"""The door, asked from a template: `{% allows member "catalog.change_product" product as may_change %}`.

For one object on its own page. A list asks in its view, once for all rows.
"""

from django import template

from accounts import access

register = template.Library()


@register.simple_tag
def allows(user, permission: str, obj=None) -> bool:
    """May `user` (None: a visitor) do this to `obj`, or to every row if there is no `obj`?"""
    return bool(user) and access.allows(user, permission, obj)
