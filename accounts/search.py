"""Full-text search: every word typed must begin a word of the row."""

import re

from django.contrib.postgres.search import SearchQuery

# 'simple' knows no language's word stems: a tenant may write in any, and prefixes find what stems would.
CONFIG = "simple"
LONGEST_QUERY = 100


def matching(queryset, text: str):
    """Filter by `text` on the queryset's `search`. Only word characters reach the query, no operator of tsquery."""
    words = re.findall(r"\w+", text[:LONGEST_QUERY])
    if not words:
        return queryset
    query = SearchQuery(" & ".join(f"{word}:*" for word in words), config=CONFIG, search_type="raw")
    return queryset.filter(search=query)
