"""Who may see and do what with one object, and why: the share panel of the pages."""

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from accounts import shares
from accounts.models import Role, User

from .serializers import StrictSerializer, WordField
from .viewsets import ApiViewSet


class SourceSerializer(StrictSerializer):
    """The category whose grant reaches the object."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField(source="__str__")


class GrantSerializer(StrictSerializer):
    """One reason why somebody has access: a role, a grant on the object, or one on what it lies in (`source`)."""

    principal = serializers.SerializerMethodField()
    name = serializers.CharField(source="principal.name")
    rights = serializers.ListField(child=serializers.CharField())
    reason = serializers.ChoiceField(choices=["role", "grant", "container"])
    source = SourceSerializer(allow_null=True)

    @extend_schema_field({"type": "string", "pattern": "^(user|role)-[0-9]+$"})
    def get_principal(self, share) -> str:
        return share.principal_key


class GrantViewSet(ApiViewSet):
    """Derive with `queryset`, and `permissions` naming the share permission for every action."""

    serializer_class = GrantSerializer
    pagination_class = None

    is_read = is_list = False

    @extend_schema(responses=GrantSerializer(many=True))
    def list(self, request, pk):
        """Everyone who may at least view the object, with the reason."""
        return Response(GrantSerializer(shares.explain(self.get_object()), many=True).data)

    def update(self, request, pk, principal):
        """Set exactly these rights of one person or role on the object; viewing comes with every other."""
        obj, who = self.get_object(), self.get_principal()
        rights = self.clean(self.rights_serializer())["rights"]
        shares.grant(actor=request.user, obj=obj, principal=who, permissions=rights)
        given = [share for share in shares.explain(obj) if share.principal == who and share.reason == "grant"]
        return Response(GrantSerializer(given[0]).data)

    def destroy(self, request, pk, principal):
        """Take all rights of one person or role on the object away. Roles and containers go on giving theirs."""
        who = self.get_principal(User.objects.present())  # a service account has what it made itself
        shares.grant(actor=request.user, obj=self.get_object(), principal=who, permissions=[])
        return Response(status=204)

    def get_principal(self, users=None) -> User | Role:
        """Of the members, or of `users`, or a role. Raises Http404."""
        kind, _dash, key = self.kwargs["principal"].partition("-")
        people: dict = {
            "user": User.objects.members() if users is None else users,
            "role": Role.objects.select_related("group"),
        }
        found = people[kind].filter(pk=int(key)).first()
        if found is None:
            raise Http404
        return found

    def rights_serializer(self) -> type[serializers.Serializer]:
        return rights_serializer(self.queryset.model)


def rights_serializer(model) -> type[serializers.Serializer]:
    """`{"rights": [...]}` with those that can be granted on a row of `model`."""
    rights = serializers.ListField(child=WordField(choices=shares.rights_of(model)), min_length=1)
    text = "All the rights that the person or role is to have on the object itself."
    return type(f"{model.__name__}RightsSerializer", (StrictSerializer,), {"rights": rights, "__doc__": text})


class PrincipalConverter:
    """`user-12` or `role-3`, as the list names them."""

    regex = "(?:user|role)-[0-9]{1,18}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
