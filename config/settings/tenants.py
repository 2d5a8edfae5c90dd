"""Organisations: how they are made, served, migrated, dumped and closed; and the jobs that run by themselves."""

from datetime import timedelta

import environ

env = environ.FileAwareEnv()

TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
PUBLIC_SCHEMA_NAME = "public"
# For so many seconds a process remembers which tenant a host leads to; 0: it asks at each request. A request that
# asks the tenant's database for anything proves it in the same statement (tenants/known.py).
TENANT_KNOWN_FOR = env.float("TENANT_KNOWN_FOR", default=10)
# The migrated, never served model of a tenant; every new tenant is a copy of it.
TEMPLATE_SCHEMA = "template"
# So many copies of it wait, made beforehand, for the next sign-ups (prepare_spares). 0: each sign-up makes its own.
SPARE_SCHEMAS = env.int("SPARE_SCHEMAS", default=3)
# Called as f(connection) inside each freshly migrated schema, in this order. What one writes is declared in its own
# module: the fleet calls it again when that module's text has changed, and not otherwise.
TENANT_MIGRATED_HOOKS = ["accounts.roles.sync_system_roles"]
# Each is called as f(tenant) between two rings of a deploy and returns what is wrong, or "" (tenants/fleet/rings.py).
FLEET_PROBES = ["config.probes.pages"]
# Rows of these are never changed or deleted: the database refuses it (tenants/privileges.py).
APPEND_ONLY_TABLES = ["audit_entry", "audit_link"]
# The key of the chain that seals the audit log; without one of its own, which outlives a change of it, SECRET_KEY.
AUDIT_KEY = env.str("AUDIT_KEY", default="")
# Each is called as f(connection) in a tenant's schema and returns fields of tenants.Usage (refresh_usage).
TENANT_FIGURES = ["accounts.figures.count", "catalog.figures.count"]
# How long a closed organisation can be had back, and how long an address that was given up is nobody else's.
TENANT_CLOSING_GRACE = timedelta(days=env.int("TENANT_CLOSING_GRACE_DAYS", default=14))
ADDRESS_HELD_FOR = timedelta(days=90)
# Called as f(claim) when the periodic check has switched a customer's domain on or off.
DOMAIN_SWITCHED_HOOK = "accounts.flows.domains.note_switch"
# A domain of the customer's own is switched off when its DNS record has been missing for this long.
DOMAIN_PROOF_GRACE = timedelta(days=3)
DNS_TIMEOUT = 3  # seconds, for the whole question
DNS_NAMESERVERS = env.list("DNS_NAMESERVERS", default=[])  # empty: the machine's own
DNS_PORT = env.int("DNS_PORT", default=53)
PLATFORM_EVENTS_KEPT_FOR = timedelta(days=90)
# What `manage.py housekeeping` runs, in this order; the words are a management command's.
HOUSEKEEPING = [
    ["clearsessions"],
    ["prepare_spares"],
    ["purge_sessions"],
    ["refresh_usage"],
    ["seal_audit"],
    ["purge_tenants"],
    ["verify_domains"],
    ["purge_idempotency"],
    ["purge_events"],
    ["tell_providers"],
    ["reconcile", "--due"],
]
# Everybody of an organisation is asked for at its identity provider no more often than this: a little less than the
# five minutes from one round to the next, so that each round does it. And how long one round may take with it.
RECONCILE_EVERY = timedelta(minutes=env.int("RECONCILE_EVERY_MINUTES", default=4))
RECONCILE_PATIENCE = timedelta(minutes=2)
# What becomes of each table in a dump; what is done in a restored tenant before it opens; how a sandbox's owner
# comes in.
TENANT_DUMP_RULES = ["accounts.dump_rules.RULES", "catalog.dump_rules.RULES"]
TENANT_RESTORED_HOOKS = ["accounts.flows.restored.settle"]
TENANT_WAY_IN = "accounts.flows.restored.let_owner_in"
# Seals dumps: only those that were sealed with it are restored. Without one of its own, SECRET_KEY. Two installations
# between which tenants are moved have the same one.
DUMP_KEY = env.str("DUMP_KEY", default="")
# How `manage.py create_tenant` makes one, with its first owner.
TENANT_SIGN_UP_FLOW = "accounts.flows.sign_up.sign_up"
