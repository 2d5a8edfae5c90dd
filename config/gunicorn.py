"""How gunicorn serves the site: `gunicorn config.wsgi --config python:config.gunicorn`.

Why this server and these numbers: docs/decisions/0023-server-and-pool.md
"""

import os

from gunicorn.glogging import Logger

from config.logs import SecretFilter


class MaskedLogger(Logger):
    """Gunicorn's own log, without the one-time secrets of paths and referring pages."""

    def setup(self, cfg):
        super().setup(cfg)
        for log in (self.access_log, self.error_log):
            log.addFilter(SecretFilter())


logger_class = MaskedLogger
accesslog = "-"
limit_request_line = 8190  # a cursor may be long; what is longer is refused by the server itself, as a page of its own

# A worker a core. Its threads are for requests that wait (a database, an identity provider); Python runs one at a time.
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))  # and as many connections: DATABASE_POOL_MAX follows

# Each worker is replaced now and then, not all at once: whatever grows in a process, or in its backends, has an end.
max_requests = 20_000
max_requests_jitter = 4_000
timeout = 30  # seconds without a sign of life; a statement is ended after 5 (REQUEST_STATEMENT_TIMEOUT)
graceful_timeout = 30  # seconds for the requests under way when it is told to stop
keepalive = 75  # seconds; longer than a proxy keeps its idle connections (nginx: 60), so that it is the one to close
