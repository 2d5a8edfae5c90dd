"""What the bar at the top of every page shows."""

from django.utils.functional import SimpleLazyObject

from .models import SupportVisit


def membership(request):
    """`tenant`, `member` and `visit`; None on the public host and on error pages before they are known.

    `member` is looked up when a page uses it: the page for a broken database must not ask it who is there.
    `visit` is the support visit that the request is part of; `support_here` one that runs, for those who watch.
    """
    user = getattr(request, "user", None)
    return {
        "tenant": getattr(request, "tenant", None),
        "visit": getattr(request, "support_visit", None),
        "support_here": lambda: SupportVisit.objects.running().select_related("visitor").first(),
        "member": SimpleLazyObject(lambda: user if user is not None and user.is_authenticated else None),
    }
