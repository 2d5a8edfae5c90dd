"""What stands in the log: the schema and the request, and no one-time secret."""

import io
import logging
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from gunicorn.config import Config

from config import gunicorn
from config.logs import RequestFilter, SecretFilter

SECRET = "Zx9-_secret:1abc"
PATHS = [
    f"/arrive/{SECRET}/",
    f"/arrive/provider/{SECRET}/?next=/products/",
    f"/account/login/?next=%2Farrive%2Fprovider%2F{SECRET}%2F",
    f"/auth/callback/oidc/?iss=x&code={SECRET}&state={SECRET}",
    f"/auth/callback?state={SECRET}",
    f"/auth/start/?ask={SECRET}",
    f"/account/login/?next=%2Fauth%2Fstart%2F%3Fask%3D{SECRET}%26state%3D{SECRET}",
    f"/join/{SECRET}/",
    f"/join/{SECRET}",
    f"/account/confirm-email/{SECRET}/",
    f"/account/password/reset/key/1-{SECRET}/",
    f"/account/login/?next=/join/{SECRET}/",
    f"/account/login/?next=%2Fjoin%2F{SECRET}%2F",
]
CREDENTIALS = [
    "tnt_abcdefghjkmn_Zx9-_secretZx9-_secretZx9-_secretZx9-_secret12",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzZWNyZXQifQ.Zx9-_secret",
    "Bearer some-other-secret",
]


@pytest.fixture
def lines(monkeypatch):
    """What the console's handler writes, as the settings make it."""
    console = logging.getLogger().handlers
    handler = next(handler for handler in console if any(isinstance(f, SecretFilter) for f in handler.filters))
    monkeypatch.setattr(handler, "stream", io.StringIO())
    return handler.stream


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("logger", ["django.server", "django.request", "tenants.anything"])
@pytest.mark.parametrize("as_argument", [True, False])
def test_a_one_time_secret_is_in_no_line(lines, path, logger, as_argument):
    line = ('"%s" %s', f"GET {path} HTTP/1.1", 200) if as_argument else (f"GET {path} HTTP/1.1",)
    logging.getLogger(logger).info(*line)
    assert "GET /" in lines.getvalue()
    assert "***" in lines.getvalue()
    assert "secret" not in lines.getvalue()


@pytest.mark.parametrize("credential", CREDENTIALS)
@pytest.mark.parametrize("where", ["GET /api/v1/me?access_token={} HTTP/1.1", "sent: {}", "{'Authorization': '{}'}"])
def test_a_credential_is_in_no_line(lines, where, credential):
    logging.getLogger("tenants.anything").warning(where.replace("{}", credential))
    logging.getLogger("tenants.anything").warning("%s", where.replace("{}", credential))
    assert lines.getvalue().count("***") == 2
    assert "secret" not in lines.getvalue()
    assert "eyJzdWIi" not in lines.getvalue()


@pytest.mark.parametrize(
    "path", ["/products/1/", "/join/", "/arrive/", "/account/password/reset/", "/products/?barcode=1&state_of=2"]
)
def test_other_paths_are_logged_as_they_are(lines, path):
    logging.getLogger("django.server").info('"%s" %s', f"GET {path} HTTP/1.1", 200)
    assert f'"GET {path} HTTP/1.1" 200' in lines.getvalue()


def test_a_refused_request_names_its_tenant_and_itself(visitor, lines):
    response = visitor.get(f"/join/{SECRET}/more/")
    (line,) = [line for line in lines.getvalue().splitlines() if "django.request" in line]
    assert f"[t_acme {response['X-Request-ID']}] Not Found: /join/***/more/" in line


def test_no_handler_of_djangos_own_passes_the_filters_by():
    for name in ("", *settings.LOGGING["loggers"], "django", "django.request"):
        for handler in logging.getLogger(name).handlers:
            if handler.__class__.__module__ == "logging":
                assert {SecretFilter, RequestFilter} <= set(map(type, handler.filters)), (name, handler)


@pytest.mark.parametrize("where", ["path", "referer"])
@pytest.mark.parametrize("path", PATHS)
def test_gunicorns_access_log_has_no_secret_either(path, where, capfd):
    cfg = Config()
    cfg.set("accesslog", "-")
    log = gunicorn.logger_class(cfg)
    asked = path if where == "path" else "/"
    environ = {"REQUEST_METHOD": "GET", "RAW_URI": asked, "SERVER_PROTOCOL": "HTTP/1.1"}
    environ["HTTP_REFERER"] = f"https://acme.example.com{path}"
    answer = SimpleNamespace(status="200 OK", sent=1, headers=[])
    log.access(answer, SimpleNamespace(headers=[]), environ, timedelta(seconds=1))
    line = capfd.readouterr().out
    assert f"GET {asked.partition('Zx9')[0]}".removesuffix("1-") in line
    assert "***" in line
    assert "secret" not in line
