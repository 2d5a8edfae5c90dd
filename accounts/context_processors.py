"""What the bar at the top of every page shows."""

from django.utils.functional import SimpleLazyObject


def membership(request):
    """`tenant` and `member`; both None on the public host and on error pages before they are known.

    `member` is looked up when a page uses it: the page for a broken database must not ask it who is there.
    """
    user = getattr(request, "user", None)
    return {
        "tenant": getattr(request, "tenant", None),
        "member": SimpleLazyObject(lambda: user if user is not None and user.is_authenticated else None),
    }
