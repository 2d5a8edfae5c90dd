"""Reading what was mailed."""

import re

from django.core.mail import EmailMessage

ADDRESS = re.compile(r"https?://\S+")


def path_in(message: EmailMessage, tenant) -> str:
    """The path of the one link in a mail that leads to `tenant`. Fails when a link leads anywhere else."""
    links = ADDRESS.findall(message.body)
    assert links, message.body
    assert all(link.startswith(tenant.absolute_url("/")) for link in links), links
    return max(links, key=len).removeprefix(tenant.absolute_url(""))
