"""The ways in which one and the same thing is asked for: what each sends, and how each says yes and no.

tests/matrix.py says who may do what; test_matrix.py tries every cell through every channel here. A method is
an action of the table; it sends one request and returns the answer.
"""

import json
from datetime import timedelta

from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.models import ApiKey, User
from catalog.models import Category, Product
from tenants.schema import in_tenant

from . import matrix
from .conftest import HostClient
from .world import PASSWORD, World

SIGN_IN = "/account/login/"


class Page:
    """The web pages, by forms."""

    name = "page"
    yes = (200, 302)
    headers: dict[str, str] = {}
    lacks: tuple[str, ...] = ()  # pages that there are none of here

    def come(self, client: HostClient, world: World, person: User) -> None:
        """Give the client what makes it this person. `world` is where he belongs, wherever the client asks."""
        client.sign_in(person, world.tenant)

    def answer(self, who: str, letter: str) -> int:
        """The status by which this refusal is known here."""
        return matrix.CHANNELS[self.name][letter]

    def is_noted(self, who: str) -> bool:
        """Is it a credential that is refused, and not the want of one?"""
        return False

    def letter(self, table: str, action: str, who: str, letter: str) -> str:
        """What the table says, where this channel has a rule of its own."""
        return letter

    def get(self, client, path, query=None):
        return client.get(path, query, headers=self.headers)

    def post(self, client, path, form=None):
        return client.post(path, form, headers=self.headers)

    def is_sign_in(self, response) -> bool:
        return response.status_code == 302 and response["Location"].startswith(SIGN_IN)

    # --- products and categories: `place` is the model's part of the address ---

    def view(self, client, place, pk):
        return self.get(client, f"/{place}/{pk}/")

    def picture(self, client, place, pk):
        return self.get(client, f"/{place}/{pk}/picture/")

    def delete(self, client, place, pk):
        return self.post(client, f"/{place}/{pk}/delete/")

    def share(self, client, place, pk, person, right):
        return self.post(client, f"/{place}/{pk}/share/", {"principal": f"user-{person.pk}", "rights": [right]})

    def change_product(self, client, product: Product, pk):
        form = {"title": "Changed", "price": "1.00", "status": product.status, "category": product.category_id}
        return self.post(client, f"/products/{pk}/edit/", form | {"version": product.version})

    def rename_category(self, client, parent, pk):
        return self.post(client, f"/categories/{pk}/edit/", {"name": "Changed", "parent": parent or ""})

    def add_product(self, client, category):
        return self.post(
            client, "/products/new/", {"title": "New", "price": "1", "status": "draft", "category": category}
        )

    def add_category(self, client, parent):
        return self.post(client, "/categories/new/", {"name": "New", "parent": parent})

    # --- people ---

    def change_role(self, client, person):
        return self.post(client, f"/members/{person.pk}/role/", {"role": "guest"})

    def deactivate(self, client, person):
        return self.post(client, f"/members/{person.pk}/deactivate/")

    def remove(self, client, person):
        return self.post(client, f"/members/{person.pk}/remove/")

    def invite(self, client, role):
        return self.post(client, "/invitations/new/", {"addresses": "new@acme.test", "role": role})

    def resend(self, client, invitation):
        return self.post(client, f"/invitations/{invitation.pk}/resend/")

    def revoke(self, client, invitation):
        return self.post(client, f"/invitations/{invitation.pk}/revoke/")

    # --- lists ---

    def open(self, client, page):
        return self.get(client, f"/{page}/")

    def listed(self, client, place, query) -> set[int]:
        """The keys on a list, over all its pages."""
        response = self.get(client, f"/{place}/", query)
        if place == "categories":
            return {row.pk for row in response.context["categories"]}
        paginator = response.context["paginator"]
        keys = {row.pk for row in paginator.object_list}
        assert paginator.count == len(keys)
        return keys


class Htmx(Page):
    """The same pages, asked for by htmx."""

    name = "htmx"
    headers = {"HX-Request": "true"}

    def is_sign_in(self, response) -> bool:
        return response.status_code == 401 and response["HX-Redirect"].startswith(SIGN_IN)


