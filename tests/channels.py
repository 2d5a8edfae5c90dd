"""The ways in which one and the same thing is asked for: what each sends, and how each says yes and no.

tests/matrix.py says who may do what; test_matrix.py tries every cell through every channel here. A method is
an action of the table; it sends one request and returns the answer.
"""

from collections.abc import Callable

from catalog.models import Category, Product

SIGN_IN = "/account/login/"


class Page:
    """The web pages, by forms."""

    name = "page"
    yes = (200, 302)
    answers = {"n": 403, "h": 404, "s": 302, "r": 422}
    headers: dict[str, str] = {}

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
    answers = Page.answers | {"s": 401}

    def is_sign_in(self, response) -> bool:
        return response.status_code == 401 and response["HX-Redirect"].startswith(SIGN_IN)


Act = Callable[[], object]
CHANNELS = {channel.name: channel for channel in (Page(), Htmx())}


def parent_of(pk: int) -> int | None:
    return Category.objects.filter(pk=pk).values_list("parent", flat=True).first()
