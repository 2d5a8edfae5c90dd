"""The demo with an identity provider: one that is played on this machine, whose people are the demo's own.

The stand-in (standin/) runs beside the site and ends with it. Its people are those of the seed, with the same roles:
what a password opened is now opened by picking a person on the provider's page.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.urls import reverse

from accounts.flows import connect
from accounts.models import LOCAL_ISSUER, Role, SyncedRole, User
from accounts.providers import registry
from tenants.models import Tenant, public_url
from tenants.schema import in_public, in_tenant

from .seed import ORGANISATIONS, OWNER_NAME, PEOPLE_NAMES, Organisation

NAMES = ("frontegg", "auth0", "descope", "rownd", "oidc")
STAND_IN_URL = "STAND_IN_URL"  # tells the demo that its provider is a stand-in, and where
PATIENCE = 20  # seconds
# Beside the people of the seed: one without an organisation, and one whose address is not proven.
OTHERS = (
    {"handle": "nell", "name": "Nell Newcomer", "email": "nell@elsewhere.example"},
    {"handle": "una", "name": "Una Unproven", "email": "una@acme.example", "verified": False, "role": "Editor"},
)


# --- The stand-in -------------------------------------------------------------------------------------


def run_with_stand_in(name: str, port: int) -> int:
    """Serve the demo, as a process of its own whose settings point at the stand-in. Returns how it ended."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # neither of the two outlives this process
    with playing(name, port) as environment:
        demo = subprocess.Popen([sys.executable, sys.argv[0], "demo"], env=environment)  # noqa: S603 - ourselves
        try:
            return demo.wait()
        except KeyboardInterrupt:  # Ctrl-C has reached it as well
            return demo.wait(timeout=PATIENCE)
        finally:
            demo.terminate()
            demo.wait(timeout=PATIENCE)


@contextmanager
def playing(name: str, port: int) -> Iterator[Mapping[str, str]]:
    """The stand-in, while the block runs; the environment that points a process at it."""
    with tempfile.TemporaryDirectory() as folder:
        seed = Path(folder) / "seed.json"
        seed.write_text(json.dumps(seed_of(ORGANISATIONS)))
        webhook = public_url(f"/auth/events/{name}/")
        options = ["--provider", name, "--port", str(port), "--seed", str(seed), "--webhook", webhook]
        stand_in = subprocess.Popen(  # noqa: S603 - a package of ours, and a name from a list
            [sys.executable, "-m", "standin", *options], cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True
        )
        try:
            yield {**os.environ, **said_by(stand_in), STAND_IN_URL: f"http://127.0.0.1:{port}"}
        finally:
            stand_in.terminate()
            stand_in.wait(timeout=PATIENCE)


def said_by(stand_in: subprocess.Popen) -> dict[str, str]:
    """The variables that it prints when it is ready, up to the empty line."""
    found: dict[str, str] = {}
    for line in iter(stand_in.stdout.readline, ""):  # type: ignore[union-attr]
        variable, sign, value = line.strip().partition("=")
        if sign and not line.startswith("#"):
            found[variable] = value.strip("'\"")
        elif found:
            return found
    raise CommandError("The stand-in ended before it was ready.")


def seed_of(organisations: tuple[Organisation, ...]) -> dict[str, Any]:
    """The demo's people and roles, as the stand-in reads them."""
    people: dict[str, dict[str, Any]] = {}
    for organisation in organisations:
        for key, address in organisation.addresses.items():
            name = OWNER_NAME if key == "owner" else PEOPLE_NAMES[key]
            person = {"handle": address, "name": name, "email": address, "subject": subject_of(address)}
            roles = [key.title(), "is_staff"] if key == "owner" else [key.title()]
            people.setdefault(address, {**person, "memberships": {}})["memberships"][organisation.slug] = roles
    for other in OTHERS:
        role = other.get("role")
        facts = {name: value for name, value in other.items() if name != "role"}
        people[str(other["email"])] = {**facts, "memberships": {organisations[0].slug: [role]} if role else {}}
    tenants = [{"id": each.slug, "name": each.name, "alias": each.slug} for each in organisations]
    return {"roles": {}, "tenants": tenants, "people": list(people.values())}


def subject_of(address: str) -> str:
    return f"user-{address.replace('@', '-')}"


# --- The site's side ----------------------------------------------------------------------------------


def connect_demo(name: str) -> None:
    """Let the demo's organisations come by this provider, `local` for passwords, and its people be the ones there."""
    provider = registry.hosted_providers().get(name)
    for organisation in ORGANISATIONS:
        with in_public():
            tenant = Tenant.objects.get(slug=organisation.slug)
        if provider is None and tenant.provider == "local":
            continue
        if provider is None:
            connect.connect(tenant, provider="local")
        else:
            connect.connect(tenant, provider=name, tenant_id=organisation.slug, admits=Tenant.Admission.PROVIDER)
        move_people(organisation, tenant, provider.issuer if provider else LOCAL_ISSUER)


def move_people(organisation: Organisation, tenant: Tenant, issuer: str) -> None:
    """The same rows, so that history and grants stay theirs: in a demo we know who is who at the provider.

    Their roles are held by the provider's word then, and lost by it.
    """
    with in_tenant(tenant):
        for key, address in organisation.addresses.items():
            person = User.objects.members().filter(email=address).order_by("pk").first()
            if person is None:  # somebody removed him
                continue
            person.issuer, person.subject = issuer, subject_of(address)
            person.address_proven, person.synced_at, person.synced_token = True, None, ""
            person.save()
            role = Role.objects.get(key=key)
            person.groups.set([role.group])
            SyncedRole.objects.filter(user=person).delete()
            if issuer != LOCAL_ISSUER:
                SyncedRole.objects.create(user=person, role=role)


def addresses(name: str) -> list[str]:
    """What `make demo` prints besides."""
    at = os.environ[STAND_IN_URL]
    return [
        f"Stand-in          {at}  plays {name}: pick a person on its page",
        f"  its console     {at}/_standin/  take a role away, and see it gone here at the next sign-in or refresh",
        f"  sign up         {public_url(reverse('sign-up', urlconf='config.urls.public'))}",
        "",
    ]
