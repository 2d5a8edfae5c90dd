"""The pages that people see: small HTML files, filled in by markupsafe, which escapes every value."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from werkzeug.wrappers import Response

from .world import Membership, Person, World

if TYPE_CHECKING:
    from .oauth import HostedProvider
    from .signin import Asked

TEMPLATES = Path(__file__).parent / "templates"
# No form-action: Chromium applies it to the redirect after a form too, which leads back to the site.
POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"


def fill(template: str, **values: Any) -> Markup:
    """The template with its {names} filled in, escaped unless they are Markup."""
    return Markup((TEMPLATES / template).read_text()).format(**values)  # noqa: S704  (our own file)


def joined(parts: Any) -> Markup:
    return Markup().join(parts)


def page(provider: str, title: str, body: Markup, status: int = 200) -> Response:
    text = fill("base.html", provider=provider, title=title, body=body)
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(text, status, headers, content_type="text/html; charset=utf-8")


def message_page(provider: str, title: str, sentence: str, status: int = 200) -> Response:
    return page(provider, title, fill("message.html", title=title, sentence=sentence), status)


def sign_in_page(provider: "HostedProvider", world: World, asked: "Asked") -> Response:
    """Everybody there is, those first whom the request means."""
    hint = asked.args.get("login_hint", "")
    people = sorted(world.people.values(), key=lambda person: (person.email != hint, not belongs(world, person, asked)))
    lead = f"Pick who signs in to {asked.tenant.name}." if asked.tenant else "Pick who signs in."
    body = fill(
        "sign_in.html",
        lead=lead,
        people=joined(person_row(provider, world, person, asked) for person in people),
        organisation=fill("organisation.html") if provider.founds_tenant else "",
    )
    return page(provider.title, "Sign in", body)


def belongs(world: World, person: Person, asked: "Asked") -> bool:
    return asked.tenant is None or world.membership(person, asked.tenant) is not None


def person_row(provider: "HostedProvider", world: World, person: Person, asked: "Asked") -> Markup:
    memberships = [each for each in world.memberships_of(person) if asked.tenant in (None, each.tenant)]
    if provider.picks_tenant or asked.tenant:
        choices = joined(tenant_choice(person, each) for each in memberships)
    else:
        choices = Markup()
    return fill(
        "person.html",
        name=person.name,
        email=person.email,
        initials="".join(word[0] for word in person.name.split()[:2]).upper(),
        notes=", ".join(notes(person)),
        choices=choices or fill("choice.html", subject=person.subject, tenant="", label="Sign in", detail=""),
    )


def tenant_choice(person: Person, membership: Membership) -> Markup:
    state = "disabled" if membership.disabled else ", ".join(membership.roles) or "no role"
    tenant = membership.tenant
    return fill("choice.html", subject=person.subject, tenant=tenant.id, label=tenant.name, detail=state)


def notes(person: Person) -> list[str]:
    facts = {"e-mail not verified": not person.verified, "locked": person.locked}
    return [note for note, true in facts.items() if true]
