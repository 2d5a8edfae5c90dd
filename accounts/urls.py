from django.urls import path

from .views import api_keys, domains, invitations, members, profile, support

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
    path("support/", support.SupportView.as_view(), name="support"),
    path("support/arrive/<str:ticket>/", support.arrive, name="support-arrive"),
    path("support/leave/", support.leave, name="support-leave"),
    path("support/ended/", support.VisitEndedView.as_view(), name="support-ended"),
    path("support/visits/<int:pk>/end/", support.VisitEndView.as_view(), name="support-visit-end"),
    path("support/pass/", support.PassIssueView.as_view(), name="support-pass-issue"),
    path("support/pass/revoke/", support.PassRevokeView.as_view(), name="support-pass-revoke"),
    path("api-keys/", api_keys.ApiKeyListView.as_view(), name="api-key-list"),
    path("api-keys/new/", api_keys.ApiKeyCreateView.as_view(), name="api-key-create"),
    path("api-keys/<int:pk>/revoke/", api_keys.ApiKeyRevokeView.as_view(), name="api-key-revoke"),
    path("organisation/api-keys/", api_keys.OrganisationKeyListView.as_view(), name="organisation-key-list"),
    path("organisation/api-keys/new/", api_keys.ServiceKeyCreateView.as_view(), name="service-key-create"),
    path("profile/", profile.ProfileView.as_view(), name="profile"),
    path("organisation/", profile.OrganisationView.as_view(), name="organisation"),
    path("organisation/domains/", domains.DomainListView.as_view(), name="domain-list"),
    path("organisation/domains/<int:pk>/check/", domains.DomainCheckView.as_view(), name="domain-check"),
    path("organisation/domains/<int:pk>/remove/", domains.DomainWithdrawView.as_view(), name="domain-withdraw"),
    path("organisations/", profile.OrganisationsView.as_view(), name="organisations"),
]
