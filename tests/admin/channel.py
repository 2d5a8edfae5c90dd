"""The admin site as one more way of asking for what the table (tests/matrix.py) speaks of."""

from tests.channels import Page

LISTS = {
    "products": "catalog/product",
    "categories": "catalog/category",
    "members": "accounts/user",
    "roles": "accounts/role",
    "invitations": "accounts/invitation",
}
# What the site has no page for: it is asked for elsewhere, and the channel leaves it out.
ELSEWHERE = {"picture", "organisation", "profile"}


def address(place: str, *parts) -> str:
    return "/".join(["/admin", LISTS.get(place, place), *map(str, parts), ""])


class AdminSite(Page):
    """By the forms of the admin site. A list's actions are sent with the rows that are ticked."""

    name = "admin"

    def view(self, client, place, pk):
        return self.get(client, address(place, pk, "change"))

    def delete(self, client, place, pk):
        return self.post(client, address(place, pk, "delete"), {"confirmed": "yes"})

    def share(self, client, place, pk, person, right):
        grants = {"products": "catalog/productusergrant", "categories": "catalog/categoryusergrant"}[place]
        return self.post(client, address(grants, "add"), {"content_object": pk, "user": person.pk, "right": right})

    def change_product(self, client, product, pk):
        form = {"title": "Changed", "price": "1.00", "status": product.status, "category": product.category_id}
        return self.post(client, address("products", pk, "change"), form | {"version": product.version})

    def rename_category(self, client, parent, pk):
        return self.post(client, address("categories", pk, "change"), {"name": "Changed", "parent": parent or ""})

    def add_product(self, client, category):
        form = {"title": "New", "price": "1", "status": "draft", "category": category}
        return self.post(client, address("products", "add"), form)

    def add_category(self, client, parent):
        return self.post(client, address("categories", "add"), {"name": "New", "parent": parent})

    def change_role(self, client, person):
        return self.post(client, address("members", person.pk, "change"), {"role": "guest", "active": "on"})

    def deactivate(self, client, person):
        role = person.roles[0].key if person.roles else ""
        return self.post(client, address("members", person.pk, "change"), {"role": role})

    def remove(self, client, person):
        return self.delete(client, "members", person.pk)

    def invite(self, client, role):
        return self.post(client, address("invitations", "add"), {"email": "new@acme.test", "role": role})

    def act(self, client, place, action: str, *keys, **form):
        return self.post(client, address(place), {"action": action, "_selected_action": keys, "index": 0} | form)

    def resend(self, client, invitation):
        return self.act(client, "invitations", "send_again", invitation.pk)

    def revoke(self, client, invitation):
        return self.act(client, "invitations", "withdraw", invitation.pk)

    def open(self, client, page):
        return self.get(client, address(page))

    def listed(self, client, place, query) -> set[int]:
        return {row.pk for row in self.get(client, address(place), query).context["cl"].result_list}
