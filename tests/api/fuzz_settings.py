"""The test suite's settings for a server that is asked thousands of things in a minute."""

from config.settings.test import *  # noqa: F403

API_RATES = dict.fromkeys(("credential", "user", "address"), (1000000, 60))
ACCOUNT_RATE_LIMITS = {}
