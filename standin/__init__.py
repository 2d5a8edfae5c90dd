"""Hosted identity providers, played over HTTP on loopback: for the demo and the tests.

    with StandIn("frontegg") as idp:
        ada = idp.world.add_person("ada", email="ada@acme.test", name="Ada Roe")
        token = idp.mint("userToken", person=ada, tenant=idp.world.add_tenant("acme-id", name="Acme"))

`idp.environment()` points the site at it. It stands alone: it imports nothing of the site, and the site nothing of it.
"""

from .server import StandIn
from .tokens import REMOVE

__all__ = ["REMOVE", "StandIn"]
