"""How often each endpoint asks the database: the same for few rows and for many. A higher number needs a reason."""

import pytest
from django.contrib.auth.models import Group

from accounts import reach
from accounts.models import Role
from catalog.models import Category, Product
from tests.statements import sent_by

# Not counted: the tenant's binding, the credential, and what the audit log writes and seals. A new row is, although it
# is stored along with its line.
NEW_ROW = "WITH made(key)"
NOT_COUNTED = ("set_config", "tenants_", "accounts_apikey", "django_session", "audit_")


def data_statements(act) -> list[str]:
    sent = sent_by(act)
    return [sql for sql in sent if sql.startswith(NEW_ROW) or not any(word in sql for word in NOT_COUNTED)]


@pytest.fixture
def many(acme):
    for number in range(40):
        shelf = Category(name=f"Shelf {number}", parent=acme.tools)
        shelf.place()
        product = Product(title=f"Many {number}", category=shelf)
        product.record_change(acme.owner)
        product.save()


READS = [
    ("viewer", "/products/", 1),
    ("viewer", "/products/?count=true", 1),
    ("viewer", "/products/?fields=id,title", 1),
    ("guest", "/products/", 1),
    ("guest", "/products/?count=true", 1),
    ("viewer", "/categories/", 1),
    ("guest", "/categories/", 2),
    ("viewer", "/members/", 3),
    ("viewer", "/members/?fields=id", 3),
    ("viewer", "/roles/", 3),
    ("owner", "/invitations/", 1),
    ("viewer", "/products/1/", 1),
    ("viewer", "/me/", 1),
]


@pytest.mark.parametrize("size", ["few", "many"])
@pytest.mark.parametrize(("who", "path", "count"), READS)
def test_an_endpoint_asks_as_often_as_it_says_here_of_few_rows_and_of_many(
    acme, key_as, api_as, share, request, who, path, count, size
):
    if size == "many":
        request.getfixturevalue("many")
    if who == "guest":
        share("guest", "view", "drinks")
        share("guest", "view", "coffee")
    client = key_as(who) if who != "guest" else api_as(who)
    client.read(path)
    statements = data_statements(lambda: client.read(path))
    statements = [sql for sql in statements if 'FROM "accounts_user" WHERE "accounts_user"."id"' not in sql]
    assert len(statements) == count, statements


def test_a_write_asks_as_often_as_it_says_here(acme, key_as, product_body):
    client = key_as("editor")
    client.read("/me/")
    made = data_statements(lambda: client.send("POST", "/products/", product_body()))
    path = f"/products/{acme.coffee.pk}/"
    changed = data_statements(lambda: client.send("PATCH", path, {"title": "Tea"}))
    assert (len(made), len(changed)) == (2, 5), [*made, *changed]


# Everything that is sent, the tenant's binding and the credential included: the editor and the viewer come by a key,
# the guest by a session and by grants. What he adds, he is given rights on.
WHOLE = [
    ("guest", "GET", "/products/?limit=50&count=true", 3),
    ("viewer", "GET", "/products/?limit=50&count=true", 2),
    ("guest", "GET", "/products/{coffee}/", 3),
    ("viewer", "GET", "/products/{coffee}/", 2),
    ("editor", "POST", "/products/", 4),
    ("guest", "POST", "/products/", 5),
]


@pytest.mark.parametrize(("who", "method", "path", "count"), WHOLE)
def test_a_whole_request_sends_as_much_as_it_says_here(
    acme, key_as, api_as, share, product_body, who, method, path, count
):
    for right, key in (("view", "coffee"), ("view", "drinks"), ("add", "drinks")):
        share("guest", right, key)
    client, path = api_as(who) if who == "guest" else key_as(who), path.format(coffee=acme.coffee.pk)
    body = product_body() if method == "POST" else None
    client.send(method, path, body)
    sent = sent_by(lambda: client.send(method, path, body))
    assert len(sent) == count, "\n".join(text[:150] for text in sent)


def test_who_may_add_by_role_alone_is_given_rights_on_what_he_made_in_the_same_statement(acme, key_as, product_body):
    role = Role.objects.create(group=Group.objects.create(name="Adders"), key="adders")
    names = ["catalog.add_product", "catalog.view_category"]
    role.group.permissions.set([reach.permission_row(name) for name in [*names, "accounts.add_apikey"]])
    acme.guest.groups.set([role.group])
    client = key_as("guest", names)
    client.send("POST", "/products/", product_body())
    sent = sent_by(lambda: client.send("POST", "/products/", product_body()))
    assert len(sent) == 4, "\n".join(text[:150] for text in sent)
    assert "catalog_productusergrant" in sent[-1]
