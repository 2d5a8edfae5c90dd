"""Prices and rights as people say them."""

from decimal import Decimal

from django import template
from django.utils.text import get_text_list

SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "CAD": "CA$", "AUD": "A$", "NZD": "NZ$"}
NO_CENTS = {"JPY"}
RIGHTS = {"view": "view", "change": "change", "delete": "delete", "add": "add products here"}

register = template.Library()


@register.filter
def money(amount: Decimal, currency: str) -> str:
    """`24.9|money:"EUR"` -> "€24.90"; without a sign of its own, "CHF 24.90"."""
    number = f"{amount:,.0f}" if currency in NO_CENTS and amount == int(amount) else f"{amount:,.2f}"
    return f"{SIGNS[currency]}{number}" if currency in SIGNS else f"{currency}\N{NO-BREAK SPACE}{number}"


@register.filter
def right(permission: str) -> str:
    """`catalog.change_product` -> "change"."""
    return RIGHTS.get(permission.partition(".")[2].partition("_")[0], permission)


@register.filter
def rights(permissions: list[str]) -> str:
    """["catalog.view_product", "catalog.change_product"] -> "view and change"."""
    return get_text_list([right(permission) for permission in permissions], "and")
