"""Which tables lie in the bound schema, asked by the index that DROP SCHEMA uses. Temporary ones are not listed."""

from django.db.backends.postgresql.introspection import DatabaseIntrospection, TableInfo

# Django asks which tables are visible, and so goes through those of all tenants: 50 ms among 500, 0.8 this way. It asks
# four times when the template is migrated, and three times for each tenant that goes the ordinary way.
TABLES = """
    SELECT c.relname,
           CASE WHEN c.relispartition THEN 'p' WHEN c.relkind IN ('m', 'v') THEN 'v' ELSE 't' END,
           obj_description(c.oid, 'pg_class')
      FROM pg_class c
     WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v')
       AND c.oid IN (SELECT objid FROM pg_depend
                      WHERE refclassid = 'pg_namespace'::regclass AND classid = 'pg_class'::regclass
                        AND refobjid = quote_ident(current_schema())::regnamespace)
"""


class Introspection(DatabaseIntrospection):
    """Of the one schema on the path. The library's version would send a session-wide SET around each question."""

    def get_table_list(self, cursor):
        cursor.execute(TABLES)
        return [TableInfo(*row) for row in cursor.fetchall() if row[0] not in self.ignored_tables]
