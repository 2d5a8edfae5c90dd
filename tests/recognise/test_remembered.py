"""Who asks is remembered from request to request and confirmed along with the rows: what changed elsewhere is seen."""

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts import limits
from accounts.api import throttles
from accounts.models import Role, User
from accounts.persons import REMEMBERED
from catalog.models import Product
from tenants.known import KNOWN
from tests.statements import answered, sent_by, tables_asked

from .issuer import GLOBEX_THERE

PRODUCTS = "/api/v1/products/"
ME = "/api/v1/me/"


@pytest.fixture
def editor(there, acme, ask):
    """The token of an editor whom this process remembers."""
    token = there.token("edna", ("editor",))
    for _time in range(2):  # the first one writes that the token was seen
        assert ask(token, PRODUCTS).status_code == 200
    assert REMEMBERED.recall((acme.tenant.schema_name, there.provider.issuer, "edna"))
    return token


def edna() -> User:
    return User.objects.get(subject="edna")


def asked(token: str, path: str, ask, *statuses: int, **how) -> list[list[str]]:
    """What one request asks of the two tables, trip by trip."""
    return tables_asked(sent_by(lambda: ask(token, path, **how), *statuses), "accounts_user", "catalog_product")


@pytest.mark.parametrize("path", [PRODUCTS, f"{PRODUCTS}?count=true", f"{PRODUCTS}?q=coffee", f"{PRODUCTS}{{coffee}}/"])
def test_rows_are_asked_for_along_with_who_asks(editor, acme, ask, path):
    path = path.format(coffee=acme.coffee.pk)
    ask(editor, path)
    assert asked(editor, path, ask) == [["accounts_user", "catalog_product"]]


def test_whoever_is_not_remembered_is_looked_up_first(editor, ask):
    REMEMBERED.clear()
    assert asked(editor, PRODUCTS, ask) == [["accounts_user"], ["catalog_product"]]


def test_nobody_is_remembered_on_a_host_that_is_not(editor, ask):
    KNOWN.clear()
    assert asked(editor, PRODUCTS, ask) == [["accounts_user"], ["catalog_product"]]


def test_other_views_have_him_looked_up_before_they_begin(editor, ask, begun):
    assert (ask(editor, ME).status_code, begun) == (200, [ME])
    deactivated()
    assert (ask(editor, ME).status_code, begun) == (401, [ME])


def test_whoever_writes_is_looked_up_first(there, acme, ask):
    path, token = f"{PRODUCTS}{acme.coffee.pk}/", there.token("ada", ("admin",))
    assert ask(token, path).status_code == 200
    sent = asked(token, path, ask, 204, method="DELETE")
    assert sent[0] == ["accounts_user"]
    assert not Product.objects.filter(pk=acme.coffee.pk).exists()


def deactivated():
    User.objects.filter(subject="edna").update(is_active=False)


def removed():
    User.objects.filter(subject="edna").update(is_active=False, removed_at=timezone.now())


def without_roles():
    edna().groups.clear()


def in_a_poorer_role():
    Role.objects.get(key="editor").group.permissions.remove(Permission.objects.get(codename="view_product"))


def called_otherwise():
    User.objects.filter(subject="edna").update(name="Edna Other")


def gone():
    edna().delete()


CHANGES = [deactivated, removed, without_roles, in_a_poorer_role, called_otherwise, gone]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("path", [PRODUCTS, f"{PRODUCTS}?count=true", f"{PRODUCTS}{{coffee}}/", f"{PRODUCTS}?odd=1"])
def test_what_has_changed_elsewhere_holds_as_if_nobody_were_remembered(editor, acme, ask, change, path):
    path = path.format(coffee=acme.coffee.pk)
    before = answered(ask(editor, path))
    change()
    remembered = answered(ask(editor, path))
    REMEMBERED.clear()
    assert remembered == answered(ask(editor, path))
    if "odd" not in path:
        assert (remembered == before) is (change in (called_otherwise, gone))  # who is gone is brought in again


@pytest.mark.parametrize(("change", "status"), [(deactivated, 401), (removed, 403)])
def test_a_refusal_that_needs_no_rows_is_not_given_to_one_who_may_not_come_in(editor, ask, monkeypatch, change, status):
    """What is wrong with the question, or that it came too often, is for members to know."""
    assert ask(editor, f"{PRODUCTS}?odd=1").status_code == 400
    change()
    assert ask(editor, f"{PRODUCTS}?odd=1").status_code == status
    REMEMBERED.clear()
    User.objects.filter(subject="edna").update(is_active=True, removed_at=None)
    assert ask(editor, PRODUCTS).status_code == 200
    monkeypatch.setattr(throttles, "spend", lambda name, who: throttles.Usage(name, 0, 60, 1, 60))
    assert ask(editor, PRODUCTS).status_code == 429
    change()
    assert ask(editor, PRODUCTS).status_code == status


@pytest.mark.parametrize("change", [deactivated, without_roles, gone])
def test_what_has_changed_costs_a_second_attempt_once(editor, ask, change):
    change()
    for _time in range(3):
        ask(editor, PRODUCTS)
    trips = asked(editor, PRODUCTS, ask, 200, 401)
    assert sum(names.count("accounts_user") for names in trips) == 1


def test_a_good_token_is_never_counted_as_a_refused_one(editor, ask, monkeypatch):
    deactivated()
    for _time in range(2):
        assert ask(editor, PRODUCTS).status_code == 401
    User.objects.filter(subject="edna").update(is_active=True)
    spent = []
    monkeypatch.setattr(limits, "spend", lambda request, action, **how: spent.append(action))
    assert (ask(editor, PRODUCTS).status_code, spent) == (200, [])


def test_being_seen_is_no_change(editor, ask):
    User.objects.filter(subject="edna").update(last_seen=timezone.now())
    for _time in range(2):
        assert asked(editor, PRODUCTS, ask) == [["accounts_user", "catalog_product"]]


def test_a_right_that_was_given_is_there_at_once(there, ask):
    token = there.token("newcomer", ())
    for _time in range(2):
        assert ask(token, PRODUCTS).json()["results"] == []
    User.objects.get(subject="newcomer").groups.add(Role.objects.get(key="viewer").group)
    assert len(ask(token, PRODUCTS).json()["results"]) == Product.objects.count()


def test_one_person_of_two_organisations_is_remembered_in_each(editor, there, acme, globex, ask):
    stranger = there.token("edna", (), tenantId=GLOBEX_THERE)
    for _time in range(3):
        assert ask(stranger, PRODUCTS, world=globex).json()["results"] == []
        assert len(ask(editor, PRODUCTS).json()["results"]) == Product.objects.count()
    for token, world in ((editor, acme), (stranger, globex)):
        assert asked(token, PRODUCTS, ask, world=world) == [["accounts_user", "catalog_product"]]
