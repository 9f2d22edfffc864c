"""The markup of inserted and deleted words, wherever the desk compares two texts."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from causes.text.compare import Paragraph

register = template.Library()

# The bracketed words are for screen readers, which do not announce `ins` and `del`.
_SIGN = (
    '<{0}><span class="visually-hidden">[{1}: </span>{2}'
    '<span class="visually-hidden">]</span></{0}>'
)
_TAGS = {"inserted": "ins", "deleted": "del"}


@register.filter
def marked(paragraph: Paragraph, is_list: bool = False) -> SafeString:
    """The pieces of a compared paragraph as HTML. Names in a list are separated by commas."""
    pieces = [
        format_html(_SIGN, _TAGS[kind], kind, text)
        if kind in _TAGS
        else format_html("<span>{}</span>", text)
        for kind, text in ((piece.kind, piece.text) for piece in paragraph)
    ]
    return format_html_join(", " if is_list else "", "{}", ((piece,) for piece in pieces))
