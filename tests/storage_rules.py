"""What the catalogue of a tenant's schema must not hold, each as a question, and how each is shown to be asked."""

# Keys of libraries that cannot be widened; everything of our own is a bigint or a UUID.
SMALL_KEYS = {
    "account_emailaddress.id",
    "account_emailconfirmation.id",
    "auth_group.id",
    "auth_permission.id",
    "django_admin_log.id",
    "django_content_type.id",
    "guardian_groupobjectpermission.id",
    "guardian_userobjectpermission.id",
}

# Name of the rule -> a query that gives no row for a good schema. `%(schema)s` is its name.
CATALOGUE = {
    "a foreign key with one end outside": """
        SELECT k.conname
          FROM pg_constraint k JOIN pg_class a ON a.oid = k.conrelid JOIN pg_class b ON b.oid = k.confrelid
         WHERE k.contype = 'f' AND a.relnamespace <> b.relnamespace
           AND %(schema)s::regnamespace IN (a.relnamespace, b.relnamespace)
    """,
    "a table without a primary key": """
        SELECT relname FROM pg_class c WHERE relnamespace = %(schema)s::regnamespace AND relkind IN ('r', 'p')
           AND NOT EXISTS (SELECT 1 FROM pg_index x WHERE x.indrelid = c.oid AND x.indisprimary)
    """,
    "a trigger": """
        SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE c.relnamespace = %(schema)s::regnamespace AND NOT t.tgisinternal
    """,
    "a child table": """
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE c.relnamespace = %(schema)s::regnamespace AND NOT c.relispartition
    """,
    "a rule": """
        SELECT rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
         WHERE c.relnamespace = %(schema)s::regnamespace AND r.rulename <> '_RETURN'
    """,
    "a foreign table": "SELECT relname FROM pg_class WHERE relnamespace = %(schema)s::regnamespace AND relkind = 'f'",
    "a default that uses a sequence of another schema": """
        SELECT t.relname || '.' || a.attname
          FROM pg_depend d
          JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S' AND d.refclassid = 'pg_class'::regclass
          JOIN pg_attrdef f ON f.oid = d.objid AND d.classid = 'pg_attrdef'::regclass
          JOIN pg_class t ON t.oid = f.adrelid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = f.adnum
         WHERE t.relnamespace = %(schema)s::regnamespace AND s.relnamespace <> t.relnamespace
    """,
    "a table that cannot be moved while it is written to": """
        SELECT relname FROM pg_class
         WHERE relnamespace = %(schema)s::regnamespace AND relkind IN ('r', 'p') AND relreplident = 'n'
    """,
    "a partition whose parent is elsewhere": """
        SELECT c.relname
          FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
         WHERE c.relispartition AND c.relnamespace <> p.relnamespace
           AND %(schema)s::regnamespace IN (c.relnamespace, p.relnamespace)
    """,
    "a default that is another one on each node": r"""
        SELECT t.relname || '.' || a.attname
          FROM pg_attrdef f JOIN pg_class t ON t.oid = f.adrelid
          JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = f.adnum
         WHERE t.relnamespace = %(schema)s::regnamespace AND a.attgenerated = ''
           AND pg_get_expr(f.adbin, f.adrelid) ~ '\m(random|clock_timestamp|timeofday|current_setting)\('
    """,
    "a policy that reads a setting": """
        SELECT polname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
         WHERE c.relnamespace = %(schema)s::regnamespace
           AND concat(pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) LIKE '%%current_setting%%'
    """,
    "an extension": "SELECT extname FROM pg_extension WHERE extnamespace = %(schema)s::regnamespace",
    "a small key": """
        SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
          LEFT JOIN pg_attrdef f ON f.adrelid = c.oid AND f.adnum = a.attnum
         WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r' AND a.attnum > 0
           AND a.atttypid IN ('int2'::regtype, 'int4'::regtype)
           AND (a.attidentity <> '' OR pg_get_expr(f.adbin, f.adrelid) LIKE 'nextval%%')
           AND c.relname || '.' || a.attname <> ALL (%(small_keys)s)
    """,
    "a function, in which tables could be made": """
        SELECT proname FROM pg_proc WHERE pronamespace = %(schema)s::regnamespace
    """,
}

# For each rule a statement that breaks it, and what is then named.
SPOILT = {
    "a foreign key with one end outside": (
        "ALTER TABLE accounts_user ADD outer_id bigint CONSTRAINT crossing REFERENCES public.tenants_tenant",
        "crossing",
    ),
    "a table without a primary key": ("CREATE TABLE keyless (id bigint)", "keyless"),
    "a trigger": (
        "CREATE TRIGGER planted BEFORE UPDATE ON accounts_user FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "planted",
    ),
    "a child table": ("CREATE TABLE heir (PRIMARY KEY (id)) INHERITS (accounts_user)", "heir"),
    "a rule": ("CREATE RULE planted AS ON DELETE TO accounts_user DO INSTEAD NOTHING", "planted"),
    "a foreign table": (
        "CREATE FOREIGN DATA WRAPPER elsewhere; CREATE SERVER elsewhere FOREIGN DATA WRAPPER elsewhere;"
        " CREATE FOREIGN TABLE far (id bigint) SERVER elsewhere",
        "far",
    ),
    "a default that uses a sequence of another schema": (
        "ALTER TABLE accounts_user ADD n bigint DEFAULT nextval('public.tenants_tenant_id_seq')",
        "accounts_user.n",
    ),
    "a table that cannot be moved while it is written to": (
        "ALTER TABLE accounts_user REPLICA IDENTITY NOTHING",
        "accounts_user",
    ),
    "a partition whose parent is elsewhere": (
        "CREATE TABLE public.parted (id bigint PRIMARY KEY) PARTITION BY LIST (id);"
        " CREATE TABLE part PARTITION OF public.parted DEFAULT",
        "part",
    ),
    "a default that is another one on each node": (
        "ALTER TABLE accounts_user ADD n timestamptz DEFAULT clock_timestamp()",
        "accounts_user.n",
    ),
    "a policy that reads a setting": (
        "CREATE POLICY planted ON accounts_user USING (name = current_setting('app.tenant', true))",
        "planted",
    ),
    "an extension": (
        "DO $$ BEGIN EXECUTE 'CREATE EXTENSION ' || (SELECT min(name) FROM pg_available_extensions"
        " WHERE name IN ('citext', 'vector')); END $$",
        "",
    ),
    "a small key": ("CREATE TABLE small (id serial PRIMARY KEY)", "small.id"),
    "a function, in which tables could be made": (
        "CREATE FUNCTION planted() RETURNS void LANGUAGE sql AS 'SELECT'",
        "planted",
    ),
}
