"""What the search of the audit log reads: names and details, cut into words."""

from django.contrib.postgres.search import SearchVector
from django.db.models import CharField, F, Func, Value

from accounts.search import CONFIG

# PostgreSQL's parser keeps addresses, paths and "-12" whole; a search for their parts would find nothing.
JOINTS = "@.-_/:+#"


def _words(field: str) -> Func:
    blanks = Value(" " * len(JOINTS))
    return Func(F(field), Value(JOINTS), blanks, function="translate", output_field=CharField())


SEARCHED = SearchVector(_words("object_name"), _words("actor_name"), _words("detail"), config=CONFIG)
