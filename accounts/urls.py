from django.urls import path

from .views import invitations, members, profile

app_name = "accounts"

urlpatterns = [
    path("members/", members.MemberListView.as_view(), name="member-list"),
    path("members/<int:pk>/role/", members.MemberRoleView.as_view(), name="member-role"),
    path("members/<int:pk>/deactivate/", members.MemberDeactivateView.as_view(), name="member-deactivate"),
    path("members/<int:pk>/reactivate/", members.MemberReactivateView.as_view(), name="member-reactivate"),
    path("members/<int:pk>/remove/", members.MemberRemoveView.as_view(), name="member-remove"),
    path("members/leave/", members.LeaveView.as_view(), name="leave"),
    path("roles/", members.RoleListView.as_view(), name="role-list"),
    path("invitations/", invitations.InvitationListView.as_view(), name="invitation-list"),
    path("invitations/new/", invitations.InviteView.as_view(), name="invitation-create"),
    path("invitations/<int:pk>/resend/", invitations.InvitationResendView.as_view(), name="invitation-resend"),
    path("invitations/<int:pk>/revoke/", invitations.InvitationRevokeView.as_view(), name="invitation-revoke"),
    path("join/<str:token>/", invitations.InvitationAcceptView.as_view(), name="invitation-accept"),
    path("arrive/<str:ticket>/", profile.arrive, name="arrive"),
    path("profile/", profile.ProfileView.as_view(), name="profile"),
    path("organisation/", profile.OrganisationView.as_view(), name="organisation"),
    path("organisations/", profile.OrganisationsView.as_view(), name="organisations"),
]
