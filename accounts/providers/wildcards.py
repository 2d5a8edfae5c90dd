"""Permissions that stand for several: `fe.secure.*`, as Frontegg has them."""


def matches(pattern: str, permission: str) -> bool:
    """Letter by letter, a star standing for any number of letters. Takes one walk, however many stars there are."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == permission
    *middle, last = rest
    if not permission.startswith(first):
        return False
    at = len(first)
    for part in middle:
        at = permission.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return len(permission) - at >= len(last) and permission.endswith(last)
