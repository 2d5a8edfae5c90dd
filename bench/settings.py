"""The product as production has it: these settings differ in what keeps a measurement from being one.

- How often one caller may ask is counted as ever, and the bounds are out of reach.
- Passwords are hashed quickly: a sign-up's hash takes 0.3 s on purpose, whatever the schema costs.
- Views that do nothing stand behind the whole middleware (bench/urls.py).
- The catalogue's migrations include those that a measurement adds (bench/growing).
"""

from config.settings.prod import *

ROOT_URLCONF = "bench.urls"
API_RATES = {"credential": (10**9, 60), "user": (10**9, 60), "address": (10**9, 60)}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MIGRATION_MODULES = {"catalog": "bench.growing.product"}
