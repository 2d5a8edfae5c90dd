"""What programs do: sign in by the app client, and ask an address that tells who is asking."""

import json

from django.http import JsonResponse

from accounts import access
from accounts.guards import open_to_all
from catalog.models import Product
from tests.conftest import HostClient
from tests.world import PASSWORD, World


@open_to_all("a test")
def who(request):
    """What the request's user is and may: the door's own answers."""
    if not request.user.is_authenticated:
        return JsonResponse({"who": None, "through": None})
    return JsonResponse(
        {
            "who": str(request.user),
            "through": request.identity.through,
            "rights": sorted(access.role_permissions(request.user)),
            "products": Product.objects.for_user(request.user).count(),
            "sees_members": access.may_list(request.user, "accounts.view_user"),
        }
    )


class Program(HostClient):
    """A program on one host. It keeps no cookies, and what it says of itself stands in headers."""

    def __init__(self, world: World):
        super().__init__(world.tenant.host)

    def send(self, path: str, body: dict | None = None, token: str = "", method: str = "POST", **headers):
        if token:
            headers["authorization"] = f"Bearer {token}"
        return self.generic(method, path, json.dumps(body or {}), content_type="application/json", headers=headers)

    def sign_in_by_app(self, email: str, password: str = PASSWORD, **headers):
        return self.send("/api/auth/login", {"email": email, "password": password}, **headers)

    def tokens(self, email: str) -> dict:
        """`access_token`, `refresh_token`, `expires_in`."""
        return self.sign_in_by_app(email).json()["meta"]

    def who(self, credential: str = "", **headers):
        headers = headers or ({"authorization": f"Bearer {credential}"} if credential else {})
        return self.get("/api/who", headers=headers)

    def refresh(self, token: str):
        return self.send("/api/auth/refresh", {"refresh_token": token})
