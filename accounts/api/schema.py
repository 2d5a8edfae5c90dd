"""What the OpenAPI text says of every endpoint alike: its right, its credentials, its errors, its limits."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework.serializers import ListSerializer

from tenants.problems import API_ROOT, MEDIA_TYPE, SENTENCES

from . import idempotency

SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An access token, or an API key."},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "The browser's session. Writes need its CSRF token in `X-CSRFToken` as well.",
    },
}
HEADERS = {
    "RateLimit": "What is left of each limit, and for how many seconds.",
    "RateLimit-Policy": "The limits: how many requests in how many seconds.",
    "X-Request-ID": "To name this request when asking for help.",
}
SUMMARIES = {
    "list": "List those that one may see.",
    "retrieve": "Read one.",
    "partial_update": "Change some of its fields.",
    "update": "Replace it.",
    "destroy": "Delete it.",
}
TEXT = {"type": "string"}
ERROR = {
    "type": "object",
    "description": "One thing that is wrong, and where: in the body (a JSON pointer), in the query, or in a header.",
    "required": ["code", "detail"],
    "properties": dict.fromkeys(("pointer", "parameter", "header", "code", "detail"), TEXT),
}
PROBLEM = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457). `code` names the rule that was broken, if it has a name.",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        **dict.fromkeys(("type", "title", "detail", "request_id", "code"), TEXT),
        "status": {"type": "integer"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Error"}},
    },
}


class CredentialScheme(OpenApiAuthenticationExtension):
    """Any one of the three will do."""

    target_class = "accounts.api.authentication.CredentialAuthentication"
    name = list(SECURITY)

    def get_security_requirement(self, auto_schema):
        return [{name: []} for name in SECURITY]

    def get_security_definition(self, auto_schema):
        return list(SECURITY.values())


class ApiSchema(AutoSchema):
    """The views say `permission`, `is_list`, `is_read` and `has_version` (accounts/api/viewsets.py)."""

    def get_summary(self):
        return self.words()[0] or SUMMARIES.get(getattr(self.view, "action", ""))

    def get_description(self):
        return "\n\n".join(part for part in (self.words()[1], self.needed()) if part)

    def words(self) -> tuple[str, str]:
        """The first sentence of the action's docstring, and the rest of it."""
        method = getattr(self.view, getattr(self.view, "action", self.method.lower()), None)
        own = getattr(method, "__module__", "").startswith(("accounts.", "catalog.", "config."))
        first, dot, rest = ((own and method and method.__doc__) or "").partition(". ")
        return first + dot.strip(), rest.strip()

    def needed(self) -> str:
        permission = getattr(self.view, "permission", None)
        return f"Needs `{permission}`." if permission else "For every member."

    # --- What may be sent ---

    def get_override_parameters(self) -> list[Any]:
        return [*self._sparse_fields(), *self._headers()]

    def _sparse_fields(self) -> list[OpenApiParameter]:
        if not getattr(self.view, "is_read", False):
            return []
        names = list(self.view.get_serializer_class()().fields)
        schema = {"type": "array", "items": {"type": "string", "enum": names}, "minItems": 1}
        text = "Only these fields, separated by commas."
        return [OpenApiParameter("fields", schema, description=text, style="form", explode=False)]

    def _headers(self) -> list[OpenApiParameter]:
        wanted: dict[str, tuple[str, dict[str, Any]]] = {}
        if self.method == "POST":
            text = "Sent again within a day, the same request acts once and is answered the same."
            wanted[idempotency.HEADER] = (text, {"pattern": f"^{idempotency.KEY.pattern}$"})
        if getattr(self.view, "has_version", False):
            wanted |= self._version_headers()
        return [
            OpenApiParameter(name, {"type": "string", **schema}, OpenApiParameter.HEADER, description=text)
            for name, (text, schema) in wanted.items()
        ]

    def _version_headers(self) -> dict[str, tuple[str, dict[str, Any]]]:
        if self.method in ("PATCH", "PUT", "DELETE"):
            return {"If-Match": ("The ETag of the version that the change is meant for: else 412.", {})}
        if self.method == "GET" and not self.view.is_list:
            return {"If-None-Match": ("The ETag of the version that you have: 304 if it is still that one.", {})}
        return {}

    def _is_list_view(self, serializer=None) -> bool:
        return getattr(self.view, "is_list", False) or isinstance(serializer, ListSerializer)

    # --- What may be answered ---

    def _get_response_bodies(self, direction="response"):
        bodies = super()._get_response_bodies(direction)
        for body in bodies.values():
            body["headers"] = {**body.get("headers", {}), **{name: _reference("headers", name) for name in HEADERS}}
        refusals = {str(status): _reference("responses", f"Problem{status}") for status in self.refusals()}
        return dict(sorted({**bodies, **refusals}.items()))

    def refusals(self) -> set[int]:
        """The statuses that this operation may answer besides its own."""
        writes = self.method != "GET"
        found = {400, 401, 403, 429, 503}
        if writes or "{" in self.path:
            found.add(404)
        if writes:
            found |= {409, 413, 415}
        if writes and getattr(self.view, "has_version", False) and self.method != "POST":
            found.add(412)
        return found


def _reference(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


def only_the_api(endpoints):
    """Spectacular's hook: what is not ours to describe (signing in, with allauth) stays out."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(f"{API_ROOT}v1/")]


def add_common_parts(result, generator, **_kwargs):
    """Spectacular's hook: what every operation refers to. Bodies take no other field; `?fields=` leaves some out."""
    components = result["components"]
    components["headers"] = {
        name: {"schema": {"type": "string"}, "description": text} for name, text in HEADERS.items()
    }
    components["responses"] = {f"Problem{status}": _refusal(str(text)) for status, text in SENTENCES.items()}
    for name, schema in components["schemas"].items():
        if name.endswith("Request") and schema.get("type") == "object":
            schema["additionalProperties"] = False
        if name.startswith("Paginated"):
            components["schemas"][name.removeprefix("Paginated").removesuffix("List")].pop("required")
    components["schemas"] |= {"Error": ERROR, "Problem": PROBLEM}
    result["components"] = dict(sorted(components.items()))
    return result


def _refusal(text: str) -> dict[str, Any]:
    return {
        "description": text,
        "headers": {name: _reference("headers", name) for name in HEADERS},
        "content": {MEDIA_TYPE: {"schema": _reference("schemas", "Problem")}},
    }
