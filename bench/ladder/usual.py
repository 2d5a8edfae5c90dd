"""The same behind the middleware that Django's own project template has."""

from bench.ladder.settings import *
from bench.peer.settings import MIDDLEWARE as PEERS

MIDDLEWARE = [each for each in PEERS if each.startswith("django.")]
