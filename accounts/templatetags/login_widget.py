"""Signing in on a page of one's own: `{% load login_widget %}{% login_widget "sign-up-or-in" "/" %}`."""

import secrets

from allauth.account.adapter import get_adapter
from django import template
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.flows import widget_sign_in
from accounts.providers import registry
from accounts.providers.base import Provider
from accounts.providers.widget import Widget

register = template.Library()


@register.simple_tag(takes_context=True)
def login_widget(context, flow: str = "sign-in", next: str = "/") -> str:
    """The sign-in of this organisation's provider: its widget, or a button that leads to its page.

    `flow` is sign-in, sign-up or sign-up-or-in, or a flow of the provider's by its own name; `next` a path of this
    host, where one goes afterwards.
    """
    request = context["request"]
    provider = registry.provider_of(request.tenant) if request.tenant else None
    if provider is None:
        return ""
    next = next if get_adapter().is_safe_url(next) else "/"
    if provider.widget is None:
        return render_to_string("providers/_sign_in_button.html", {"provider": provider, "next": next})
    widget_sign_in.begin(request.session)
    return drawn(context, provider, provider.widget, flow=provider.widget.flows.get(flow, flow), next=next)


@register.simple_tag(takes_context=True)
def standing_widget(context, **changes: str) -> str:
    """In the base template: a widget that has to be on every page to keep its session going. Mostly nothing.

    `changes` take the place of what its template is told otherwise.
    """
    tenant = getattr(context.get("request"), "tenant", None)
    if tenant is None or tenant.provider == "local":
        return ""
    provider = registry.provider_of(tenant)
    if provider is None or provider.widget is None or not provider.widget.stands_on_every_page:
        return ""
    if hasattr(context["request"], "session"):  # not on a page of refusal from before it is read
        widget_sign_in.begin(context["request"].session)
    return drawn(context, provider, provider.widget, **changes)


def drawn(context, provider: Provider, widget: Widget, **more) -> str:
    """Its HTML, values escaped by the template. The page's policy lets it in; its script comes once a page."""
    request = context["request"]
    shown = request.__dict__.setdefault("widgets_shown", set())
    is_first = widget.script not in shown
    shown.add(widget.script)
    request.widget_policy = widget.policy
    # By the tenant's own addresses: a page of refusal may be one of the public site's.
    routes = {name: reverse(route, urlconf=settings.ROOT_URLCONF) for name, route in widget.routes.items()}
    return render_to_string(
        widget.template,
        {
            **widget.options,
            **routes,
            **more,
            "widget_id": f"widget-{secrets.token_hex(6)}",
            "provider": provider,
            "script": widget.script,
            "is_first": is_first,
            "csrf_token": context.get("csrf_token", ""),
            "tenant": request.tenant,
            "request": request,
        },
    )
