"""Who asks is remembered from request to request and confirmed along with the rows: what changed elsewhere is seen."""

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts import persons
from accounts.api import throttles
from accounts.models import Role, User
from catalog.models import Product
from tenants.known import KNOWN
from tests.statements import sent_by

from .issuer import GLOBEX_THERE

PRODUCTS = "/api/v1/products/"
ME = "/api/v1/me/"


@pytest.fixture
def editor(there, ask):
    """The token of an editor whom this process remembers."""
    token = there.token("edna", ("editor",))
    for _time in range(2):  # the first one writes that the token was seen
        assert ask(token, PRODUCTS).status_code == 200
    assert [place for place in persons.KNOWN._known if place[-1] == "edna"]
    return token


def edna() -> User:
    return User.objects.get(subject="edna")


def parts(texts: list[str]) -> list[list[str]]:
    """Of each trip, which of the two tables it asks."""
    return [[name for name in ("accounts_user", "catalog_product") if f'FROM "{name}"' in text] for text in texts]


@pytest.mark.parametrize("path", [PRODUCTS, f"{PRODUCTS}?count=true", f"{PRODUCTS}1/", f"{PRODUCTS}?status=published"])
def test_rows_are_asked_for_along_with_who_asks(editor, ask, path):
    ask(editor, path)
    assert parts(sent_by(lambda: ask(editor, path))) == [["accounts_user", "catalog_product"]]


def test_whoever_is_not_remembered_is_looked_up_first(editor, ask):
    persons.KNOWN.clear()
    assert parts(sent_by(lambda: ask(editor, PRODUCTS))) == [["accounts_user"], ["catalog_product"]]


def test_nobody_is_remembered_on_a_host_that_is_not(editor, ask):
    KNOWN.clear()
    asked = parts(sent_by(lambda: ask(editor, PRODUCTS)))
    assert asked[-2:] == [["accounts_user"], ["catalog_product"]]


def test_other_views_have_him_looked_up_before_they_begin(editor, ask):
    assert parts(sent_by(lambda: ask(editor, ME)))[0] == ["accounts_user"]


def test_whoever_writes_is_looked_up_first(there, acme, ask):
    path, token = f"{PRODUCTS}{acme.coffee.pk}/", there.token("ada", ("admin",))
    assert ask(token, path).status_code == 200
    sent = parts(sent_by(lambda: ask(token, path, method="DELETE"), 204))
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


def answered(response) -> tuple[int, dict]:
    return response.status_code, {**response.json(), "request_id": ""}


CHANGES = [deactivated, removed, without_roles, in_a_poorer_role, called_otherwise, gone]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("path", [PRODUCTS, f"{PRODUCTS}?count=true", f"{PRODUCTS}{{coffee}}/", f"{PRODUCTS}?odd=1"])
def test_what_has_changed_elsewhere_holds_as_if_nobody_were_remembered(editor, acme, ask, change, path):
    path = path.format(coffee=acme.coffee.pk)
    before = answered(ask(editor, path))
    change()
    remembered = answered(ask(editor, path))
    persons.KNOWN.clear()
    assert remembered == answered(ask(editor, path))
    if "odd" not in path:
        assert (remembered == before) is (change in (called_otherwise, gone))  # who is gone is brought in again


@pytest.mark.parametrize(("change", "status"), [(deactivated, 401), (removed, 403)])
def test_a_refusal_that_needs_no_rows_is_not_given_to_one_who_may_not_come_in(editor, ask, monkeypatch, change, status):
    """What is wrong with the question, or that it came too often, is for members to know."""
    assert ask(editor, f"{PRODUCTS}?odd=1").status_code == 400
    change()
    assert ask(editor, f"{PRODUCTS}?odd=1").status_code == status
    persons.KNOWN.clear()
    User.objects.filter(subject="edna").update(is_active=True, removed_at=None)
    assert ask(editor, PRODUCTS).status_code == 200
    monkeypatch.setattr(throttles, "spend", lambda name, who: throttles.Usage(name, 0, 60, 1, 60))
    assert ask(editor, PRODUCTS).status_code == 429
    change()
    assert ask(editor, PRODUCTS).status_code == status


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
        assert parts(sent_by(lambda: ask(token, PRODUCTS, world=world))) == [["accounts_user", "catalog_product"]]  # noqa: B023
