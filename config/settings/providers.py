"""Identity providers besides our own: which are active, and how each is reached. All of it from the environment.

Source: docs/decisions/0014-identity-providers.md; a page on each in docs/providers/
"""

import environ

env = environ.FileAwareEnv()

# Names of active providers: frontegg, auth0, descope, rownd, oidc. `local` is always there. Further plain OpenID
# Connect providers have a name of their own, `oidc-okta` say, whose variables then begin with OIDC_OKTA_.
IDENTITY_PROVIDERS = env.list("IDENTITY_PROVIDERS", default=[])
# Whose people new organisations are; the others are connected one by one (manage.py connect_tenant).
IDENTITY_PROVIDER = env.str("IDENTITY_PROVIDER", default="local")

# Whoever holds this role at his provider opens the admin site, whatever else he holds. A tenant may name another.
IDENTITY_STAFF_ROLE = env.str("DESCOPE_IS_STAFF_ROLE", default="is_staff")
# How long keys are good that could not be read anew, while a provider is away.
IDENTITY_STALE_KEYS_HOURS = env.int("IDENTITY_STALE_KEYS_HOURS", default=24)

# What each may have besides. ACCOUNT_URL is where people change what their provider keeps of them (linked on the
# profile).
FOR_EACH = {"ACCOUNT_URL": ""}

# Provider -> the names of its variables: what it cannot do without, and what has a default.
PROVIDER_VARIABLES = {
    "frontegg": (
        ("BASE_URL", "CLIENT_ID", "API_KEY"),
        {
            "API_GATEWAY_URL": "https://api.frontegg.com",
            "AUDIENCE": "",
            "JWT_ALGORITHM": "RS256",
            "JWT_SECRET": "",
            "WEBHOOK_SECRET": "",
            "WEBHOOK_PLAIN_SECRET": "",
            "LOGIN_ALIAS": "",  # `slug`: each account has a login alias at Frontegg, which is its address here
        },
    ),
    "auth0": (
        ("DOMAIN", "CLIENT_ID", "CLIENT_SECRET", "AUDIENCE"),
        {"ROLES_CLAIM": "", "WEBHOOK_TOKEN": "", "MACHINE_CLIENTS": "", "MANAGEMENT_AUDIENCE": ""},
    ),
    "descope": (
        ("PROJECT_ID",),
        {
            "BASE_URI": "https://api.descope.com",
            "MANAGEMENT_KEY": "",
            "CLIENT_ID": "",
            "CLIENT_SECRET": "",
            "AUDIENCE": "",
            "WEBHOOK_SECRET": "",
            "IS_SUPERUSER_ROLE": "is_superuser",  # known, and never obeyed
            "USERNAME_CLAIM": "sub",
            "WEB_COMPONENT_VERSION": "3",
            "WEB_COMPONENT_SRC": "",
            # What pages that show the widget let in, beside the script's own host and BASE_URI's.
            "WIDGET_HOSTS": "https://static.descope.com",
            "FLOW_SIGN_IN": "sign-in",
            "FLOW_SIGN_UP": "sign-up",
            "FLOW_SIGN_UP_OR_IN": "sign-up-or-in",
        },
    ),
    "rownd": (
        ("APP_KEY", "APP_SECRET", "APP_ID"),
        {
            "API_URL": "https://api.rownd.io",
            "HUB_SRC": "https://hub.rownd.io/static/scripts/rph.js",
            "WIDGET_HOSTS": "",
            "CSRF_PROTECT_ROUTES": "true",  # known, and never switched off
        },
    ),
    "oidc": (
        ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "TENANT_CLAIM"),
        {
            "NAME": "",
            "AUDIENCE": "",
            "ROLES_CLAIM": "roles",
            "PERMISSIONS_CLAIM": "permissions",
            "SCOPE": "openid email profile",
            "ALGORITHMS": "RS256",
        },
    ),
}


def provider_settings(name: str) -> dict[str, str]:
    """The variables of one provider as they are set: what is missing is named by a check (accounts/checks.py)."""
    required, optional = PROVIDER_VARIABLES.get(name.partition("-")[0], ((), {}))
    prefix = name.upper().replace("-", "_")
    wanted = dict.fromkeys(required, "") | optional | FOR_EACH
    return {variable: env.str(f"{prefix}_{variable}", default=default) for variable, default in wanted.items()}


# Name of an active provider -> its variables without the prefix. The same shape for every provider.
PROVIDERS = {name: provider_settings(name) for name in IDENTITY_PROVIDERS}
