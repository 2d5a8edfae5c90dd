"""Roles: who may do what."""

from rest_framework import serializers
from rest_framework.mixins import ListModelMixin

from accounts.models import Role

from .serializers import StrictModelSerializer
from .viewsets import ApiViewSet


class RoleSerializer(StrictModelSerializer):
    """A role, and the rights that it gives on every row."""

    id = serializers.IntegerField(source="pk", read_only=True)
    permissions = serializers.SerializerMethodField()

    class Meta:
        model = Role
        fields = ["id", "key", "name", "description", "is_system", "permissions"]
        read_only_fields = fields

    def get_permissions(self, role) -> list[str]:
        return sorted(role.permission_names)


class RoleChoiceField(serializers.SlugRelatedField):
    """A role by its key. Whether the actor may give it is asked by the flow, which answers 403."""

    def __init__(self, **kwargs):
        super().__init__(slug_field="key", queryset=Role.objects.with_permissions(), **kwargs)

    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class RoleViewSet(ListModelMixin, ApiViewSet):
    permissions = {"list": "accounts.view_role"}
    queryset = Role.objects.with_permissions()
    serializer_class = RoleSerializer
    orders = ("rank",)

    def columns(self, names):
        return {"pk", "rank", "key", "description", "is_system", "group__name"}
