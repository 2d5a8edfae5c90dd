"""What the calls of Auth0's Management API share: token, scopes, errors, pages, shapes."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from ..routing import Handler, Part, Refused, bearer, json_of
from ..world import Membership, Person, Role, Tenant

if TYPE_CHECKING:
    from ..server import StandIn
    from . import Auth0

MOST_ROWS = 100


def scope(name: str) -> Callable[[Handler], Handler]:
    """What a call needs its token for, such as read:organizations."""

    def mark(handler: Handler) -> Handler:
        handler.__dict__["scope"] = name
        return handler

    return mark


def refused(status: int, message: str, code: str = "") -> Refused:
    body = {"statusCode": status, "error": HTTPStatus(status).phrase, "message": message}
    return Refused(status, {**body, **({"errorCode": code} if code else {})})


class ManagementPart(Part):
    """Every call needs a management token with the scope it is marked with."""

    def __init__(self, idp: "StandIn", provider: "Auth0") -> None:
        super().__init__(idp)
        self.provider = provider

    def rules(self) -> Iterator[Rule]:
        for rule in super().rules():
            rule.endpoint = partial(self.guarded, rule.endpoint)
            yield rule

    def guarded(self, handler: Any, request: Request, **values: str) -> Response:
        scopes = self.provider.management_tokens.get(bearer(request))
        if scopes is None:
            raise refused(401, "Invalid token", "invalid_token")
        action = handler.scope.partition(":")[0]
        if not scopes & {handler.scope, f"{action}:*"}:
            raise refused(403, f"Insufficient scope, expected any of: {handler.scope}", "insufficient_scope")
        return handler(request, **values)

    def tenant(self, tenant_id: str) -> Tenant:
        if tenant_id not in self.world.tenants:
            raise refused(404, "No organization found by that id or name", "inexistent_organization")
        return self.world.tenants[tenant_id]

    def person(self, user_id: str) -> Person:
        if user_id not in self.world.people:
            raise refused(404, "The user does not exist.", "inexistent_user")
        return self.world.people[user_id]

    def member(self, tenant_id: str, user_id: str) -> Membership:
        membership = self.world.membership(self.person(user_id), self.tenant(tenant_id))
        if membership is None:
            raise refused(404, "The user is not a member of the organization.", "inexistent_organization_member")
        return membership

    def roles(self, ids: Any) -> list[Role]:
        by_id = {role_id(role): role for role in self.world.roles.values()}
        if not isinstance(ids, list) or any(not isinstance(each, str) or each not in by_id for each in ids):
            raise refused(404, "One or more of the roles do not exist.", "inexistent_role")
        return [by_id[each] for each in ids]


def listed(request: Request, what: str, rows: Sequence[Any]) -> Any:
    """A page: by `from` and `take` with `next`, by `page` and `per_page`, with totals where asked for."""
    try:
        if "take" in request.args:
            start, size = int(request.args.get("from", 0)), within(int(request.args["take"]))
            following = {"next": str(start + size)} if start + size < len(rows) else {}
            return {what: list(rows[start : start + size]), **following}
        size = within(int(request.args.get("per_page", 50)))
        start = int(request.args.get("page", 0)) * size
    except ValueError:
        raise refused(400, "Query validation error", "invalid_query_string") from None
    page = list(rows[start : start + size])
    if request.args.get("include_totals") == "true":
        return {what: page, "start": start, "limit": size, "total": len(rows)}
    return page


def within(size: int) -> int:
    if not 1 <= size <= MOST_ROWS:
        raise ValueError(size)
    return size


def ids_in(request: Request, name: str) -> list[str]:
    """The list `name` of the body, which a DELETE has too."""
    body = json_of(request)
    ids = body.get(name) if isinstance(body, dict) else None
    if not isinstance(ids, list) or not ids or not all(isinstance(each, str) for each in ids):
        raise refused(400, f"Payload validation error: missing {name}", "invalid_body")
    return ids


def role_id(role: Role) -> str:
    return f"rol_{role.id.replace('-', '')[:16]}"


def role_object(role: Role) -> dict[str, Any]:
    return {"id": role_id(role), "name": role.key, "description": role.description}
