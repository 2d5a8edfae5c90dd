"""`{% allows %}`: the door's question in a template, for one object."""

import pytest
from django.template import Context, Template

TEMPLATE = Template(
    "{% load access_tags %}{% allows member 'catalog.change_product' product as may %}{{ may|yesno:'yes,no' }}"
)


@pytest.mark.parametrize(("right", "product", "answer"), [("change", "coffee", "yes"), ("view", "coffee", "no")])
def test_the_tag_answers_as_the_door_does(acme, share, right, product, answer):
    share("guest", right, product)
    assert TEMPLATE.render(Context({"member": acme.guest, "product": acme.products[product]})) == answer
    assert TEMPLATE.render(Context({"member": acme.guest, "product": acme.hammer})) == "no"
    assert TEMPLATE.render(Context({"member": acme.editor, "product": acme.hammer})) == "yes"
