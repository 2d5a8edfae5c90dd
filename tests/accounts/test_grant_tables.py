"""What each model that is shared row by row must bring, or nothing starts. (accounts.E003)"""

from types import SimpleNamespace

import pytest
from django.core import checks
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from accounts import checks as checks_of_accounts
from accounts.shareable import group_grants, user_grants
from catalog.models import CategoryUserGrant, ProductGroupGrant


class OldUserGrant(UserObjectPermissionBase):
    class Meta(UserObjectPermissionBase.Meta):
        abstract = True


class OldGroupGrant(GroupObjectPermissionBase):
    class Meta(GroupObjectPermissionBase.Meta):
        abstract = True


def found() -> list[str]:
    return [error.msg for error in checks.run_checks(tags=["security"]) if error.id == "accounts.E003"]


def shared(*grants) -> type:
    """As a model whose rows these tables refer to."""
    fields = [SimpleNamespace(related_model=table, field=SimpleNamespace(name="content_object")) for table in grants]
    return type("Shared", (), {"_meta": SimpleNamespace(related_objects=fields)})


def test_nothing_is_the_matter_with_the_example():
    assert found() == []


@pytest.mark.parametrize(("table", "holder"), [(CategoryUserGrant, "user"), (ProductGroupGrant, "group")])
def test_grants_without_an_index_by_holder_are_an_error(table, holder, monkeypatch):
    """As of a Meta that does not derive from its base's."""
    monkeypatch.setattr(table._meta, "unique_together", ())
    (problem,) = found()
    assert f"has grants without an index by {holder}" in problem
    assert table.__name__ in problem


def test_a_model_without_grants_is_an_error(monkeypatch):
    monkeypatch.setattr(checks_of_accounts, "shareable_models", lambda: [shared()])
    assert found() == ["Shared lacks direct grant models (see catalog/models.py)."]


def test_grants_on_guardians_own_bases_are_found():
    model = shared(OldGroupGrant, OldUserGrant)
    assert (user_grants(model), group_grants(model)) == (OldUserGrant, OldGroupGrant)
