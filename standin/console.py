"""The console at /_standin/: see and change people, keys and faults by hand, and send an event to the site.

Plain forms. Each goes back to the page, which says what was done.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import requests
from werkzeug.datastructures import MultiDict
from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from .console_page import console_page
from .routing import Part, Refused, route
from .world import Person, Tenant, stable_id

HOME = "/_standin/"
STYLE = Path(__file__).parent / "static" / "standin.css"
Form = MultiDict[str, str]


class Console(Part):
    @route("/")
    def root(self, request: Request) -> Response:
        return Response(status=302, headers={"Location": HOME})

    @route(HOME)
    def page(self, request: Request) -> Response:
        return console_page(self.idp, said=request.args.get("said", ""))

    @route("/_standin/standin.css")
    def style(self, request: Request) -> Response:
        return Response(STYLE.read_text(), content_type="text/css; charset=utf-8")

    def rules(self) -> Iterator[Rule]:
        yield from super().rules()
        for name in ACTIONS:
            endpoint = partial(self.act, getattr(self, name))
            yield Rule(f"{HOME}{name.replace('_', '-')}", methods=["POST"], endpoint=endpoint)

    def act(self, action: Callable[[Form], str], request: Request) -> Response:
        """Do it and go back. Not for pages of other sites that happen to be open in the same browser."""
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise Refused(403, {"message": "Only from the console itself."})
        try:
            said = action(request.form)
        except (LookupError, ValueError) as error:
            said = f"Nothing was changed: {error}"
        return Response(status=303, headers={"Location": f"{HOME}?{urlencode({'said': said})}"})

    def roles(self, form: Form) -> str:
        person, tenant = self.both(form)
        self.world.set_roles(person, tenant, form.getlist("role"))
        return f"{person.name} in {tenant.name}: {', '.join(form.getlist('role')) or 'no role'}."

    def switch(self, form: Form) -> str:
        person, tenant = self.both(form)
        membership = self.world.memberships[person.subject, tenant.id]
        membership.disabled = not membership.disabled
        return f"{person.name} is {'disabled' if membership.disabled else 'enabled'} in {tenant.name}."

    def leave(self, form: Form) -> str:
        person, tenant = self.both(form)
        self.world.leave(person, tenant)
        return f"{person.name} left {tenant.name}."

    def join(self, form: Form) -> str:
        person, tenant = self.both(form)
        if self.world.membership(person, tenant):
            return f"{person.name} is in {tenant.name} already."
        self.world.join(person, tenant)
        return f"{person.name} joined {tenant.name}, without a role."

    def verify(self, form: Form) -> str:
        person = self.world.person(form["person"])
        person.verified = not person.verified
        return f"The address of {person.name} is {'verified' if person.verified else 'not verified'}."

    def lock(self, form: Form) -> str:
        person = self.world.person(form["person"])
        person.locked = not person.locked
        return f"{person.name} is {'locked' if person.locked else 'unlocked'}."

    def person(self, form: Form) -> str:
        email = form["email"].strip()
        if "@" not in email or any(each.email == email for each in self.world.people.values()):
            raise ValueError("that needs an address that nobody has yet.")
        person = self.world.add_person(email, email=email, name=form.get("name", "").strip())
        return f"{person.name} has an account."

    def organisation(self, form: Form) -> str:
        name = form["name"].strip()
        if not name:
            raise ValueError("an organisation needs a name.")
        tenant_id = form.get("id", "").strip() or stable_id(self.idp.provider.name, "tenant", name)
        if tenant_id in self.world.tenants:
            raise ValueError("there is one with this id.")
        self.world.add_tenant(tenant_id, name=name)
        return f"{name} is an organisation."

    def rotate(self, form: Form) -> str:
        key = self.idp.keys.rotate(keep_old="drop" not in form, announce="hold" not in form)
        return f"{key.kid} signs from now on."

    def announce(self, form: Form) -> str:
        self.idp.keys.announce()
        return "The key set shows every key in use."

    def revoke(self, form: Form) -> str:
        self.idp.keys.revoke(form["kid"])
        return f"{form['kid']} is not in the key set any more."

    def fault(self, form: Form) -> str:
        faults, prefix, number = self.idp.faults, form["prefix"], float(form.get("number") or 0)
        times = int(form["times"]) if form.get("times") else None
        if not prefix.startswith("/") or prefix == "/":
            raise ValueError("a fault needs a path.")
        match form["kind"]:
            case "status" if 200 <= number < 600:
                faults.answer(prefix, int(number), times)
            case "delay" if 0 < number <= 600:
                faults.delay(prefix, number, times)
            case "drip":
                faults.drip(prefix, times)
            case "huge":
                faults.huge(prefix, times)
            case _:
                raise ValueError("the number does not fit.")
        return f"{prefix} goes wrong now."

    def lies(self, form: Form) -> str:
        faults = self.idp.faults
        minutes = float(form.get("minutes") or 0)
        if abs(minutes) > 60 * 24 * 366:
            raise ValueError("the clock goes wrong by a year at most.")
        faults.clock_offset = timedelta(minutes=minutes)
        for name in ("issuer", "audience", "tenant", "nonce"):
            setattr(faults, name, form.get(name) or None)
        faults.rotate_refresh_tokens = "rotate" in form
        faults.opaque_access_tokens = "opaque" in form
        faults.keys_dropped = "no_keys" in form
        return "Tokens are issued that way now."

    def clear(self, form: Form) -> str:
        self.idp.faults.clear()
        return "Everything works again."

    def send(self, form: Form) -> str:
        person = self.world.person(form["person"]) if form.get("person") else None
        tenant = self.world.tenant(form["tenant"]) if form.get("tenant") else None
        url = form["url"]
        if not self.idp.addresses.is_here(url):
            raise ValueError("events are sent to this machine alone.")
        try:
            event = self.idp.event(form["event"], person=person, tenant=tenant)
            response = self.idp.send_webhook(url, event, variant=form["variant"])
        except (requests.RequestException, NotImplementedError) as error:
            return f"Nothing was delivered: {error}"
        self.idp.webhook_url = url
        return f"The site answered {response.status_code}."

    def both(self, form: Form) -> tuple[Person, Tenant]:
        return self.world.person(form["person"]), self.world.tenant(form["tenant"])


ACTIONS = (
    *("roles", "switch", "leave", "join", "verify", "lock", "person", "organisation"),
    *("rotate", "announce", "revoke", "fault", "lies", "clear", "send"),
)
