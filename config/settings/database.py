"""Where the database is, by how many addresses it is reached, and what a serving process keeps of it.

Source: docs/decisions/0023-server-and-pool.md
"""

from datetime import timedelta

import environ

env = environ.FileAwareEnv()

# DATABASE_URL may be a transaction-mode pooler: every tenant query runs in a transaction that names
# its schema. DATABASE_ADMIN_URL reaches the server itself: migrations, sign-up, roles.
DEFAULT_DATABASE_URL = "postgres:///tenantry"


def database(url_variable: str, default: str) -> dict:
    return {
        **env.db_url(url_variable, default=default),
        "ENGINE": "tenants.postgresql",
        "ATOMIC_REQUESTS": True,
        # A server-side cursor outlives the statement that a pooler would give to someone else.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=0),
    }


DATABASES = {"default": database("DATABASE_URL", DEFAULT_DATABASE_URL)}
ADMIN_DATABASE = "default"
if env.str("DATABASE_ADMIN_URL", default="") not in ("", env.str("DATABASE_URL", default="")):
    # No transaction a request: with it, every page would open a direct connection beside its pooled one.
    DATABASES["admin"] = database("DATABASE_ADMIN_URL", DEFAULT_DATABASE_URL) | {"ATOMIC_REQUESTS": False}
    ADMIN_DATABASE = "admin"

# A standby for visitors' pages of public catalogues (tenants/replicas.py). Nothing else is ever read there. One that
# is further behind than this is passed by.
REPLICA_MAX_LAG = timedelta(seconds=env.float("REPLICA_MAX_LAG", default=5))
REPLICA_PATHS = ["/products/", "/categories/"]
if env.str("DATABASE_REPLICA_URL", default=""):
    replica = database("DATABASE_REPLICA_URL", "")
    # Written to never, whatever the address leads to; a machine that is off is waited for a second.
    options = {"options": "-c default_transaction_read_only=on", "connect_timeout": 1}
    options |= replica.get("OPTIONS", {})
    replica |= {"ATOMIC_REQUESTS": False, "OPTIONS": options, "TEST": {"MIRROR": "default"}}
    DATABASES["replica"] = replica

# What a serving process keeps (tenants/pooling.py): one connection a thread is in use at once, and one more while a
# provider's events are looked into (accounts/flows/provider_events.py). Sizes are per process, times in seconds. Who
# waits longer than `timeout` for a connection gets a 503. 0, or CONN_MAX_AGE: no pool.
# config/gunicorn.py says how many threads there are; 3 is for servers that say nothing, as those of ASGI.
DATABASE_POOL_MAX = env.int("DATABASE_POOL_MAX", default=env.int("WEB_THREADS", default=3) + 1)
DATABASE_POOL = {
    "min_size": min(env.int("DATABASE_POOL_MIN", default=1), DATABASE_POOL_MAX),
    "max_size": DATABASE_POOL_MAX,
    "timeout": env.float("DATABASE_POOL_TIMEOUT", default=3),
    "max_lifetime": env.float("DATABASE_POOL_LIFETIME", default=1800),
    "max_idle": 300,
}
if DATABASE_POOL_MAX < 1 or DATABASES["default"]["CONN_MAX_AGE"] != 0:
    DATABASE_POOL = {}
# A connection that was bound to so many schemas is closed: its backend keeps some 280 KiB of each.
SCHEMAS_PER_CONNECTION = env.int("SCHEMAS_PER_CONNECTION", default=100)
# As many statements each session of the database keeps ready, planned once (tenants/postgresql/keeping.py). 0: none.
STATEMENTS_PER_CONNECTION = env.int("STATEMENTS_PER_CONNECTION", default=100)

# One statement of a request may take this long; the page is then 503. Jobs and commands have no limit.
REQUEST_STATEMENT_TIMEOUT = env.str("REQUEST_STATEMENT_TIMEOUT", default="5s")

DATABASE_ROUTERS = ["tenants.routers.SchemaRouter"]
TENANT_SYNC_ROUTER = DATABASE_ROUTERS[0]
if "replica" in DATABASES:
    DATABASE_ROUTERS.insert(0, "tenants.routers.ReplicaRouter")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