class Api(Page):
    """The REST API, by a browser's session."""

    name = "API session"
    yes = (200, 201, 204)
    lacks = ("organisation",)

    def send(self, client, method, path, body=None):
        headers = {"authorization": client.credential} if getattr(client, "credential", "") else {}
        data = json.dumps(body) if body is not None else ""
        kind = "application/json" if body is not None else "application/octet-stream"
        return client.generic(method, f"/api/v1{path}", data, content_type=kind, headers=headers)

    def is_sign_in(self, response) -> bool:
        return response.status_code == 401

    def view(self, client, place, pk):
        return self.send(client, "GET", f"/{place}/{pk}/")

    def picture(self, client, place, pk):
        return self.send(client, "GET", f"/{place}/{pk}/picture/")

    def delete(self, client, place, pk):
        return self.send(client, "DELETE", f"/{place}/{pk}/")

    def share(self, client, place, pk, person, right):
        return self.send(client, "PUT", f"/{place}/{pk}/grants/user-{person.pk}/", {"rights": [right]})

    def change_product(self, client, product, pk):
        return self.send(client, "PATCH", f"/products/{pk}/", {"title": "Changed", "version": product.version})

    def rename_category(self, client, parent, pk):
        return self.send(client, "PATCH", f"/categories/{pk}/", {"name": "Changed"})

    def add_product(self, client, category):
        return self.send(client, "POST", "/products/", {"title": "New", "price": "1.00", "category": category})

    def add_category(self, client, parent):
        return self.send(client, "POST", "/categories/", {"name": "New", "parent": parent})

    def change_role(self, client, person):
        return self.send(client, "PUT", f"/members/{person.pk}/role/", {"role": "guest"})

    def deactivate(self, client, person):
        return self.send(client, "POST", f"/members/{person.pk}/deactivate/")

    def remove(self, client, person):
        return self.send(client, "DELETE", f"/members/{person.pk}/")

    def invite(self, client, role):
        return self.send(client, "POST", "/invitations/", {"addresses": ["new@acme.test"], "role": role})

    def resend(self, client, invitation):
        return self.send(client, "POST", f"/invitations/{invitation.pk}/resend/")

    def revoke(self, client, invitation):
        return self.send(client, "POST", f"/invitations/{invitation.pk}/revoke/")

    def open(self, client, page):
        return self.send(client, "GET", f"/{ {'profile': 'me'}.get(page, page) }/")

    def listed(self, client, place, query) -> set[int]:
        known = {name: value for name, value in query.items() if name in ("q", "order")}
        words = "&".join(f"{name}={value}" for name, value in {**known, "count": "true", "limit": "2"}.items())
        keys, address = [], f"/{place}/?{words}"
        while address:
            page = self.send(client, "GET", address).json()
            keys += [row["id"] for row in page["results"]]
            address = page["next"] and page["next"].partition("/api/v1")[2]
        assert page["count"] == len(keys) == len(set(keys))
        return set(keys)

    def letter(self, table, action, who, letter):
        """Programs always say who they are: the public catalogue is for people who look at pages."""
        public = table == "The public catalogue" and who in ("visitor", "foreign owner", "deactivated")
        return "s" if public else letter


class ApiToken(Api):
    """The REST API, by an access token of the local provider."""

    name = "API token"

    def come(self, client, world, person):
        body = json.dumps({"email": person.email, "password": PASSWORD})
        home = HostClient(world.tenant.host)
        response = home.post("/api/auth/login", body, content_type="application/json")
        client.credential = f"Bearer {response.json()['meta']['access_token']}"

    def is_noted(self, who):
        return who != "visitor"

    def answer(self, who, letter):
        """Good, and for another organisation: that is no missing sign-in."""
        return 403 if who == "foreign owner" and letter == "s" else super().answer(who, letter)


class Key(Api):
    """The REST API, by an API key that may do whatever a key may."""

    name = "API key"

    def come(self, client, world, person):
        with in_tenant(world.tenant):
            rows = Permission.objects.values_list("content_type__app_label", "codename")
            ApiKey.objects.create(
                user=person,
                created_by=person,
                name="all that a key may",
                prefix=f"{world.tenant.slug:a<10.10}aa",
                secret_hash=ApiKey.hash("s" * 43),
                rights=[f"{app}.{code}" for app, code in rows],
                expires_at=timezone.now() + timedelta(days=1),
            )
        client.credential = f"Bearer tnt_{world.tenant.slug:a<10.10}aa_{'s' * 43}"

    def is_noted(self, who):
        return who != "visitor"

    def letter(self, table, action, who, letter):
        """A key holds none of the rights that are people's own, so it manages and invites nobody who does."""
        own = table == "Members" or action in ("invite", "resend")
        return "n" if own and letter == "y" else super().letter(table, action, who, letter)


CHANNELS = {channel.name: channel for channel in (Page(), Htmx(), Api(), ApiToken(), Key())}


def parent_of(pk: int) -> int | None:
    return Category.objects.filter(pk=pk).values_list("parent", flat=True).first()
