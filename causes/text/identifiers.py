"""Identifiers of papers: DOI, PMID, PMCID and address, each in one form.

People paste them in many forms (`https://doi.org/10.1000/X`, `doi:10.1000/x`, `PMID: 123`).
The desk, the guards and imports call the same functions, so that a paper is found even if it
was added in another form.
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

# These characters of a DOI need no encoding in an address (DOI Handbook, section 2.5.2.4).
# Others do: `#` and `?` would end the path, and `%` would begin an encoded character.
_PLAIN_IN_DOI = "/:;(),@!$&'*=~-._"


def doi(value: str) -> str:
    """The DOI in a pasted value; percent signs are decoded only in an address."""
    value = value.strip()
    if match := _DOI_ADDRESS.match(value):
        return unquote(value[match.end() :]).strip()
    return _DOI_WORD.sub("", value, count=1) if _DOI_WORD.match(value) else value


def pmid(value: str) -> str:
    """The PubMed number in a pasted value; returns the value if there is none."""
    value = value.strip()
    match = _PUBMED.match(value) or _PMID.match(value)
    return match[1].lstrip("0") or "0" if match else value


def pmcid(value: str) -> str:
    """The PubMed Central number, with its PMC; returns the value if there is none."""
    value = value.strip()
    match = _PMC.match(value) or _PMCID.match(value)
    return match[1].upper() if match else value


TIDY: dict[str, Callable[[str], str]] = {"doi": doi, "pmid": pmid, "pmcid": pmcid, "url": str.strip}
"""For each identifying field of a source, the function that gives its value the one form."""

LABELS = {"doi": "DOI", "pmid": "PMID", "pmcid": "PMCID", "url": "address"}


def doi_address(value: str) -> str:
    """The address of a DOI; signs that would end or change it are encoded."""
    return f"https://doi.org/{quote(value, safe=_PLAIN_IN_DOI)}"


def identities(values: dict[str, str]) -> dict[tuple[str, str], str]:
    """The identities of a source, each with the field that it comes from.

    An address at doi.org, PubMed or PubMed Central counts as the number in it. Case makes no
    difference in DOIs and hosts, nor do `http`, `www.` and a slash at the end.
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
