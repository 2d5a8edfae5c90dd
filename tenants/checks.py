"""What must be true before anything is served."""

import psycopg
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from . import citus, pooling, privileges
from .exceptions import first_line

LOWEST_POSTGRES = 150000
# Asks `public` alone, outside of any tenant: is this host known?
BEFORE_THE_TENANT = {"tenants.middleware.ProvenHostMiddleware"}


@register(Tags.compatibility)
def one_home_per_app(app_configs, **kwargs):
    """An app in both lists would have two user tables, or none."""
    both = set(settings.SHARED_APPS) & set(settings.TENANT_APPS)
    return [
        Error(f"{name} is in SHARED_APPS and TENANT_APPS.", hint="See config/settings/apps.py.", id="tenants.E001")
        for name in sorted(both)
    ]


@register(Tags.compatibility)
def middleware_order(app_configs, **kwargs):
    """Nothing that reads the database may come before the tenant is known."""
    order = settings.MIDDLEWARE
    tenant = "tenants.middleware.TenantMiddleware"
    if tenant not in order:
        return [Error(f"{tenant} is missing from MIDDLEWARE.", id="tenants.E002")]
    early = [
        name
        for name in order[: order.index(tenant)]
        if name.startswith(("django.contrib.", "tenants.", "accounts.", "allauth.", "catalog."))
        and name not in BEFORE_THE_TENANT
    ]
    return [Error(f"{name} stands before {tenant}.", id="tenants.E003") for name in early]


@register(Tags.compatibility)
def backend_binds_transactions(app_configs, **kwargs):
    """Every alias uses our backend; pages run on the default one alone, in a transaction a request."""
    wrong: list[CheckMessage] = [
        Error(
            f"DATABASES[{alias!r}] needs ENGINE 'tenants.postgresql' and ATOMIC_REQUESTS {alias == DEFAULT_DB_ALIAS}.",
            id="tenants.E004",
        )
        for alias, conf in settings.DATABASES.items()
        if conf["ENGINE"] != "tenants.postgresql" or conf["ATOMIC_REQUESTS"] != (alias == DEFAULT_DB_ALIAS)
    ]
    isolated = [alias for alias, conf in settings.DATABASES.items() if "isolation_level" in conf.get("OPTIONS", {})]
    return wrong + [no_isolation_of_its_own(alias) for alias in isolated]


def no_isolation_of_its_own(alias: str) -> Error:
    """Our backend sends a bare BEGIN, and one that has only read is begun anew (tenants/postgresql/sending.py)."""
    return Error(
        f"DATABASES[{alias!r}] sets isolation_level in OPTIONS: every transaction is READ COMMITTED here.",
        hint="Take it out. Where one needs more, lock the rows it is about (select_for_update).",
        id="tenants.E010",
    )


@register(Tags.database)
def database_is_usable(app_configs, databases=None, **kwargs):
    """Of one that is not, nothing else is said."""
    found: list[CheckMessage] = []
    for alias in databases or []:
        problem = database_problem(alias)
        found += [problem] if problem else [*role_is_bounded(alias), *cluster_is_prepared(alias)]
    return found


def role_is_bounded(alias: str) -> list[Warning]:
    """What is append-only is so by the database's word; a role that may do everything is not held by it."""
    hint = "See “The database's roles” in docs/deployment.md."
    excesses = privileges.excesses(alias) if alias == DEFAULT_DB_ALIAS else []
    return [Warning(excess, hint=hint, id="tenants.W001") for excess in excesses]


def cluster_is_prepared(alias: str) -> list[Error]:
    """On Citus every node has to know the hosts, and no tenant may be left on the coordinator unseen."""
    hint = "Run manage.py prepare_citus; see docs/scaling.md."
    findings = citus.findings(alias) if alias == settings.ADMIN_DATABASE else []
    return [Error(str(finding), hint=hint, id="tenants.E009") for finding in findings]


def database_problem(alias: str) -> Error | None:
    """One clear sentence on a database that cannot be used, or None."""
    connection = connections[alias]
    place = connection.settings_dict["HOST"] or "the local socket"
    try:
        connection.ensure_connection()
    except OperationalError as error:
        reason = first_line(error)
        return Error(
            f"The database {connection.settings_dict['NAME']!r} on {place} cannot be reached: {reason}",
            id="tenants.E005",
        )
    version = connection.connection.info.server_version
    if version < LOWEST_POSTGRES:
        return Error(
            f"PostgreSQL {LOWEST_POSTGRES // 10000} or later is needed; {place} runs {version // 10000}.",
            id="tenants.E006",
        )
    return pooler_problem(alias)


def pooler_problem(alias: str) -> Error | None:
    """A pooler stands where none may. Where that cannot be told, the answer is no as well."""
    try:
        problem = pooling.misrouting(alias)
    except (pooling.ProbeFailed, psycopg.Error) as error:
        reason = str(error).strip()
        return Error(f"Whether a pooler stands before the database is not known: {reason}", id="tenants.E008")
    return Error(problem, hint="See “Poolers” in docs/deployment.md.", id="tenants.E007") if problem else None
