"""Structured data for search engines: JSON-LD in the vocabulary of schema.org."""

import json
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from causes.reading import Reading

# As in django.utils.html.json_script: no text may end the script element.
_ESCAPES = ((">", "\\u003E"), ("<", "\\u003C"), ("&", "\\u0026"))


_encode = json.JSONEncoder(ensure_ascii=False).encode


def _json(data: dict[str, Any]) -> SafeString:
    written = _encode(data)
    for character, escaped in _ESCAPES:
        written = written.replace(character, escaped)
    return mark_safe(written)


def breadcrumb_data(trail: list[tuple[str, str]]) -> SafeString:
    """The breadcrumbs of a page, given as (name, absolute URL)."""
    items = [
        {"@type": "ListItem", "position": number, "name": name, "item": address}
        for number, (name, address) in enumerate(trail, 1)
    ]
    return _json(
        {"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": items}
    )


def cause_data(reading: Reading, url: str) -> SafeString:
    """The data of a cause page; `url` is its absolute URL."""
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "MedicalWebPage",
        "url": url,
        "name": reading.title,
        "description": reading.summary,
        "inLanguage": "en",
        "keywords": ", ".join(tag.name for tag in reading.tags),
        "citation": [
            {"@type": "CreativeWork", "name": source.title, "author": source.authors}
            for _, source in reading.references
            if source
        ],
    }
    if reading.live_from:
        data["dateModified"] = reading.live_from.isoformat()
    if reading.review:
        data["lastReviewed"] = reading.review.reviewed_on.isoformat()
        data["reviewedBy"] = {"@type": "Person", "name": reading.review.reviewer}
    return _json(data)
