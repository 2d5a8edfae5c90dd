"""No job holds more than one tenant's schema in a transaction.

A transaction over all of them gave out at 427 schemas (docs/scaling.md): the server's table of locks was full. On a
cluster it would also be one over all nodes.
"""

from collections import defaultdict
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import connections, transaction

from tenants.models import Tenant
from tenants.schema import in_public, in_tenant
from tenants.slugs import SCHEMA_PREFIX
from tests.taps import installed

# Every command that goes through the tenants: the periodic ones, and those that an operator starts. A deploy is a
# matter of tests/tenants/test_fleet*.py: it closes its connections, and with nothing to do it visits nobody.
WALKS = [
    *settings.HOUSEKEEPING,
    ["doctor"],
    ["doctor", "--repair"],
    ["verify_audit"],
]


@contextmanager
def together():
    """Yields, transaction by transaction, the tenants' schemas that statements were sent in. A test's own is none."""
    bound: defaultdict[tuple, set[str]] = defaultdict(set)
    kept = []  # an Atomic that is gone would lend its identity to the next

    def note(execute, statement, parameters, many, context):
        connection = context["connection"]
        blocks = [block for block in connection.atomic_blocks if not block._from_testcase]
        if blocks and connection.schema_name.startswith(SCHEMA_PREFIX):
            kept.append(blocks[0])
            bound[connection.alias, id(blocks[0])].add(connection.schema_name)
        return execute(statement, parameters, many, context)

    with installed(note):
        yield bound


@pytest.mark.parametrize("words", WALKS, ids=" ".join)
def test_a_job_takes_the_tenants_one_by_one(manage, make_tenant, words):
    make_tenant("apex")
    with together() as bound:
        manage(*words)
    assert [schemas for schemas in bound.values() if len(schemas) > 1] == []


def test_the_walks_do_walk(manage, make_tenant):
    """What is shown above would be true of a job that does nothing, too."""
    make_tenant("apex")
    with in_public():
        everybody = set(Tenant.objects.values_list("schema_name", flat=True))
    for words in (["doctor"], ["refresh_usage"], ["clearsessions"], ["verify_audit"]):
        with together() as bound:
            manage(*words)
        assert everybody <= set().union(*bound.values()), words


def test_a_walk_in_one_transaction_is_seen(tenants, db):
    with together() as bound, transaction.atomic():
        for world in tenants:
            with in_tenant(world.tenant), connections["default"].cursor() as cursor:
                cursor.execute("SELECT 1")
    assert [sorted(schemas) for schemas in bound.values()] == [["t_acme", "t_globex"]]
