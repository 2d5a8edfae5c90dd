"""Whether a statement only reads: then nothing is lost if its transaction is begun anew."""

import re
from functools import lru_cache

READS = re.compile(r"\s*\(?(SELECT|WITH)\b")
# Anywhere in the text, a row's lock among them (FOR UPDATE, FOR SHARE): a "yes" too many costs a savepoint, no more.
CHANGES = re.compile(
    r"\b(INSERT|UPDATE|DELETE|MERGE|SHARE|INTO|CALL)\b|\b(nextval|setval|set_config|pg_\w+|lo_\w+|dblink\w*)\s*\(",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def only_reads(statement: str) -> bool:
    """Of the text as Django writes it, with its placeholders. In doubt: no."""
    return bool(READS.match(statement)) and not CHANGES.search(statement)
