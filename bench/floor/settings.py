"""The peer's settings without any middleware, and views by hand."""

from bench.peer.settings import *

MIDDLEWARE = []
ROOT_URLCONF = "bench.floor.views"
