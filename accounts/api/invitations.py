"""Invitations: the sender's side. Accepting one is a page, since whoever is invited has no credential yet."""

from django.core.exceptions import ValidationError as DjangoValidationError
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.response import Response

from accounts.flows import invite
from accounts.models import Invitation
from accounts.texts import MOST_INVITATIONS, clean_addresses

from .idempotency import idempotent
from .roles import RoleChoiceField
from .serializers import StrictModelSerializer, StrictSerializer, TextField
from .viewsets import ApiViewSet


class InvitationSerializer(StrictModelSerializer):
    """An offer of a role to an address. Its link goes out by mail and is shown nowhere."""

    role = serializers.CharField(source="role.key", read_only=True)
    state = serializers.SerializerMethodField()

    class Meta:
        model = Invitation
        fields = ["id", "email", "role", "state", "invited_by", "sent_at", "expires_at"]
        read_only_fields = fields

    @extend_schema_field({"type": "string", "enum": Invitation.State.values})
    def get_state(self, invitation) -> str:
        return invitation.state


class InviteSerializer(StrictSerializer):
    """Whom to invite, and to which role, by its key."""

    addresses = serializers.ListField(child=TextField(max_length=254), max_length=MOST_INVITATIONS, min_length=1)
    role = RoleChoiceField()

    def validate_addresses(self, typed: list[str]) -> list[str]:
        try:
            return clean_addresses(typed)
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages) from error


class OutcomeSerializer(StrictSerializer):
    """What became of each address: `members` and `waiting` were left as they are."""

    sent = serializers.ListField(child=serializers.EmailField())
    members = serializers.ListField(child=serializers.EmailField())
    waiting = serializers.ListField(child=serializers.EmailField())


class InvitationViewSet(ListModelMixin, RetrieveModelMixin, ApiViewSet):
    permissions = {
        "list": "accounts.view_invitation",
        "retrieve": "accounts.view_invitation",
        "create": "accounts.add_invitation",
        "resend": "accounts.add_invitation",
        "revoke": "accounts.add_invitation",
    }
    queryset = Invitation.objects.select_related("role")
    serializer_class = InvitationSerializer
    orders = ("-sent_at", "sent_at")

    def columns(self, names):
        return {"pk", "email", "role__key", "invited_by", "sent_at", "expires_at", "accepted_at", "revoked_at"}

    @extend_schema(request=InviteSerializer, responses={201: OutcomeSerializer})
    @idempotent
    def create(self, request):
        """Offer a role to up to 50 addresses. Nobody gives a right that he does not hold."""
        offer = self.clean(InviteSerializer)
        invite.demand_may_invite(request.user, offer["role"])  # before anything is spent
        invite.spend_limit(request._request, times=len(offer["addresses"]))
        outcome = invite.invite(actor=request.user, **offer)
        return Response(OutcomeSerializer(outcome).data, status=201)

    @extend_schema(request=None, responses=InvitationSerializer)
    @idempotent
    def resend(self, request, pk):
        """Send a new link; the one sent before stops working."""
        invitation = self.get_object()
        invite.spend_limit(request._request)
        invite.resend(actor=request.user, invitation=invitation)
        return self.stored(invitation)

    @extend_schema(request=None, responses=InvitationSerializer)
    @idempotent
    def revoke(self, request, pk):
        """Withdraw the invitation: its link stops working."""
        invitation = self.get_object()
        invite.revoke(actor=request.user, invitation=invitation)
        return self.stored(invitation)

    def stored(self, invitation) -> Response:
        return Response(self.get_serializer(Invitation.objects.select_related("role").get(pk=invitation.pk)).data)
