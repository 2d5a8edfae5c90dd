from django.apps import AppConfig

from accounts.audit.rules import Rule, declare

STAMPS = {"version": "counts the changes", "created_by": "the line says who", "changed_by": "the line says who"}
PLACE = {"ancestors": "follow from where it lies", "path_name": "follows from where it lies", "slug": "made up once"}


class CatalogConfig(AppConfig):
    name = "catalog"

    def ready(self):
        declare("catalog.product", Rule(ignored=STAMPS))
        declare("catalog.category", Rule(ignored=PLACE))
