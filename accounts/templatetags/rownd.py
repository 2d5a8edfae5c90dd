"""The snippet that Rownd wants on each page: `{% load rownd %}{% rownd_snippet %}`. Our base template has it."""

from django import template

from .login_widget import standing_widget

register = template.Library()


@register.simple_tag(takes_context=True)
def rownd_snippet(context, method: str = "POST", authenticate: str = "", sign_out: str = "", headers: str = "") -> str:
    """The Hub calls `authenticate` and `sign_out` by `method`, with `headers` (a JSON object) beside the CSRF token.

    Without them the two addresses are ours. The first snippet of a page counts.
    """
    changes = {"method": method, "authenticate": authenticate, "sign_out": sign_out, "headers": headers}
    return standing_widget(context, **{name: value for name, value in changes.items() if value})
