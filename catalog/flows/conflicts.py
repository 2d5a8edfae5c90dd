"""What only the database can find, as an error with a sentence and the name of a field."""

from contextlib import contextmanager

from django.db import IntegrityError

from catalog.exceptions import Taken

FIELDS = {"catalog_product_sku_once": "sku", "catalog_category_name_once": "name"}


@contextmanager
def told():
    """Stands around the transaction, which has to be rolled back first. Raises Taken."""
    try:
        yield
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        field = FIELDS.get(getattr(diagnosis, "constraint_name", None) or "")
        if field is None:
            raise
        raise Taken(field) from error
