"""Text in cells that a spreadsheet must show and not calculate.

The rule, both ways: a cell that begins with an apostrophe has one more than the text it stands for.
"""

SHIELD = "'"
# What a spreadsheet takes for the start of a formula, and the full-width twins of it.
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", SHIELD)


def shielded(text: str) -> str:
    """The cell for `text`: with an apostrophe in front where it could begin a formula."""
    # Some programs drop the blanks in front before they look; blanks that are starts themselves stay.
    return SHIELD + text if text.startswith(STARTS) or text.lstrip().startswith(STARTS) else text


def unshielded(cell: str) -> str:
    """The text that a cell stands for."""
    return cell.removeprefix(SHIELD)
