#!/usr/bin/env python
"""Django's command line. Without a DATABASE_URL it starts the embedded PostgreSQL first."""

import os
import sys

from django.core.management import execute_from_command_line

from tenants import embedded


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    embedded.provide()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
