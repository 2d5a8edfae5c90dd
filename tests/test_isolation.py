"""Nothing of one organisation is seen, changed or remembered by another. (I1, I3, I5, I6, I10, R3, R4)

Globex holds MARKER in every text; its rows have the same numbers as Acme's.
"""

import logging
import threading
import time
from http.cookies import SimpleCookie

import pytest
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import connection, connections
from guardian.shortcuts import assign_perm

from accounts import access
from accounts.models import ApiKey, Invitation, Role, User
from catalog.models import Category, Product
from tenants import provisioning
from tenants.models import Tenant
from tenants.schema import in_public, in_tenant

from . import addresses
from . import world as worlds
from .accounts.pages import Page
from .addresses import METHODS, NO_SUCH_KEY
from .conftest import HostClient
from .snapshot import snapshot
from .world import MARKER

OPEN_ANSWERS = {200, 302, 400, 401, 403, 404, 405, 409, 410, 422, 429}


@pytest.fixture
def canaries(acme, globex, caplog, mailoutbox):
    """After the test: no marker of Globex in any log line or mail."""
    caplog.set_level(logging.DEBUG)
    yield
    assert MARKER not in caplog.text
    assert all(MARKER not in f"{mail.subject}{mail.body}{mail.to}{mail.from_email}" for mail in mailoutbox)


def shown(response) -> str:
    """Every byte that leaves: head and body."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return f"{response.headers}{response.cookies}{body.decode(errors='replace')}"


def test_the_two_have_the_same_keys_and_other_words(acme, globex):
    """What the rest of this file stands on."""
    for shelf in ("people", "categories", "products"):
        ours, theirs = getattr(acme, shelf), getattr(globex, shelf)
        assert {key: row.pk for key, row in ours.items()} == {key: row.pk for key, row in theirs.items()}
    with in_tenant(globex.tenant):
        texts = [str(row) for model in (User, Category, Product) for row in model.objects.all()]
    assert all(MARKER in text for text in texts)


# --- I1: the other's session, on every route and method ------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_a_session_of_acme_is_nobody_on_globex(acme, globex, canaries, method):
    cookies = HostClient(acme.tenant.host).sign_in(acme.owner, acme.tenant).cookies
    before = snapshot()
    for route in addresses.of_tenants(globex):
        client = HostClient(globex.tenant.host)
        client.cookies = SimpleCookie(cookies.output(header="", sep=";"))
        response = client.generic(method, route.path)
        assert response.status_code in OPEN_ANSWERS, route
        if not route.is_open:
            assert response.status_code in route.to_visitors, route
            assert MARKER not in shown(response).replace(globex.tenant.name, ""), route
    assert snapshot() == before


def test_a_session_row_copied_into_the_other_schema_opens_nothing(acme, globex):
    """The session names its tenant: a row that was restored or copied elsewhere is a visitor's."""
    client = HostClient(acme.tenant.host).sign_in(acme.owner, acme.tenant)
    key = client.cookies["sessionid"].value
    row = Session.objects.get(pk=key)
    with in_tenant(globex.tenant):
        row.save(force_insert=True)
        User.objects.filter(pk=globex.owner.pk).update(password=acme.owner.password)  # so that its hash fits as well
    foreign = HostClient(globex.tenant.host)
    foreign.cookies["sessionid"] = key
    assert client.get("/products/").status_code == 200
    assert foreign.get("/products/").status_code == 302


# --- I3: the other's keys, on one's own host -------------------------------------------------------------------


