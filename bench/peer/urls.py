from django.urls import include, path
from rest_framework.routers import DefaultRouter

from .catalog.views import ProductViewSet
from .views import hello

router = DefaultRouter()
router.register("products", ProductViewSet)

urlpatterns = [path("hello", hello), path("api/", include(router.urls))]
