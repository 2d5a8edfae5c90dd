"""A fault, for bench/isolation.py alone: the tenant is bound to the session, in a transaction of its own."""
