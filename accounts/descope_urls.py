"""The address and the names that users of Descope's own Django package know."""

from django.urls import path

from .views import widgets

app_name = "django_descope"

urlpatterns = [path("store_jwt", widgets.StoreTokensView.as_view(), name="store_jwt")]
