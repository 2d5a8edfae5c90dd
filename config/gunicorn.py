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
control_socket_disable = True  # nobody asks it anything, and two servers of one user would share its path
limit_request_line = 8190  # a cursor may be long; what is longer is refused by the server itself, as a page of its own

# One request at a time in each process, and the kernel hands the next one to whoever is free. Threads beside it take
# turns in Python, and a worker that is idle for a moment keeps all connections of a proxy to itself.
worker_class = "sync"  # gunicorn makes it gthread where there are threads: for clients that no proxy buffers
workers = int(os.environ.get("WEB_CONCURRENCY", "4"))
threads = int(os.environ.get("WEB_THREADS", "1"))
raw_env = [f"WEB_THREADS={threads}"]  # and as many connections: DATABASE_POOL_MAX follows
preload_app = True  # loaded once: four workers share what two of them held, and a new one is there at once

# Each worker is replaced now and then, not all at once: whatever grows in a process, or in its backends, has an end.
max_requests = 20_000
max_requests_jitter = 4_000
timeout = 120  # seconds for one request, then its worker is replaced; a statement has 5 (REQUEST_STATEMENT_TIMEOUT)
graceful_timeout = 30  # seconds for the requests under way when it is told to stop
keepalive = 75  # seconds, where there are threads; longer than a proxy's (nginx: 60), so that the proxy closes
