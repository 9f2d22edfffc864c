"""What identifies a paper: its DOI, PMID, PMCID or address, each in its one form.

People paste them in many forms (`https://doi.org/10.1000/X`, `doi:10.1000/x`, `PMID: 123`).
The form at the desk, the guard and an import call the same functions, so that a paper
which stands here twice is found to be one.
"""

import re
from collections.abc import Callable
from urllib.parse import quote, unquote, urlsplit

_DOI_ADDRESS = re.compile(r"(?:https?:)?(?://)?(?:www\.|dx\.)*doi\.org/+(?=\S)", re.IGNORECASE)
_DOI_WORD = re.compile(r"doi\s*:?\s*(?=10\.)", re.IGNORECASE)
_PUBMED = re.compile(
    r"(?:https?://)?(?:(?:www\.)?ncbi\.nlm\.nih\.gov/pubmed|pubmed\.ncbi\.nlm\.nih\.gov)/(\d+)/?\Z",
    re.IGNORECASE,
)
_PMID = re.compile(r"(?:pmid\s*:?\s*)?0*([0-9]+)\Z", re.IGNORECASE)
_PMC = re.compile(
    r"(?:https?://)?(?:(?:www\.)?ncbi\.nlm\.nih\.gov/pmc|pmc\.ncbi\.nlm\.nih\.gov)"
    r"/articles/(PMC\d+)/?\Z",
    re.IGNORECASE,
)
_PMCID = re.compile(r"(?:pmcid\s*:?\s*)?(PMC[0-9]+)\Z", re.IGNORECASE)

# Every character that a DOI may hold and an address may not, but for these (DOI Handbook,
# section 2.5.2.4): `#` and `?` would end it, and `%` would begin something else.
_PLAIN_IN_DOI = "/:;(),@!$&'*=~-._"


def doi(value: str) -> str:
    """A DOI without what is pasted before it; percent signs are read only in an address."""
    value = value.strip()
    if match := _DOI_ADDRESS.match(value):
        return unquote(value[match.end() :]).strip()
    return _DOI_WORD.sub("", value, count=1) if _DOI_WORD.match(value) else value


def pmid(value: str) -> str:
    """The number of a paper in PubMed; what is none comes back as it is."""
    value = value.strip()
    match = _PUBMED.match(value) or _PMID.match(value)
    return match[1].lstrip("0") or "0" if match else value


def pmcid(value: str) -> str:
    """The number of a paper in PubMed Central, with its PMC; what is none comes back as it is."""
    value = value.strip()
    match = _PMC.match(value) or _PMCID.match(value)
    return match[1].upper() if match else value


TIDY: dict[str, Callable[[str], str]] = {"doi": doi, "pmid": pmid, "pmcid": pmcid, "url": str.strip}
"""For each field of a source that identifies a paper: how its value is written here."""

LABELS = {"doi": "DOI", "pmid": "PMID", "pmcid": "PMCID", "url": "address"}


def doi_address(value: str) -> str:
    """Where a DOI leads, with every sign that would end or change the address encoded."""
    return f"https://doi.org/{quote(value, safe=_PLAIN_IN_DOI)}"


def identities(values: dict[str, str]) -> dict[tuple[str, str], str]:
    """What a source with these identifiers is known by, each with the field that says so.

    An address that leads to a DOI, to PubMed or to PubMed Central counts as that number.
    DOIs and hosts have no case; `http`, `www.` and a slash at the end make no difference.
    """
    found: dict[tuple[str, str], str] = {}
    for field, tidy in TIDY.items():
        value = tidy(values.get(field) or "")
        if value:
            found.setdefault(_identity(field, value), field)
    return found


def _identity(field: str, value: str) -> tuple[str, str]:
    if field == "doi":
        return "doi", value.lower()
    if field != "url":
        return field, value
    if _DOI_ADDRESS.match(value) and (number := doi(value)).startswith("10."):
        return "doi", number.lower()
    if match := _PUBMED.match(value):
        return "pmid", pmid(match[1])
    if match := _PMC.match(value):
        return "pmcid", match[1].upper()
    try:
        parts = urlsplit(value)
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    except ValueError:
        return "url", value
    host = (parts.hostname or "").removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return "url", f"{host}{port}{unquote(parts.path).rstrip('/')}{query}{fragment}"
