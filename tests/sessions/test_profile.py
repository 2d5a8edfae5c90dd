"""One's own page, of somebody who came by a provider: how he is signed in, what is kept where. (A17, A18, A21, W04)"""

import json

from accounts.models import Role, User
from tests.accounts.pages import Page

from .conftest import is_in


def test_it_tells_provider_backend_organisation_expiry_and_sessions(place):
    client = place.signed_in()
    words = Page(client.get("/profile/")).words
    for said in (place.provider.name, "accounts.backends.ProviderBackend", "acme-id", "1 browser", "UTC", "Editor"):
        assert said in words


def test_it_tells_of_each_role_where_it_comes_from(frontegg):
    client = frontegg.signed_in()
    frontegg.user().groups.add(Role.objects.get(key="viewer").group)
    words = Page(client.get("/profile/")).words
    assert words.index("Editor.") < words.index("by Frontegg") < words.index("Viewer.") < words.index("given here")


def test_own_data_shows_what_the_token_says_and_no_token(place):
    tokens = place.tokens()
    response = place.signed_in(tokens=tokens).get("/profile/")
    shown = json.loads(response.context["own_data"])
    assert (shown["issuer"], shown["subject"]) == (place.provider.issuer, place.ada.subject)
    assert shown["claims"]["iss"] == place.provider.issuer
    for token in (tokens.session, tokens.refresh, tokens.id):
        assert not token or (token not in response.content.decode() and token.rpartition(".")[2] not in str(shown))


def test_the_name_is_the_providers_and_the_picture_ones_own(frontegg):
    client = frontegg.signed_in()
    picture = "https://pictures.test/me.png"
    response = client.post("/profile/", {"name": "Typed Here", "email": "typed@here.test", "picture": picture})
    assert response.status_code == 302
    ada = frontegg.user()
    assert (ada.name, ada.email, ada.picture) == ("Ada There", "ada@acme.test", picture)


def test_it_links_to_where_the_rest_is_changed(frontegg, settings):
    client = frontegg.signed_in()
    assert "Change name" not in client.get("/profile/").content.decode()
    theirs = settings.PROVIDERS["frontegg"] | {"ACCOUNT_URL": "https://app.frontegg.test/account"}
    settings.PROVIDERS = {"frontegg": theirs}
    assert 'href="https://app.frontegg.test/account"' in client.get("/profile/").content.decode()


def test_both_ways_out_are_there(frontegg):
    page = frontegg.signed_in().get("/profile/").content.decode()
    assert "Sign out here</button>" in page
    assert "Sign out here and at Frontegg</button>" in page


def test_where_the_provider_keeps_the_browser_signed_in_there_is_one_way_out(rownd):
    page = rownd.signed_in().get("/profile/").content.decode()
    assert "Sign out here</button>" not in page
    assert "Sign out here and at Rownd</button>" in page


def test_pages_about_passwords_are_neither_linked_nor_open(frontegg):
    client = frontegg.signed_in()
    page = client.get("/profile/").content.decode()
    for address in ("/account/email/", "/account/password/change/", "/account/2fa/"):
        assert f'href="{address}"' not in page
        assert client.get(address).status_code in (403, 404)
    assert client.get("/account/sessions/").status_code == 200


def test_ending_the_others_asks_the_provider_who_is_there(frontegg):
    here, there = frontegg.signed_in(), frontegg.signed_in()
    response = here.post("/account/sessions/")
    assert response.status_code == 302
    assert [is_in(here), is_in(there)] == [True, False]
    assert User.objects.filter(pk=frontegg.user().pk).exists()
