"""What the providers' own interfaces would do in every organisation at once, and what is never asked of them."""

import contextlib

import pytest

from accounts.providers import registry
from accounts.providers.descope_directory import fits
from accounts.providers.directory import Refused

from .conftest import everywhere

GLOBAL = ("/api/v2/users/", "/v1/mgmt/user/delete", "/v1/mgmt/user/update/status", "/users/user_", "/state")


@pytest.fixture
def directory(acme, there):
    return registry.provider_of(acme.tenant).directory()


@everywhere
def test_nothing_that_is_done_with_a_member_is_done_everywhere(idp, directory, there, hire):
    """With roles, invitation, removal, and what cannot be done at all: another organisation's are as before."""
    ada, elsewhere = hire("ada", "Editor"), idp.world.add_tenant("globex-id")
    person = idp.world.person("ada")
    idp.world.join(person, elsewhere, ["Editor"])
    directory.invite(there.id, email=ada.email, name="", roles=("Viewer",), inviter="Acme", back_to="https://acme.test")
    directory.set_roles(there.id, ada.subject, roles=("Viewer",), held=("Editor",))
    directory.withdraw(there.id, email=ada.email, is_member=lambda subject: True)
    directory.remove(there.id, ada.subject)
    assert idp.world.roles_of(person, elsewhere) == ["Editor"]
    assert not person.locked
    writes = [each.path for each in idp.requests if each.method != "GET"]
    assert not [path for path in writes if any(word in path for word in GLOBAL)]


@pytest.mark.parametrize("idp", ["descope"], indirect=True)
def test_descopes_roles_of_the_whole_project_are_left_alone(idp, directory, there, hire):
    ada = hire("ada", "Editor")
    idp.provider.project_roles[ada.subject] = ["Owner"]
    directory.set_roles(there.id, ada.subject, roles=("Viewer",), held=("Editor",))
    assert idp.provider.project_roles[ada.subject] == ["Owner"]
    for deed in (directory.member, directory.remove, directory.add_member):
        with pytest.raises(ValueError):
            deed("", ada.subject)


@pytest.mark.parametrize("idp", ["descope"], indirect=True)
def test_who_was_not_asked_for_is_not_taken_for_who_was(idp, directory, there, hire):
    ada, olive = hire("ada", "Editor"), hire("olive", "Owner")
    other = {"userId": olive.subject, "loginIds": [olive.email], "userTenants": [{"tenantId": there.id}]}
    idp.faults.answer("/v2/mgmt/user/search", 200, times=None, body={"users": [other]})
    assert directory.member(there.id, ada.subject) is None


def test_who_does_not_fit_a_search_was_not_meant():
    """As if Descope knew one of the filters by another name, and answered with everybody."""
    ada = {"userId": "ada", "email": "ada@acme.test", "userTenants": [{"tenantId": "acme-id"}]}
    assert fits(ada, {"userIds": ["ada"], "tenantIds": ["acme-id"], "emails": ["Ada@acme.test"]})
    for other in ({"userIds": ["bea"]}, {"tenantIds": ["globex-id"]}, {"emails": ["bea@acme.test"]}):
        assert not fits(ada, other)


@everywhere
@pytest.mark.parametrize("subject", ["..", ".", ""])
def test_dots_for_a_subject_lead_to_no_other_address(idp, directory, there, subject):
    """An HTTP client takes them for a way through the address, however they are encoded."""
    with contextlib.suppress(Refused, ValueError):
        directory.set_roles(there.id, subject, roles=("Viewer",), held=())
    with contextlib.suppress(ValueError):  # Descope's search, which wants no address
        assert directory.member(there.id, subject) is None
        directory.remove(there.id, subject)
    writes = [each.path for each in idp.requests if each.method in ("PUT", "DELETE")]
    assert all(path.endswith("acme-id/members") for path in writes)
    astray = ("/users", "/users/", "/users/v1/", "/users/roles", "acme-id/roles")
    assert not [each.path for each in idp.requests if each.path.endswith(astray)]
