"""Rows shown straight from their columns are, byte for byte, what the serializer makes of the instances."""

import json

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from accounts.api.rows import shown_by
from catalog.api.serializers import ProductSerializer
from catalog.models import Product

NAMES = list(ProductSerializer().fields)


def rendered(product: Product, names: list[str]) -> bytes:
    data = ProductSerializer(product).data
    return JSONRenderer().render({name: value for name, value in data.items() if name in names})


def listed(client, path: str) -> list[bytes]:
    """The rows of the answer, as they were sent."""
    content = client.read(path).content
    rows = json.loads(content)["results"]
    again = [JSONRenderer().render(row) for row in rows]
    assert content.endswith(b'"results":[' + b",".join(again) + b"]}")
    return again


@pytest.fixture
def odd(acme):
    """Values at the edges: nothing where there may be nothing, a picture, letters beyond ASCII, the highest price."""
    Product.objects.filter(pk=acme.coffee.pk).update(picture="products/a.webp", title="Kaffee „stark“ \u2028 <b>")
    Product.objects.filter(pk=acme.saw.pk).update(sku="", description="", price="99999.99")
    Product.objects.filter(pk=acme.sencha.pk).update(changed_at="2024-02-29T23:59:59.000001Z", price=0)
    noughts = {"created_at": "2024-02-29T23:59:59Z", "changed_at": "2024-03-01T00:00:00.12Z"}
    Product.objects.filter(pk=acme.coffee.pk).update(**noughts)


@pytest.mark.usefixtures("odd")
@pytest.mark.parametrize("names", [NAMES, *([name] for name in NAMES), ["title", "picture", "id"]])
def test_a_list_is_what_the_serializer_shows(acme, api_as, names):
    fields = "" if names == NAMES else f"&fields={','.join(names)}"
    expected = [rendered(product, names) for product in Product.objects.order_by("pk")]
    assert listed(api_as("owner"), f"/products/?order=id{fields}") == expected


@pytest.mark.usefixtures("odd")
@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC", "Europe/London", "Asia/Kolkata"])
def test_moments_are_shown_in_the_current_zone(acme, api_as, zone):
    names = ["changed_at", "created_at"]
    with timezone.override(zone):
        expected = [rendered(product, names) for product in Product.objects.order_by("pk")]
        assert listed(api_as("owner"), "/products/?order=id&fields=changed_at,created_at") == expected


@pytest.mark.usefixtures("odd")
@pytest.mark.parametrize("zone", ["Europe/London", "Asia/Kolkata"])
def test_moments_are_shown_in_the_current_zone_whichever_the_sessions_is(acme, api_as, zone):
    expected = [rendered(product, ["changed_at"]) for product in Product.objects.order_by("pk")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('TimeZone', %s, true)", [zone])
    assert listed(api_as("owner"), "/products/?order=id&fields=changed_at") == expected


@pytest.mark.usefixtures("odd")
@pytest.mark.parametrize("key", ["coffee", "sencha", "saw"])
def test_one_product_is_what_the_serializer_shows(acme, api_as, key):
    product = Product.objects.get(pk=acme.products[key].pk)
    client = api_as("owner")
    assert client.read(f"/products/{product.pk}/").content == rendered(product, NAMES)
    assert client.read(f"/products/{product.pk}/?fields=title,price").content == rendered(product, ["title", "price"])


class OddSerializer(serializers.ModelSerializer):
    """Fields of another kind than their columns."""

    number_as_text = serializers.CharField(source="version")
    number_as_choice = serializers.ChoiceField(["1", "2"], source="version")
    number_as_flag = serializers.BooleanField(source="version")
    text_as_number = serializers.IntegerField(source="sku")

    class Meta:
        model = Product
        fields = ["number_as_text", "number_as_choice", "number_as_flag", "text_as_number"]


@pytest.mark.parametrize("name", OddSerializer.Meta.fields)
def test_a_field_of_another_kind_than_its_column_shows_what_the_serializer_does(acme, name):
    Product.objects.filter(pk=acme.coffee.pk).update(sku="12")
    shown, product = shown_by(OddSerializer, frozenset([name])), Product.objects.filter(pk=acme.coffee.pk)
    expected = {name: OddSerializer(product.get()).data[name]}
    assert repr(shown.show(product.values_list(*shown.columns).get())) == repr(expected)
