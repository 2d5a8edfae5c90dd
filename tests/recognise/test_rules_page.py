"""The organisation's sign-in page: its rules, and what the provider's roles are here."""

from dataclasses import replace

import pytest

from accounts.audit.models import Entry
from accounts.exceptions import ProviderAway
from accounts.models import Role, RoleLink
from accounts.providers import registry
from accounts.providers.directory import Can, Directory
from tenants.models import Errand, Tenant
from tenants.schema import in_public
from tests.accounts.pages import Page

RULES = "/organisation/sign-in/"
LINKS = f"{RULES}roles/"
SETTINGS = {"admits": "provider", "admitted_domains": "", "staff_role": ""}


class Words(Directory):
    """A directory that knows these roles, or does not answer."""

    can = frozenset({Can.LIST_ROLES})

    def __init__(self, *words: str):
        self.words = words

    def roles(self, tenant):
        if not self.words:
            raise ProviderAway("away")
        return list(self.words)


@pytest.fixture
def directory_with(known, monkeypatch):
    """`directory_with("Admin", "boss")`: Frontegg has these roles; without any it is away."""

    def change(*words: str) -> None:
        provider = replace(known["frontegg"].provider, directory=lambda: Words(*words))
        monkeypatch.setattr(registry, "hosted_providers", lambda: {"frontegg": provider})

    return change


@pytest.fixture
def linked(acme):
    """`linked("boss", "admin")`: Frontegg's role is ours; None: it is ignored."""
    return lambda word, key=None: RoleLink.objects.create(
        provider="frontegg", key=word, role=key and Role.objects.get(key=key)
    )


def test_a_new_link_has_everybody_asked_for_again_in_the_next_round(acme, there, person_as):
    client = person_as("owner")
    with in_public():
        assert not Errand.objects.with_events().exists()
    client.post(f"{LINKS}new/", {"word": "boss", "role": "viewer"})
    with in_public():
        assert Errand.objects.with_events().get().tenant_id == acme.tenant.pk


def stored(acme) -> Tenant:
    with in_public():
        return Tenant.objects.get(pk=acme.tenant.pk)


def links() -> dict[str, str | None]:
    return {link.key: link.role and link.role.key for link in RoleLink.objects.select_related("role")}


# --- Who may open it, and what it shows -------------------------------------------------------------------


@pytest.mark.parametrize(("who", "status"), [("owner", 200), ("admin", 200), ("editor", 403), ("stranger", 403)])
def test_the_page_is_for_those_who_may_change_the_organisation(there, person_as, who, status):
    client = person_as(who)
    assert client.get(RULES).status_code == status
    assert client.get(f"{LINKS}new/").status_code == status


def test_a_local_organisation_is_told_that_it_has_no_provider(client_as):
    client = client_as("owner")
    response = client.get(RULES)
    assert (response.status_code, "password that are kept here" in Page(response).words) == (200, True)
    assert client.post(RULES, SETTINGS).status_code == 404
    assert client.get(f"{LINKS}new/").status_code == 404


def test_the_list_shows_links_and_what_the_provider_has_besides(there, person_as, directory_with, linked):
    directory_with("Admin", "boss", "driver")
    linked("boss", "editor")
    linked("Viewer")
    lines = person_as("owner").get(RULES).context["lines"]
    shown = [(line.word, line.role and line.role.key, line.link is not None, line.is_known) for line in lines]
    assert shown == [
        ("Admin", "admin", False, True),
        ("boss", "editor", True, True),
        ("driver", None, False, True),
        ("Viewer", None, True, False),
    ]


def test_the_page_opens_while_the_provider_is_away(there, person_as, directory_with, linked):
    directory_with()
    linked("boss", "editor")
    response = person_as("owner").get(RULES)
    assert (response.status_code, "does not answer" in Page(response).words) == (200, True)
    assert [line.word for line in response.context["lines"]] == ["boss"]


# --- Changing what a role is ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "word", "role", "status"),
    [
        ("owner", "boss", "owner", 302),
        ("owner", "boss", "", 302),
        ("owner", "Owner", "viewer", 302),
        ("admin", "boss", "admin", 302),
        ("admin", "boss", "owner", 403),
        ("admin", "Owner", "viewer", 403),  # would take a role away that he could not give
        ("admin", "owner", "", 403),
        ("owner", "boss", "nonsense", 403),
        ("owner", "", "viewer", 422),
        ("owner", "x" * 256, "viewer", 422),
        ("owner", "a\u200bb", "viewer", 422),
        ("editor", "boss", "viewer", 403),
    ],
)
def test_nobody_links_a_role_that_he_could_not_give(there, person_as, who, word, role, status):
    response = person_as(who).post(f"{LINKS}new/", {"word": word, "role": role})
    assert response.status_code == status
    assert links() == ({word: role or None} if status == 302 else {})


@pytest.mark.parametrize(
    ("who", "before", "after", "status"),
    [
        ("owner", "owner", "viewer", 302),
        ("owner", None, "owner", 302),
        ("admin", "viewer", "", 302),
        ("admin", "owner", "viewer", 403),
        ("admin", "viewer", "owner", 403),
    ],
)
def test_nobody_changes_a_link_from_or_to_a_role_that_he_could_not_give(
    there, person_as, linked, who, before, after, status
):
    link = linked("boss", before)
    assert person_as(who).post(f"{LINKS}{link.pk}/", {"role": after}).status_code == status
    assert links() == {"boss": (after or None) if status == 302 else before}


