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

# One request at a time in each process, and the kernel hands the next one to whoever is free. Threads of one process
# take turns in Python, and a worker that is idle for a moment keeps all connections of a proxy to itself.
worker_class = "sync"  # gunicorn makes it gthread where there are threads: where no proxy buffers the clients
workers = int(os.environ.get("WEB_CONCURRENCY", "4"))
threads = int(os.environ.get("WEB_THREADS", "1"))  # set that and not --threads: the pool follows (DATABASE_POOL_MAX)
raw_env = [f"WEB_THREADS={threads}"]
preload_app = True  # loaded once, before the fork: four workers need a quarter more memory than two that load it twice

# Each worker is replaced now and then, not all at once: whatever grows in a process, or in its backends, has an end.
max_requests = 20_000
max_requests_jitter = 4_000
# Seconds for one request of a worker without threads, its answer included (an audit file may be 100 MiB); then the
# worker is replaced. One statement has 5 (REQUEST_STATEMENT_TIMEOUT).
timeout = 120
graceful_timeout = 30  # seconds for the requests under way when it is told to stop
keepalive = 75  # seconds, where there are threads; longer than nginx keeps its idle connections, so that it closes them
