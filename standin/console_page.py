"""How the console is drawn."""

from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from werkzeug.wrappers import Response

from .pages import fill, joined, page
from .world import Membership, Person

if TYPE_CHECKING:
    from .server import Recorded, StandIn

LAST_REQUESTS = 15


def console_page(idp: "StandIn", said: str) -> Response:
    body = fill(
        "console.html",
        title=idp.provider.title,
        url=idp.url,
        said=fill("said.html", said=said) if said else "",
        people=joined(person_card(idp, person) for person in idp.world.people.values()),
        keys=joined(key_rows(idp)),
        faults=joined(fill("fault.html", prefix=prefix, times=shown(times)) for prefix, times in idp.faults.planned()),
        lies=lies(idp),
        send=send(idp),
        requests=joined(fill("request.html", method=each.method, path=each.path) for each in last_requests(idp)),
    )
    return page(idp.provider.title, "Console", body)


def last_requests(idp: "StandIn") -> "list[Recorded]":
    """The newest first, without those of the console itself."""
    return [each for each in reversed(idp.requests) if not each.path.startswith("/_standin/")][:LAST_REQUESTS]


def person_card(idp: "StandIn", person: Person) -> Markup:
    memberships = idp.world.memberships_of(person)
    elsewhere = [each for each in idp.world.tenants.values() if each not in [own.tenant for own in memberships]]
    return fill(
        "console_person.html",
        subject=person.subject,
        name=person.name,
        email=person.email,
        verified="verified" if person.verified else "not verified",
        verify="Mark as not verified" if person.verified else "Mark as verified",
        lock="Unlock" if person.locked else "Lock",
        state="locked" if person.locked else "",
        memberships=joined(membership_row(idp, each) for each in memberships),
        join=fill(
            "console_join.html", subject=person.subject, tenants=options((each.id, each.name) for each in elsewhere)
        )
        if elsewhere
        else "",
    )


def membership_row(idp: "StandIn", membership: Membership) -> Markup:
    roles = (fill("console_role.html", key=key, checked=checked(key in membership.roles)) for key in [*idp.world.roles])
    return fill(
        "console_membership.html",
        subject=membership.person.subject,
        tenant=membership.tenant.id,
        name=membership.tenant.name,
        roles=joined(roles),
        state=", ".join(
            state for state, on in {"disabled": membership.disabled, "invited": membership.invited}.items() if on
        ),
        switch="Enable" if membership.disabled else "Disable",
    )


def key_rows(idp: "StandIn") -> list[Markup]:
    held_back = [idp.keys.current] if idp.keys.current not in idp.keys.announced else []
    return [
        fill(
            "console_key.html",
            kid=key.kid,
            algorithm=key.algorithm,
            state="signs" if key is idp.keys.current else "announced",
            shown="not in the key set" if key in held_back else "",
        )
        for key in [*held_back, *idp.keys.announced]
    ]


def lies(idp: "StandIn") -> Markup:
    faults = idp.faults
    return fill(
        "console_lies.html",
        minutes=f"{faults.clock_offset.total_seconds() / 60:g}",
        issuer=faults.issuer or "",
        audience=faults.audience or "",
        tenant=faults.tenant or "",
        nonce=faults.nonce or "",
        rotate=checked(faults.rotate_refresh_tokens),
        opaque=checked(faults.opaque_access_tokens),
        no_keys=checked(faults.keys_dropped),
    )


def send(idp: "StandIn") -> Markup:
    if not idp.provider.events:
        return Markup()
    return fill(
        "console_send.html",
        url=idp.webhook_url,
        events=options((name, name) for name in idp.provider.events),
        people=options((each.subject, each.name) for each in idp.world.people.values()),
        tenants=options((each.id, each.name) for each in idp.world.tenants.values()),
    )


def options(pairs: Any) -> Markup:
    return joined(fill("option.html", value=value, text=text) for value, text in pairs)


def checked(on: bool) -> Markup:
    return Markup(" checked") if on else Markup()


def shown(times: int | None) -> str:
    return "until cleared" if times is None else f"{times} times"