@pytest.fixture
def only_theirs(acme, globex) -> int:
    """A key that exists in Globex alone, for every kind of row that an address may name."""
    with in_tenant(globex.tenant):
        shelf = Category(pk=NO_SUCH_KEY, name=f"Only {MARKER}")
        shelf.place()
        product = Product(pk=NO_SUCH_KEY, title=f"Only {MARKER}", category=shelf)
        product.created_by = product.changed_by = globex.owner
        product.save(force_insert=True)
        User(pk=NO_SUCH_KEY, email=f"only@{MARKER}.test", name=f"Only {MARKER}").save(force_insert=True)
        invitation = Invitation(
            pk=NO_SUCH_KEY, email=f"in@{MARKER}.test", role=Role.objects.get(key="guest"), invited_by=globex.owner
        )
        invitation.renew()
        invitation.save(force_insert=True)
        key = {"name": f"Only {MARKER}", "prefix": "only", "secret_hash": "", "rights": []}
        ApiKey(pk=NO_SUCH_KEY, user=globex.owner, created_by=globex.owner, **key).save(force_insert=True)
    return NO_SUCH_KEY


@pytest.mark.parametrize("method", METHODS)
def test_keys_that_only_the_other_has_are_as_unknown_as_any(acme, only_theirs, client_as, canaries, method):
    client = client_as("owner")
    before = snapshot()
    pairs = zip(addresses.of_tenants(acme, only_theirs), addresses.of_tenants(acme, only_theirs + 1), strict=True)
    for theirs, nobodys in pairs:
        if not theirs.has_key or theirs.is_open:
            continue
        response, random = client.generic(method, theirs.path), client.generic(method, nobodys.path)
        assert response.status_code == random.status_code, theirs
        assert response.status_code in (302, 404, 405) or method == "OPTIONS", theirs
        assert MARKER not in shown(response), theirs
        if response.status_code == 404:
            assert len(response.content) == len(random.content), theirs
    assert snapshot() == before


@pytest.mark.parametrize("who", ["owner", "guest"])
def test_no_page_of_acme_shows_a_byte_of_globex(acme, globex, client_as, canaries, who):
    client = client_as(who)
    for route in addresses.of_tenants(acme):
        for query in ({}, {"q": MARKER}, {"category": acme.tools.pk, "status": "published"}):
            response = client.get(route.path, query)
            text = shown(response).replace(MARKER, "", shown(response).count(f'value="{MARKER}"'))
            assert "globex" not in text.lower().replace(f"q={MARKER}", "").replace(f"q%3d{MARKER}", ""), route


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/products/new/", {"title": "Stolen", "price": "1", "status": "draft", "category": NO_SUCH_KEY}),
        ("/categories/new/", {"name": "Stolen", "parent": NO_SUCH_KEY}),
        ("/products/{coffee}/share/", {"principal": f"user-{NO_SUCH_KEY}", "rights": "catalog.view_product"}),
        ("/categories/{drinks}/share/", {"principal": f"user-{NO_SUCH_KEY}", "rights": "catalog.view_category"}),
    ],
)
def test_the_others_keys_are_no_choices_in_forms(acme, only_theirs, client_as, canaries, path, fields):
    path, client = path.format(coffee=acme.coffee.pk, drinks=acme.drinks.pk), client_as("owner")
    before = snapshot()
    response = client.post(path, fields)
    assert response.status_code == 422
    assert MARKER not in shown(response)
    assert snapshot() == before


def test_what_acme_does_leaves_globex_as_it_is(acme, globex, client_as, canaries):
    """Equal keys everywhere: a write that went astray would hit a row."""
    before = snapshot(globex.tenant.schema_name)
    client = client_as("owner")
    edit = {"title": "Changed", "price": "1", "status": "draft", "category": acme.drinks.pk, "version": 1}
    assert client.post(f"/products/{acme.coffee.pk}/edit/", edit).status_code == 302
    assert client.post(f"/products/{acme.saw.pk}/delete/").status_code == 302
    assert client.post(f"/categories/{acme.drinks.pk}/edit/", {"name": "Changed", "parent": ""}).status_code == 302
    form = {"principal": f"user-{acme.guest.pk}", "rights": "catalog.view_product"}
    assert client.post(f"/products/{acme.coffee.pk}/share/", form).status_code == 302
    assert client.post(f"/members/{acme.viewer.pk}/role/", {"role": "editor"}).status_code == 302
    assert client.post(f"/members/{acme.editor.pk}/remove/").status_code == 302
    assert client.post("/organisation/", {"name": "Changed", "currency": "CHF"}).status_code == 302
    assert snapshot(globex.tenant.schema_name) == before
    with in_public():
        assert Tenant.objects.get(pk=globex.tenant.pk).name == globex.tenant.name


