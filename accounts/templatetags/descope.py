"""As in Descope's own package: `{% load descope %}{% descope_flow "sign-up-or-in" "/" %}`."""

from django import template

from .login_widget import login_widget

register = template.Library()


@register.simple_tag(takes_context=True)
def descope_flow(context, flow: str, next: str = "/") -> str:
    return login_widget(context, flow, next)
