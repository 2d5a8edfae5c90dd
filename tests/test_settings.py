"""Which database and which client address the settings choose, seen from a process of its own."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

from tenants import embedded

PROD = {"DJANGO_SETTINGS_MODULE": "config.settings.prod", "SECRET_KEY": "x" * 60, "BASE_DOMAIN": "example.com"}
ADDRESS = "postgres:///elsewhere"


def python(*arguments: str, **given: str) -> subprocess.CompletedProcess:
    """A Python without any of the settings that this test run was given."""
    ours = ("DATABASE_", "DJANGO_", "DATA_DIR", "SECRET_KEY", "BASE_DOMAIN")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | given
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("empty", [{}, {"DATABASE_URL": ""}])
@pytest.mark.parametrize(
    ("options", "chosen"),
    [([], PROD), (["--settings", "config.settings.prod"], {**PROD, "DJANGO_SETTINGS_MODULE": "config.settings.dev"})],
)
def test_production_without_a_database_refuses_in_one_sentence(tmp_path, empty, options, chosen):
    refused = python("manage.py", "check", *options, **chosen, **empty, DATA_DIR=str(tmp_path / "data"))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.splitlines()[-1].startswith("Set DATABASE_URL (or DATABASE_URL_FILE): ")
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "data").exists()


def test_the_same_check_passes_with_a_database_named(tmp_path):
    passed = python("manage.py", "check", **PROD, DATABASE_URL=ADDRESS, DATA_DIR=str(tmp_path / "data"))
    assert passed.returncode == 0, passed.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("module", "variable", "is_started"),
    [
        ("config.settings.dev", None, True),
        ("config.settings.dev", "DATABASE_URL", False),
        ("config.settings.dev", "DATABASE_URL_FILE", False),
        ("config.settings.prod", None, False),
        ("config.settings.test", None, False),
    ],
)
def test_the_embedded_server_is_for_development_without_another(monkeypatch, module, variable, is_started):
    started = []
    monkeypatch.setattr(embedded, "start", lambda directory: started.append(directory) or ADDRESS)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", module)
    monkeypatch.delenv("DATABASE_URL")
    if variable:
        monkeypatch.setenv(variable, ADDRESS)
    embedded.provide()
    assert bool(started) is is_started
    assert os.environ.get("DATABASE_URL") == (ADDRESS if is_started or variable == "DATABASE_URL" else None)


ASK_FOR_CLIENT = """
import django
django.setup()
from allauth.core.internal.httpkit import get_client_ip
from django.test import RequestFactory
print(get_client_ip(RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="6.6.6.6, 198.51.100.7")))
"""


@pytest.mark.parametrize(("behind", "client"), [("true", "198.51.100.7"), ("false", "10.0.0.1")])
def test_the_client_is_who_the_proxy_saw(behind, client):
    """Not the proxy itself, and not what the client claims."""
    asked = python("-c", ASK_FOR_CLIENT, **PROD, DATABASE_URL=ADDRESS, BEHIND_TLS_PROXY=behind)
    assert asked.stdout.strip() == client, asked.stderr


ASK_FOR_POOL = "from django.conf import settings; print(settings.DATABASE_POOL.get('max_size'))"


@pytest.mark.parametrize(
    ("given", "size"),
    [({}, "4"), ({"WEB_THREADS": "7"}, "8"), ({"DATABASE_POOL_MAX": "0"}, "None"), ({"CONN_MAX_AGE": "60"}, "None")],
)
def test_production_keeps_a_pool_unless_threads_keep_their_connections(given, size):
    asked = python("-c", ASK_FOR_POOL, **PROD, DATABASE_URL=ADDRESS, **given)
    assert asked.stdout.strip() == size, asked.stderr


GUNICORN = """
import sys
from gunicorn.app.wsgiapp import WSGIApplication
from gunicorn.arbiter import Arbiter
from gunicorn.http import get_parser
sys.argv[:] = ["gunicorn", "config.wsgi", "--config", "python:config.gunicorn"]
cfg = Arbiter(WSGIApplication()).cfg
"""
ASK_FOR_WORKERS = f"""{GUNICORN}
from django.conf import settings
print(cfg.worker_class_str, cfg.workers, cfg.threads, settings.DATABASE_POOL["max_size"])
"""


@pytest.mark.parametrize(
    ("given", "served"),
    [
        ({}, "sync 4 1 2"),
        ({"WEB_CONCURRENCY": "8", "WEB_THREADS": "3"}, "gthread 8 3 4"),
        ({"DATABASE_POOL_MAX": "5"}, "sync 4 1 5"),
    ],
)
def test_a_worker_keeps_a_connection_for_each_thread_and_one_for_events(given, served):
    """The settings are loaded by gunicorn itself, before the workers are forked."""
    asked = python("-c", ASK_FOR_WORKERS, **PROD, DATABASE_URL=ADDRESS, **given)
    assert asked.stdout.strip().splitlines()[-1] == served, asked.stderr


ASK_FOR_HEADERS = f"""{GUNICORN}
sent = b"GET / HTTP/1.1\\r\\nX-Forwarded-For: 198.51.100.7\\r\\nX_Forwarded_For: 6.6.6.6\\r\\n\\r\\n"
request = next(get_parser(cfg, iter([sent]), ("127.0.0.1", 1)))
print([value for _name, value in request.headers])
"""


def test_no_underscore_passes_for_what_the_proxy_says():
    """WSGI has one name for both headers. The server keeps the one and drops the other (decision 23)."""
    asked = python("-c", ASK_FOR_HEADERS, **PROD, DATABASE_URL=ADDRESS)
    assert asked.stdout.strip().splitlines()[-1] == "['198.51.100.7']", asked.stderr


def test_asgi_does_not_start_with_connections_that_threads_keep():
    refused = python("-c", "import config.asgi", **PROD, DATABASE_URL=ADDRESS, CONN_MAX_AGE="60")
    assert refused.returncode == 1
    assert "Unset CONN_MAX_AGE: the pool keeps them instead." in refused.stderr.splitlines()[-1]