# --- I5: caches -----------------------------------------------------------------------------------------------


def test_every_page_of_a_tenant_is_kept_by_nobody(acme, client_as, visitor):
    for route in addresses.of_tenants(acme):
        if route.name == "jwks":  # public keys, no tenant's
            continue
        for client in (client_as("owner"), visitor):
            kept = client.get(route.path).get("Cache-Control", "")
            assert "private" in kept, route
            assert "no-store" in kept or "no-cache" in kept, route
            assert "public" not in kept, route


def test_every_key_in_the_cache_begins_with_the_schema(acme, globex, client_as, monkeypatch):
    keys = []
    real = cache.make_key
    monkeypatch.setattr(cache, "make_key", lambda *args, **kw: keys.append(real(*args, **kw)) or keys[-1])
    client_as("owner").post("/invitations/new/", {"addresses": "new@acme.test", "role": "viewer"})
    HostClient(acme.tenant.host).post("/account/login/", {"login": "owner@acme.test", "password": "wrong"})
    HostClient(globex.tenant.host).post("/account/login/", {"login": "owner@globex.test", "password": "wrong"})
    schemas = {key.partition(":")[0] for key in keys}
    assert schemas == {acme.tenant.schema_name, globex.tenant.schema_name}


def test_what_is_cached_for_one_is_not_there_for_the_other(acme, globex):
    cache.set("answer", "acme's")
    with in_tenant(globex.tenant):
        assert cache.get("answer") is None
    assert cache.get("answer") == "acme's"


def test_no_middleware_caches_pages(settings):
    assert not [name for name in settings.MIDDLEWARE if "cache" in name.lower()]


@pytest.mark.parametrize("first", ["owner", "guest"])
def test_a_warm_page_is_not_the_next_ones(acme, globex, client_as, visitor, first):
    client_as(first).get("/products/")
    assert "Coffee acmeword" in client_as("viewer").get("/products/").content.decode()
    assert "Coffee" not in client_as("stranger").get("/products/").content.decode()
    assert visitor.get("/products/").status_code == 302
    theirs = HostClient(globex.tenant.host).sign_in(globex.viewer, globex.tenant).get("/products/").content.decode()
    assert "acmeword" not in theirs
    assert MARKER in theirs


# --- I10: files -----------------------------------------------------------------------------------------------


@pytest.fixture
def pictures(acme, globex, media):
    """A picture on each side, on products of the same number."""
    for world, content in ((acme, b"acme's bytes"), (globex, MARKER.encode())):
        with in_tenant(world.tenant):
            Product.objects.get(pk=world.coffee.pk).picture.save("picture.webp", ContentFile(content))
    return media


def test_each_organisation_has_a_folder_of_its_own(acme, globex, pictures):
    folders = {path.parent.parent.name: path.read_bytes() for path in pictures.rglob("*.webp")}
    assert folders == {acme.tenant.schema_name: b"acme's bytes", globex.tenant.schema_name: MARKER.encode()}


def test_the_same_address_is_each_hosts_own_picture(acme, globex, pictures, client_as):
    address = f"/products/{acme.coffee.pk}/picture/"
    theirs = HostClient(globex.tenant.host).sign_in(globex.viewer, globex.tenant)
    assert b"".join(client_as("viewer").get(address).streaming_content) == b"acme's bytes"
    assert b"".join(theirs.get(address).streaming_content) == MARKER.encode()


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/passwd",
        "/etc/passwd",
        "../t_globex/products/picture.webp",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/etc/passwd",
        "....//....//etc/passwd",
        "..\\..\\etc\\passwd",
        "1%00.webp",
        "1/../2",
        "picture.webp",
        "",
    ],
)
@pytest.mark.parametrize("place", ["/products/{}/picture/", "/media/{}", "/products/{}", "/static/{}"])
def test_no_address_walks_through_the_folders(acme, pictures, client_as, place, name):
    response = client_as("owner").get("/", PATH_INFO=place.format(name))
    assert response.status_code in (200, 301, 404)
    text = shown(response)
    assert "root:" not in text
    assert "bytes" not in text
    assert MARKER not in text
    assert response.status_code != 200 or response.get("Content-Type", "").startswith("text/html")


