"""How gunicorn serves the site: `gunicorn config.wsgi --config python:config.gunicorn`."""

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
workers = 2
threads = 4
limit_request_line = 8190  # a cursor may be long; what is longer is refused by the server itself, as a page of its own
