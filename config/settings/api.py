"""The REST API: one media type, one way in, one way to say no. Source: docs/decisions/0009-rest-api.md"""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.CredentialAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.DoorPermission"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.throttles.ApiThrottle"],
    "DEFAULT_PARSER_CLASSES": ["accounts.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["accounts.api.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "accounts.api.negotiation.JsonOnly",
    "DEFAULT_FILTER_BACKENDS": ["accounts.api.filters.ParameterFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "accounts.api.pagination.KeysetPagination",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "accounts.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "accounts.api.errors.answer",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

# Requests per so many seconds. By credential and by person; by address only while nobody is known.
API_RATES = {"credential": (600, 60), "user": (1200, 60), "address": (120, 60)}

SPECTACULAR_SETTINGS = {
    "TITLE": "Tenantry API",
    "VERSION": "1",
    "DESCRIPTION": (
        "The people and the catalogue of one organisation, on its own host. Each request needs a credential, and sees "
        "and does what its holder may. Errors are problem details (RFC 9457)."
    ),
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v[0-9]+",
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "PREPROCESSING_HOOKS": ["accounts.api.schema.only_the_api"],
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "accounts.api.schema.add_common_parts"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}