@pytest.mark.parametrize("stored", ["../../../../etc/passwd", "/etc/passwd", "../{globex}/products/picture.webp"])
def test_not_even_a_name_in_the_database_leaves_the_folder(acme, globex, pictures, client_as, stored):
    name = stored.format(globex=globex.tenant.schema_name)
    Product.objects.filter(pk=acme.coffee.pk).update(picture=name)
    response = client_as("owner").get(f"/products/{acme.coffee.pk}/picture/")
    assert response.status_code in (400, 404)
    assert MARKER not in shown(response)


def test_a_kept_picture_is_asked_for_again_each_time(acme, pictures, client_as):
    """The browser may keep the bytes, and shows them only after the door has said yes once more."""
    address, client = f"/products/{acme.coffee.pk}/picture/", client_as("guest")
    assign_perm("catalog.view_product", acme.guest, acme.coffee)
    first = client.get(address)
    assert (first.status_code, first["Cache-Control"]) == (200, "private, no-cache")
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304
    access.user_grants(Product).objects.all().delete()
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 404


# --- I6, R4: two organisations at once, over threads and connections of their own ---------------------------------

SECONDS = 6


@pytest.fixture
def twins(django_db_setup, django_db_blocker):
    """Two throw-away organisations, committed; in the second a guest may change what in the first he may not."""
    with django_db_blocker.unblock():
        pair = worlds.build("lefttwin", "leftword"), worlds.build("righttwin", "rightword")
        with in_tenant(pair[1].tenant):
            assign_perm("catalog.view_product", pair[1].guest, pair[1].hammer)
            assign_perm("catalog.change_product", pair[1].guest, pair[1].hammer)
        connection.set_schema_to_public()
        yield pair
        connection.set_schema_to_public()
        for world in pair:
            provisioning.delete_tenant(world.tenant)


@pytest.mark.real
def test_threads_of_two_organisations_never_get_each_others_answers(twins):
    wrong, asked, until = [], [], time.monotonic() + SECONDS

    def ask(world, word: str, allowed: bool):
        client = HostClient(world.tenant.host).sign_in(world.guest, world.tenant)
        owner = HostClient(world.tenant.host).sign_in(world.owner, world.tenant)
        other = {"leftword": "rightword", "rightword": "leftword"}[word]
        edit = {"price": "1.00", "status": "published", "category": world.tools.pk, "title": f"Hammer {word}"}
        try:
            while time.monotonic() < until:
                ContentType.objects.clear_cache()
                page = client.get(f"/products/{world.hammer.pk}/edit/")
                listing = owner.get("/products/?per_page=100")
                text = listing.content.decode()
                if page.status_code != (200 if allowed else 404) or listing.status_code != 200:
                    wrong.append((word, page.status_code, listing.status_code))
                if other in text or other in page.content.decode() or text.count(f"Hammer {word}") == 0:
                    wrong.append((word, "rows"))
                if page.status_code == 200:
                    version = Page(page).values["version"]  # `page.context` is one for all threads
                    answer = client.post(f"/products/{world.hammer.pk}/edit/", {**edit, "version": version})
                    if answer.status_code not in (302, 409):
                        wrong.append((word, "write", answer.status_code))
                asked.append(word)
        except Exception as error:
            wrong.append((word, repr(error)))
        finally:
            connections.close_all()

    left, right = twins
    people = [(left, "leftword", False), (right, "rightword", True)] * 2
    threads = [threading.Thread(target=ask, args=each) for each in people]
    [thread.start() for thread in threads]
    [thread.join(timeout=60) for thread in threads]
    assert not wrong
    assert asked.count("leftword") > 5
    assert asked.count("rightword") > 5
