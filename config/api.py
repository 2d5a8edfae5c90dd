"""The REST API of a tenant's host: its endpoints, its description, and a page to try it on.

Source: docs/decisions/0009-rest-api.md
"""

from functools import cache

from django.http import HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import TemplateView
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer

from accounts.api.urls import urlpatterns as people
from accounts.api.viewsets import ApiView
from accounts.guards import members_only, open_to_all
from catalog.api.urls import urlpatterns as catalogue

from .errors import not_found

RENDERERS: dict[str, type[BaseRenderer]] = {"json": OpenApiJsonRenderer, "yaml": OpenApiYamlRenderer}


@cache
def description(kind: str) -> bytes:
    """The OpenAPI text. The same for everybody, and made once in a process: it takes about a second."""
    return RENDERERS[kind]().render(SchemaGenerator().get_schema(public=True))


@members_only("says what there is, and nothing of anybody's data")
class DescriptionView(ApiView):
    http_method_names = ["get", "head"]
    kind = "json"

    @extend_schema(responses={(200, renderer.media_type): OpenApiTypes.OBJECT for renderer in RENDERERS.values()})
    def get(self, request):
        """This description, as OpenAPI 3.1."""
        return HttpResponse(description(self.kind), content_type=RENDERERS[self.kind].media_type)


@members_only("says what there is, and nothing of anybody's data")
class DocsView(TemplateView):
    template_name = "api/docs.html"


@open_to_all("says that there is nothing here")
@csrf_exempt
def nothing(request, rest):
    """An address that no endpoint has, before the redirect to the one with a slash at its end could lose a body."""
    return not_found(request)


urlpatterns = [
    # First what programs ask most: an address is compared with one pattern after the other.
    path("v1/", include([*catalogue, *people])),
    path("docs/", DocsView.as_view(), name="docs"),
    path("v1/openapi.json", DescriptionView.as_view(), name="openapi-json"),
    path("v1/openapi.yaml", DescriptionView.as_view(kind="yaml"), name="openapi-yaml"),
    path("v1/<path:rest>", nothing, name="nothing"),
]
