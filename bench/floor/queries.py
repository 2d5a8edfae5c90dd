"""The floor's SQL, and the one table that it adds to a tenant of the peer: who holds what, by keys."""

from functools import cache

TENANT = """
    SELECT schema_name FROM customers_client JOIN customers_domain ON tenant_id = customers_client.id WHERE domain = %s
"""
TABLE = """
    DROP TABLE IF EXISTS {s}.bench_grant;
    CREATE TABLE {s}.bench_grant (
        principal bigint NOT NULL, action smallint NOT NULL, object_id bigint NOT NULL,
        PRIMARY KEY (principal, action, object_id)
    );
    INSERT INTO {s}.bench_grant
    SELECT user_id, 1, object_pk::bigint FROM {s}.guardian_userobjectpermission
     WHERE permission_id = (SELECT id FROM {s}.auth_permission WHERE codename = 'view_product');
    INSERT INTO {s}.bench_grant SELECT -group_id, 1, object_pk::bigint FROM {s}.guardian_groupobjectpermission;
    ANALYZE {s}.bench_grant
"""
# Who is asking: his own key, his groups' keys below zero, and whether he sees (or adds) all.
WHO = """
    WITH me AS (SELECT id FROM {s}.auth_user WHERE username = %s AND is_active),
         who AS (SELECT id AS p FROM me
                  UNION ALL SELECT -group_id FROM {s}.auth_user_groups g, me WHERE g.user_id = me.id),
         allrows AS (SELECT EXISTS (
             SELECT FROM {s}.auth_user_user_permissions u JOIN {s}.auth_permission p ON p.id = u.permission_id, me
              WHERE u.user_id = me.id AND p.codename = '{permission}') AS y)
"""
COLUMNS = "id, title, price, description, image, created"
VISIBLE = """((SELECT y FROM allrows) OR EXISTS (
    SELECT FROM {s}.bench_grant g
     WHERE g.principal = ANY(ARRAY(SELECT p FROM who)) AND g.action = 1 AND g.object_id = product.id))
"""
COUNT = """
    SELECT CASE WHEN (SELECT y FROM allrows) THEN (SELECT count(*) FROM {s}.catalog_product)
           ELSE (SELECT count(DISTINCT object_id) FROM {s}.bench_grant
                  WHERE principal = ANY(ARRAY(SELECT p FROM who)) AND action = 1) END
"""
CREATE = """
    , made AS (
        INSERT INTO {s}.catalog_product (title, price, description, image, created)
        SELECT %s, %s, %s, %s, now() WHERE (SELECT y FROM allrows) RETURNING {columns}),
    given AS (
        INSERT INTO {s}.bench_grant SELECT me.id, action, made.id FROM me, made, generate_series(1, 3) action)
    SELECT * FROM made
"""


def filled(text: str, schema: str, permission: str = "view_product") -> str:
    return text.format(s=f'"{schema}"', columns=COLUMNS, permission=permission)


@cache
def page(schema: str) -> str:
    body = f"SELECT {COLUMNS} FROM {{s}}.catalog_product product WHERE id > %s AND {VISIBLE} ORDER BY id LIMIT %s"
    return filled(WHO + body, schema)


@cache
def one(schema: str) -> str:
    return filled(WHO + f"SELECT {COLUMNS} FROM {{s}}.catalog_product product WHERE id = %s AND {VISIBLE}", schema)


@cache
def count(schema: str) -> str:
    return filled(WHO + COUNT, schema)


@cache
def create(schema: str) -> str:
    return filled(WHO + CREATE, schema, "add_product")
