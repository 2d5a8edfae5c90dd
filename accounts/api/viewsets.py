"""The base of every endpoint: the same questions, in the same order, whatever the method."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.serializers import ErrorDetail
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from accounts import access

from . import parameters, throttles
from .exceptions import BadHeader


class ApiView(APIView):
    """What every view of the API does, whatever it is of."""

    has_version = False  # does it answer with an ETag, and honour If-Match?

    def initial(self, request, *args, **kwargs):
        """As DRF's, in another order: whoever floods us is counted before anything is asked of the database."""
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        self.perform_authentication(request)
        self.check_throttles(request)
        self.check_permissions(request)
        parameters.refuse_unknown(request, self.allowed_parameters())
        if not self.has_version and "HTTP_IF_MATCH" in request.META:
            raise BadHeader({"If-Match": [ErrorDetail(_("There is no version of this to compare with."), "invalid")]})

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in throttles.headers(getattr(request._request, "api_usages", [])).items():
            response.headers[name] = value
        return response

    def allowed_parameters(self) -> list[str]:
        return []


class ApiViewSet(ApiView, GenericViewSet):
    """An endpoint behind the door: 401 for a visitor, 404 for what one may not see, 403 for what one may not do.

    Declare `permissions`, action -> permission in full; an action that is missing there is an error when the
    site starts. Rows come from those that the user may view; one row is then asked about for the action's own
    permission. Writes go through flows, which lock the actor and ask again.

    `orders` are the orders of the list, the first the default; `filters` its other parameters.

    `rows_first` names the reading actions whose first act is to ask for rows: before that they call nobody, send no
    mail and write nothing. So who asks is looked up in the same trip. Until it is back, `request.user` is as he was the
    last time; if he has changed, all is undone and the request begun anew.
    """

    permissions: dict[str, str] = {}
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    lookup_url_kwarg = "pk"
    orders: tuple[str, ...] = ()
    rows_first: tuple[str, ...] = ()

    @property
    def permission(self) -> str | None:
        return self.permissions.get(self.action or "")

    # --- Rows ---

    def get_queryset(self):
        queryset = super().get_queryset()
        narrow = access.narrow if self.is_list else access.narrow_one
        queryset = narrow(queryset, self.request.user, access.view_permission(queryset.model))
        names = self.sparse_fields()
        return queryset if names is None else queryset.only(*self.columns(names))

    def columns(self, names: list[str]) -> set[str]:
        """What has to be read from the database to show these fields and to sort."""
        declared = self.get_serializer_class()(context=self.get_serializer_context()).fields
        shown = {declared[name].source for name in names}
        return shown | {order.removeprefix("-") for order in self.orders} | {"pk"}

    def filter_queryset(self, queryset):
        """Narrowed by the parameters that came. None came: then no form is made to find that out."""
        return super().filter_queryset(queryset) if self.is_filtered else queryset

    @property
    def is_filtered(self) -> bool:
        return self.is_list and not self.request.query_params.keys().isdisjoint(self.filter_names())

    # --- Parameters ---

    @property
    def is_list(self) -> bool:
        return self.action == "list"

    def allowed_parameters(self) -> list[str]:
        allowed = [parameters.FIELDS] if self.is_read else []
        if self.is_list:
            allowed += [*self.paginator.parameters, *self.filter_names()]
        return allowed

    @property
    def is_read(self) -> bool:
        return self.action in ("list", "retrieve")

    def filter_names(self) -> list[str]:
        filterset = getattr(self, "filterset_class", None)
        return list(filterset.base_filters) if filterset else []

    def sparse_fields(self) -> list[str] | None:
        if not self.is_read:
            return None
        return parameters.sparse_fields(self.request, lambda: self.get_serializer_class()().fields)

    # --- Serializers ---

    def get_serializer(self, *args, **kwargs):
        """Shows only the fields asked for by `?fields=`."""
        serializer = super().get_serializer(*args, **kwargs)
        names = self.sparse_fields()
        if names is not None:
            shown = getattr(serializer, "child", serializer).fields
            for name in set(shown) - set(names):
                shown.pop(name)
        return serializer

    def clean(self, serializer_class=None, **kwargs) -> Any:
        """The body as clean values. Raises ValidationError."""
        make = serializer_class or self.get_serializer_class()
        serializer = make(data=self.request.data, context=self.get_serializer_context(), **kwargs)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data
