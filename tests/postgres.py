"""A pytest plugin: the suite's own embedded PostgreSQL, there before Django's settings are read.

`TENANTRY_TEST_DATA` names another folder, so that two runs on one machine do not meet. Of several workers
(`pytest -n`) each has a server of its own: tests that count, drop or restart what is on theirs are alone with it.
"""

import os
from pathlib import Path

from tenants import embedded

DATA = Path(os.environ.get("TENANTRY_TEST_DATA", embedded.DATA_DIR / "test")).resolve()
DATA = DATA / os.environ.get("PYTEST_XDIST_WORKER", "")

DATA.mkdir(parents=True, exist_ok=True)
os.environ.pop("DATABASE_ADMIN_URL", None)
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or embedded.start(DATA / "postgres")
os.environ["MEDIA_ROOT"] = str(DATA / "media")
