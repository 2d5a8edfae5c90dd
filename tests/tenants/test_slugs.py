"""Which address parts are accepted (security list S1, S3), in the function and at the door."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from tenants.models import Tenant
from tenants.slugs import RESERVED_SLUGS, SLUG_PATTERN, clean_slug, schema_name_for

FORBIDDEN = [
    *("public", "PUBLIC", "Public", "information_schema", "Information-Schema", "pg_catalog", "pg-catalog", "PG_toast"),
    *("www", "admin", "api", "static", "mail", "localhost", "LOCALHOST", "template", "platform", "postgres", "root"),
    *(
        "",
        "a",
        "ab",
        "a" * 31,
        "a" * 64,
        "1up",
        "-acme",
        "acme-",
        "ac--me",
        "_acme",
        "ac_me",
        "ac.me",
        "ac/me",
        "ac me",
    ),
    *(" acme", "acme ", "acme\n", "acme\x00", "ac\tme", "ac'me", 'ac"me', "ac;me", "ac\\me", "ac%me"),
    *(
        "../acme",
        "é" * 5,
        "acmé",
        "аcme",
        "ａｃｍｅ",
        "acme😀",
        "xn--acme",
        "ıstanbul",
        "İstanbul",
        "ſtore",
        "\u212aelvin",
        "ﬁnance",
    ),
    *("t_acme; DROP SCHEMA public", "acme' OR '1'='1", "<script>", "acme‮", "acme\u200b", "null\u0000byte"),
]
ALLOWED = {"acme": "acme", "ACME": "acme", "Green-Tea": "green-tea", "a1b": "a1b", "a" * 30: "a" * 30, "null": "null"}


@pytest.mark.parametrize("raw", FORBIDDEN)
def test_a_name_that_is_reserved_or_misshapen_is_refused(raw):
    with pytest.raises(ValidationError):
        clean_slug(raw)


@pytest.mark.parametrize(("raw", "slug"), ALLOWED.items())
def test_a_good_name_has_one_form(raw, slug):
    assert clean_slug(raw) == slug


@pytest.mark.parametrize("slug", sorted(RESERVED_SLUGS))
def test_every_reserved_name_would_pass_the_pattern_and_is_refused(slug):
    with pytest.raises(ValidationError):
        clean_slug(slug.upper())


def test_the_reserved_list_holds_no_upper_case():
    assert all(slug == slug.lower() for slug in RESERVED_SLUGS)


@given(st.text(max_size=70) | st.from_regex(r"[A-Za-z0-9-]{1,40}", fullmatch=True))
def test_any_text_is_refused_or_becomes_a_safe_schema_name(raw):
    try:
        slug = clean_slug(raw)
    except ValidationError:
        return
    assert SLUG_PATTERN.fullmatch(slug)
    assert slug.isascii()
    assert slug not in RESERVED_SLUGS
    assert clean_slug(slug) == slug
    assert schema_name_for(slug).replace("_", "").isalnum()
    assert len(schema_name_for(slug)) <= 32


@given(st.lists(st.from_regex(r"[a-z][a-z0-9-]{2,8}", fullmatch=True), min_size=2, max_size=20, unique=True))
def test_two_slugs_never_share_a_schema(slugs):
    assert len({schema_name_for(slug) for slug in slugs}) == len(slugs)


SIGN_UP = {
    "organisation": "Apex",
    "currency": "EUR",
    "name": "Ann",
    "email": "ann@apex.test",
    "password": "correct horse battery",
}


@pytest.mark.parametrize(
    ("slug", "status"),
    [
        ("apex", 302),
        ("APEX", 302),
        ("acme", 409),
        ("ACME", 409),
        *((slug, 422) for slug in FORBIDDEN if slug.strip() == slug),
    ],
)
def test_sign_up_answers_by_the_name_and_makes_a_schema_only_for_a_good_one(public_client, schema_exists, slug, status):
    response = public_client.post("/sign-up/", SIGN_UP | {"slug": slug})
    assert response.status_code == status
    assert schema_exists("t_apex") is (status == 302)
    assert Tenant.objects.count() == (3 if status == 302 else 2)


@pytest.mark.parametrize(
    ("slug", "words"),
    [("apex", "apex.localhost"), ("acme", "taken"), ("www", "reserved"), ("a b", "Use 3 to 30 letters"), ("", "Use 3")],
)
def test_availability_is_told_while_typing(public_client, slug, words):
    assert words in public_client.get("/sign-up/address/", {"slug": slug}).content.decode()
