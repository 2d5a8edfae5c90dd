"""What the bar at the top of every page shows."""


def membership(request):
    """`tenant` and `member`; both None on the public host and on error pages before they are known."""
    user = getattr(request, "user", None)
    return {
        "tenant": getattr(request, "tenant", None),
        "member": user if user is not None and user.is_authenticated else None,
    }
