"""Categories: a tree of shelves, and who has access to each."""

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.response import Response

from accounts.api.grants import GrantViewSet, rights_serializer
from accounts.api.idempotency import idempotent
from accounts.api.viewsets import ApiViewSet
from catalog.flows import categories as flow
from catalog.models import Category

from .filters import CategoryFilter
from .serializers import CategorySerializer


class CategoryViewSet(ListModelMixin, RetrieveModelMixin, ApiViewSet):
    permissions = {
        "list": "catalog.view_category",
        "retrieve": "catalog.view_category",
        "create": "catalog.add_category",
        "partial_update": "catalog.change_category",
        "destroy": "catalog.delete_category",
    }
    queryset = Category.objects.all()
    serializer_class = CategorySerializer
    filterset_class = CategoryFilter
    orders = ("path_name",)

    def columns(self, names):
        return {"pk", "name", "parent", "path_name"}

    @extend_schema(responses={201: CategorySerializer})
    @idempotent
    def create(self, request):
        """Add a category, at the top or, for those who may change every category, inside another."""
        category = flow.add(actor=request.user, fields=self.clean())
        location = reverse("api:category-detail", args=[category.pk])
        return Response(self.get_serializer(category).data, status=201, headers={"Location": location})

    def partial_update(self, request, pk):
        """Rename or move it, with all that is inside."""
        changes = self.clean(partial=True)
        category = flow.change(actor=request.user, category=self.get_object(), changes=changes)
        return Response(self.get_serializer(category).data)

    def destroy(self, request, pk):
        """Delete an empty category."""
        flow.delete(actor=request.user, category=self.get_object())
        return Response(status=204)


class CategoryGrantViewSet(GrantViewSet):
    permissions = dict.fromkeys(("list", "update", "destroy"), "catalog.share_category")
    queryset = Category.objects.all()

    @extend_schema(request=rights_serializer(Category))
    def update(self, request, pk, principal):
        return super().update(request, pk, principal)
