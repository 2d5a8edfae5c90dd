"""Oneself: whose credential this is, and what it may do."""

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from accounts import access
from accounts.flows import membership, people
from accounts.guards import members_only
from accounts.models import User

from .idempotency import idempotent
from .serializers import StrictModelSerializer, StrictSerializer
from .viewsets import ApiViewSet


class OrganisationSerializer(StrictSerializer):
    """The organisation whose host was asked."""

    slug = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    currency = serializers.CharField(read_only=True)


class MeSerializer(StrictModelSerializer):
    """`permissions` are those held on every row, as far as this credential may use them."""

    roles = serializers.SerializerMethodField()
    permissions = serializers.SerializerMethodField()
    through = serializers.SerializerMethodField()
    organisation = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "name", "email", "picture", "kind", "roles", "permissions", "through", "organisation"]
        read_only_fields = ["id", "email", "kind"]

    def get_roles(self, user) -> list[str]:
        return [role.key for role in user.roles]

    def get_permissions(self, user) -> list[str]:
        return sorted(access.role_permissions(user))

    @extend_schema_field({"type": "string", "enum": ["session", "token", "key"]})
    def get_through(self, _user) -> str:
        return self.context["request"].auth.through

    @extend_schema_field(OrganisationSerializer)
    def get_organisation(self, _user):
        return OrganisationSerializer(self.context["request"]._request.tenant).data


@members_only("oneself")
class MeViewSet(ApiViewSet):
    queryset = User.objects.all()
    serializer_class = MeSerializer

    is_read = False

    def retrieve(self, request):
        """Whose credential this is, and what it may do."""
        return Response(self.get_serializer(request.user).data)

    def partial_update(self, request):
        """Change one's name or picture. Not for an API key: no right that one chooses for it says so."""
        self.demand_whole_person()
        changes = self.clean(partial=True)
        person = people.change_profile(user=request.user, changes=changes)
        return Response(self.get_serializer(person).data)

    @extend_schema(request=None, responses={204: None})
    @idempotent
    def leave(self, request):
        """Leave the organisation. Not for an API key."""
        self.demand_whole_person()
        membership.leave(member=request.user)
        return Response(status=204)

    def demand_whole_person(self) -> None:
        """What takes no right takes the person himself, not a credential that may only do what he chose for it."""
        if self.request.user.limits is not None:
            raise PermissionDenied("limited")
