"""What becomes of the catalogue in a masked dump: it is what the organisation offers, and says nothing of people."""

from tenants.dumps.rules import Rule

RULES = {
    "catalog_category": Rule(clean=frozenset({"name", "slug", "path_name"})),
    "catalog_product": Rule(clean=frozenset({"title", "description", "sku", "picture", "picture_url", "status"})),
}
