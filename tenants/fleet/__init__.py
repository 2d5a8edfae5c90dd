"""Keeping every schema at the code's state: `public`, then the template, then each tenant.

The template goes first because it gives content types and permissions their ids, and because what it is sent is
recorded and replayed in the tenants. `run.py` is the way in; each module has one subject.

Source: docs/decisions/0019-fleet.md
"""