@pytest.mark.parametrize(
    ("who", "word", "status"), [("admin", "boss", 302), ("admin", "Owner", 403), ("owner", "Owner", 302)]
)
def test_removing_a_link_gives_the_word_its_own_meaning_back(there, person_as, linked, who, word, status):
    link = linked(word)
    assert person_as(who).post(f"{LINKS}{link.pk}/remove/").status_code == status
    assert links() == ({} if status == 302 else {word: None})


def test_a_word_has_one_line(there, person_as, linked):
    linked("boss", "viewer")
    response = person_as("owner").post(f"{LINKS}new/", {"word": "boss", "role": "editor"})
    assert (response.status_code, links()) == (409, {"boss": "viewer"})
    assert "There is a line for this role" in Page(response).words


def test_the_links_of_another_provider_are_not_there(there, person_as):
    link = RoleLink.objects.create(provider="oidc", key="boss")
    client = person_as("owner")
    for path in (f"{LINKS}{link.pk}/", f"{LINKS}{link.pk}/remove/", f"{LINKS}99999/"):
        assert client.post(path, {"role": "viewer"}).status_code == 404
    assert links() == {"boss": None}


def test_a_new_meaning_counts_from_the_next_request_on(there, ask, person_as):
    token = there.token(roles=("boss",))
    assert ask(token).json()["roles"] == []
    client = person_as("owner")
    client.post(f"{LINKS}new/", {"word": "boss", "role": "editor"})
    assert ask(token).json()["roles"] == ["editor"]
    client.post(f"{LINKS}{RoleLink.objects.get().pk}/remove/")
    assert ask(token).json()["roles"] == []


def test_each_change_of_the_list_has_its_line(there, person_as, linked):
    client = person_as("owner")
    client.post(f"{LINKS}new/", {"word": "boss", "role": "viewer"})
    link = RoleLink.objects.get()
    client.post(f"{LINKS}{link.pk}/", {"role": "editor"})
    client.post(f"{LINKS}{link.pk}/remove/")
    lines = Entry.objects.filter(object_type="accounts.rolelink").order_by("pk")
    assert [line.action for line in lines] == ["role_linked", "role_relinked", "role_unlinked"]
    assert {line.actor_name for line in lines} == {"Owner There"}


# --- The rules ------------------------------------------------------------------------------------------------------


def test_the_rules_are_kept_and_noted(acme, there, person_as):
    typed = {"admits": "domain", "admitted_domains": "@ACME.test, example.com", "staff_role": "backoffice"}
    assert person_as("owner").post(RULES, typed | {"signs_out_at_provider": "on"}).status_code == 302
    tenant = stored(acme)
    assert (tenant.admits, tenant.admitted_domains, tenant.staff_role, tenant.signs_out_at_provider) == (
        "domain",
        "acme.test example.com",
        "backoffice",
        True,
    )
    changes = Entry.objects.get(action="organisation_changed").changes
    assert changes["admits"] == ["provider", "domain"]
    assert changes["admitted_domains"] == ["", "acme.test example.com"]


@pytest.mark.parametrize(
    "typed",
    [
        {"admits": "everybody"},
        {"admits": ""},
        {"admits": "domain", "admitted_domains": ""},
        {"admits": "domain", "admitted_domains": "no domain!"},
        {"admits": "domain", "admitted_domains": "com"},
        {"staff_role": "x" * 101},
        {"staff_role": "a\u200bb"},
    ],
)
def test_odd_rules_are_refused_on_the_page(acme, there, person_as, typed):
    assert person_as("owner").post(RULES, SETTINGS | typed).status_code == 422
    tenant = stored(acme)
    assert (tenant.admits, tenant.admitted_domains, tenant.staff_role) == ("provider", "", "")


def test_nothing_else_of_the_organisation_can_be_written_along(acme, there, person_as):
    person_as("owner").post(RULES, SETTINGS | {"provider": "local", "provider_tenant_id": "x", "status": "closing"})
    tenant = stored(acme)
    assert (tenant.provider, tenant.provider_tenant_id, tenant.status) == ("frontegg", "acme-there", "active")


def test_who_is_staff_is_decided_by_people_who_open_the_admin_site(acme, there, person_as):
    client = person_as("editor")
    Role.objects.get(key="editor").group.permissions.add(
        *Role.objects.get(key="admin").group.permissions.filter(codename="change_organisation")
    )
    Role.objects.filter(key="editor").update(opens_admin=False)
    assert client.post(RULES, SETTINGS | {"staff_role": "mine"}).status_code == 403
    assert client.post(RULES, SETTINGS | {"signs_out_at_provider": "on"}).status_code == 302
    Role.objects.filter(key="editor").update(opens_admin=True)
    assert client.post(RULES, SETTINGS | {"staff_role": "mine"}).status_code == 302
    assert stored(acme).staff_role == "mine"
