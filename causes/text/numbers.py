"""Whole numbers from outside: from an address, a query or a form."""

LARGEST = 2**63 - 1
"""The largest number that a column of either database can hold."""


def whole_number(text: str, most: int = LARGEST) -> int | None:
    """The number written in `text` with the digits 0 to 9, or None.

    A number above `most` is None, too. `str.isdigit` alone would accept "²", and `int` alone
    raises an error for more than 4,300 digits.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST))):
        return None
    number = int(text)
    return number if number <= most else None
