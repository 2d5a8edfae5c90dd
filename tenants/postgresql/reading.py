"""Whether a statement only reads: then nothing is lost if its transaction is begun anew.

Told by its text, of which each word is looked at that may be the name of a function: what a function does, its name
does not say, so those that only read are listed. A "no" too many costs a savepoint, a "yes" too many what was written.
"""

import re
from functools import lru_cache

READS = re.compile(r"\s*\(?(SELECT|WITH)\b")
# Anywhere in the text, a row's lock among them (FOR UPDATE, FOR SHARE). Or a second statement; or what could stand
# between a function's name and its schema or its parenthesis, where CALLS would not see it.
CHANGES = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE|SHARE|INTO|CALL)\b|;|--|/\*|\.\s", re.IGNORECASE)
# What stands before a parenthesis. Not a name that is given to columns: `AS page(id)`, `page(id) AS MATERIALIZED (`.
CALLS = re.compile(r'(?<![\w$".])(?<!\bAS )([\w$".]++)\s*+\((?![\w, ]*\) AS MATERIALIZED \()')
# What the ORM and our own statements write there, and PostgreSQL has for good.
READING = frozenset(
    """
    all and any array as between by case distinct else except exists filter from group in intersect lateral like not
    on or over select some then union using values when where with
    array_agg avg bool_and bool_or count json_agg jsonb_agg max min string_agg sum
    dense_rank first_value lag last_value lead ntile rank row_number
    abs cardinality cast ceiling coalesce concat date_trunc extract floor greatest json_build_object jsonb_build_object
    least left length lower ltrim mod now nullif numeric repeat replace reverse right round rtrim strpos substring
    to_jsonb translate trim unnest upper varchar
    plainto_tsquery to_tsquery to_tsvector ts_rank websearch_to_tsquery
    """.split()  # noqa: SIM905  (as a list it would fill the screen)
)


@lru_cache(maxsize=4096)
def only_reads(statement: str) -> bool:
    """Of the text as Django writes it, with its placeholders. In doubt: no."""
    if not READS.match(statement) or CHANGES.search(statement):
        return False
    return READING.issuperset(name.lower() for name in CALLS.findall(statement))
