"""Whole numbers as they come in from outside: out of an address, a query or a form."""

LARGEST = 2**63 - 1
"""The largest that a column of either database holds."""


def whole_number(text: str, most: int = LARGEST) -> int | None:
    """The number that `text` writes in digits 0 to 9, or None.

    None also for a number above `most`. `str.isdigit` alone would let "²" through, and
    `int` alone refuses more than 4,300 digits.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST))):
        return None
    number = int(text)
    return number if number <= most else None
