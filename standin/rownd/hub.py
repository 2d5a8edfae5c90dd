"""The Hub: the script that every page of the site carries, and the calls that it makes."""

import secrets
from hmac import compare_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from ..routing import Part, answer, body_of, route
from ..scripts import script
from ..world import Person
from .errors import wrong
from .invitations import take_up

if TYPE_CHECKING:
    from ..server import StandIn
    from . import Rownd

SOURCE = Path(__file__).parent.parent / "static" / "rph.js"


class Hub(Part):
    SCRIPT = "/static/scripts/rph.js"

    def __init__(self, idp: "StandIn", rownd: "Rownd") -> None:
        super().__init__(idp)
        self.rownd = rownd

    @route(SCRIPT)
    def source(self, request: Request) -> Response:
        return script(SOURCE)

    @route("/hub/app-config")
    def app_config(self, request: Request) -> Response:
        self.check_key(request)
        return answer({"app": {"id": self.rownd.app_id, "name": self.rownd.app_name, "config": {}}})

    @route("/hub/auth/init", "POST")
    def begin(self, request: Request) -> Response:
        """Whom one may pick. The real Hub asks for an address here, and sends a link to it."""
        self.check_key(request)
        people = list(self.idp.world.people.values())
        return answer({"challenge_id": secrets.token_hex(8), "people": [self.choice(each) for each in people]})

    @route("/hub/auth/complete", "POST")
    def complete(self, request: Request) -> Response:
        """Sign in whoever was picked or gave an address; or make an instant account, without any form."""
        self.check_key(request)
        body, known = body_of(request), len(self.idp.world.people)
        person = self.instant() if body.get("instant") else self.somebody(body)
        if person.locked:
            raise wrong(403, "The account is disabled")
        take_up(self.rownd, person)
        for membership in self.idp.world.memberships_of(person):
            membership.invited = False
        kind = "new_user" if len(self.idp.world.people) > known else "existing_user"
        facts = {"app_user_id": person.subject, "app_id": self.rownd.app_id, "user_type": kind}
        return answer({**self.rownd.issued(person), **facts, "auth_level": self.rownd.level(person)})

    def check_key(self, request: Request) -> None:
        given = request.headers.get("x-rownd-app-key", "")
        if not compare_digest(given.encode(), self.rownd.app_key.encode()):
            raise wrong(401, "App key is wrong")

    def somebody(self, body: dict[str, Any]) -> Person:
        world, email = self.idp.world, str(body.get("email") or "").strip()
        try:
            return world.person(email or str(body.get("person") or ""))
        except LookupError:
            if "@" not in email:
                raise wrong(404, "There is nobody of that name") from None
        return world.add_person(email, email=email, name=str(body.get("name") or "").strip() or email.partition("@")[0])

    def instant(self) -> Person:
        """An account of somebody who said nothing about himself."""
        person = self.idp.world.add_person(f"instant-{secrets.token_hex(4)}", name="Somebody", verified=False)
        person.email = ""
        self.rownd.levels[person.subject] = "instant"
        return person

    def choice(self, person: Person) -> dict[str, Any]:
        memberships = self.idp.world.memberships_of(person)
        places = [f"{each.tenant.name}: {', '.join(each.roles) or 'no role'}" for each in memberships]
        level = "disabled" if person.locked else self.rownd.level(person)
        return {"person": person.subject, "name": person.name, "email": person.email, "level": level, "places": places}
