"""The product's own addresses, and two views that do nothing: what is left of a request is the way to them."""

from django.http import HttpResponse
from django.urls import include, path

from accounts.guards import members_only, open_to_all
from config.urls import tenant

handler400, handler403 = tenant.handler400, tenant.handler403
handler404, handler500 = tenant.handler404, tenant.handler500


@open_to_all("says nothing of anybody")
def hello(request):
    return HttpResponse("hello")


@members_only("says nothing of anybody")
def hello_member(request):
    return HttpResponse("hello")


urlpatterns = [
    path("api/bench/hello/", hello),
    path("api/bench/hello-member/", hello_member),
    path("", include(tenant)),
]
