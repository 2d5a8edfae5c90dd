"""Members: the team, and what one may do with each."""

from django.db.models import Q
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.response import Response

from accounts.flows import membership
from accounts.forms import PlainTextField
from accounts.models import User

from .idempotency import idempotent
from .roles import RoleChoiceField
from .serializers import AddressField, StrictModelSerializer, StrictSerializer
from .viewsets import ApiViewSet


class MemberSerializer(StrictModelSerializer):
    """A person of the organisation."""

    picture = AddressField(read_only=True, allow_blank=True)
    roles = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "name", "email", "picture", "is_active", "roles", "joined_at", "last_seen"]
        read_only_fields = fields

    @extend_schema_field(list[str])
    def get_roles(self, member) -> list[str]:
        return [group.role.key for group in member.groups.all() if hasattr(group, "role")]


class RoleChangeSerializer(StrictSerializer):
    """The role, by its key."""

    role = RoleChoiceField()


class SearchFilter(filters.CharFilter):
    """One line of text to look for."""

    field_class = PlainTextField

    def __init__(self, **kwargs):
        super().__init__(max_length=100, **kwargs)


class MemberFilter(filters.FilterSet):
    q = SearchFilter(method="named", label="Words of the name or the address.")

    class Meta:
        model = User
        fields = ["q"]

    def named(self, queryset, _name, words):
        return queryset.filter(Q(name__icontains=words) | Q(email__icontains=words))


class MemberViewSet(ListModelMixin, RetrieveModelMixin, ApiViewSet):
    permissions = {
        "list": "accounts.view_user",
        "retrieve": "accounts.view_user",
        "change_role": "accounts.change_user",
        "deactivate": "accounts.change_user",
        "reactivate": "accounts.change_user",
        "destroy": "accounts.delete_user",
    }
    queryset = User.objects.members().prefetch_related("groups__role")
    serializer_class = MemberSerializer
    filterset_class = MemberFilter
    orders = ("name", "-name", "joined_at", "-joined_at")

    def columns(self, names):
        return super().columns([name for name in names if name != "roles"])

    @extend_schema(request=RoleChangeSerializer, responses=MemberSerializer)
    def change_role(self, request, pk):
        """Give the member this role instead of those he has. Nobody gives or takes a right that he does not hold."""
        member = self.get_object()
        role = self.clean(RoleChangeSerializer)["role"]
        membership.change_role(actor=request.user, member=member, role=role)
        return self.stored(member)

    @extend_schema(request=None, responses=MemberSerializer)
    @idempotent
    def deactivate(self, request, pk):
        """Stop the account: its sessions and keys end at once, roles and shares are kept."""
        member = self.get_object()
        membership.deactivate(actor=request.user, member=member)
        return self.stored(member)

    @extend_schema(request=None, responses=MemberSerializer)
    @idempotent
    def reactivate(self, request, pk):
        """Let a deactivated member sign in again."""
        member = self.get_object()
        membership.reactivate(actor=request.user, member=member)
        return self.stored(member)

    def destroy(self, request, pk):
        """End the membership: sessions, keys, roles, shares and open invitations go, the name stays in history."""
        membership.remove(actor=request.user, member=self.get_object())
        return Response(status=204)

    def stored(self, member) -> Response:
        return Response(self.get_serializer(User.objects.prefetch_related("groups__role").get(pk=member.pk)).data)
