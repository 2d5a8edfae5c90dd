"""Endpoints about people, under `/api/v1/`."""

from django.urls import path

from .invitations import InvitationViewSet
from .me import MeViewSet
from .members import MemberViewSet
from .roles import RoleViewSet

urlpatterns = [
    path("me/", MeViewSet.as_view({"get": "retrieve", "patch": "partial_update"}), name="me"),
    path("me/leave/", MeViewSet.as_view({"post": "leave"}), name="me-leave"),
    path("members/", MemberViewSet.as_view({"get": "list"}), name="member-list"),
    path("members/<int:pk>/", MemberViewSet.as_view({"get": "retrieve", "delete": "destroy"}), name="member-detail"),
    path("members/<int:pk>/role/", MemberViewSet.as_view({"put": "change_role"}), name="member-role"),
    path("members/<int:pk>/deactivate/", MemberViewSet.as_view({"post": "deactivate"}), name="member-deactivate"),
    path("members/<int:pk>/reactivate/", MemberViewSet.as_view({"post": "reactivate"}), name="member-reactivate"),
    path("roles/", RoleViewSet.as_view({"get": "list"}), name="role-list"),
    path("invitations/", InvitationViewSet.as_view({"get": "list", "post": "create"}), name="invitation-list"),
    path("invitations/<int:pk>/", InvitationViewSet.as_view({"get": "retrieve"}), name="invitation-detail"),
    path("invitations/<int:pk>/resend/", InvitationViewSet.as_view({"post": "resend"}), name="invitation-resend"),
    path("invitations/<int:pk>/revoke/", InvitationViewSet.as_view({"post": "revoke"}), name="invitation-revoke"),
]
