"""The form field for a moment in local time, with the hours that clocks skip or repeat."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from causes.clock import around_gap, moments_of, now


def zone_sentence() -> str:
    """The time zone of the site in words: `Europe/London (GMT, UTC+00:00 now)`."""
    local = timezone.localtime(now())
    offset = local.strftime("%z")
    zone = timezone.get_current_timezone_name()
    return f"{zone} ({local.tzname()}, UTC{offset[:3]}:{offset[3:]} now)"


class MomentWidget(forms.MultiWidget):
    """Date and time in one field, with a choice of hour when clocks show that time twice."""

    template_name = "admin/causes/entry/moment.html"

    def __init__(self) -> None:
        when = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        choices = [("", "–"), ("0", "the first time"), ("1", "the second time")]
        super().__init__({"": when, "which": forms.Select(choices=choices)})

    def decompress(self, value: datetime | None) -> list[Any]:
        return [timezone.localtime(value).replace(tzinfo=None) if value else None, ""]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        when, which = context["widget"]["subwidgets"]
        which["attrs"]["aria-label"] = "Which of the two, when clocks show this time twice"
        # On most days of the year there is nothing to choose.
        context["widget"]["twice"] = bool(value) and _is_twice(value)
        context["widget"]["zone"] = zone_sentence()
        when["attrs"]["id"] = attrs.get("id", f"id_{name}") if attrs else f"id_{name}"
        return context

    def id_for_label(self, id_: str) -> str:
        return id_


def _is_twice(value: Any) -> bool:
    if isinstance(value, datetime):
        return False
    try:
        typed = datetime.fromisoformat(value[0])
    except (TypeError, ValueError, IndexError):
        return False
    return len(moments_of(typed.replace(tzinfo=None), timezone.get_current_timezone())) == 2


class MomentField(forms.MultiValueField):
    """An aware datetime, typed as local time.

    For a time that does not exist, the error names the two nearest ones that do. For one that
    exists twice, it asks for the first or the second.
    """

    widget = MomentWidget

    def __init__(self, **kwargs: Any) -> None:
        parts = (
            forms.CharField(required=False, max_length=40),
            forms.CharField(required=False, max_length=1),
        )
        super().__init__(fields=parts, require_all_fields=False, **kwargs)

    def compress(self, values: list[str]) -> datetime | None:
        """The aware datetime, or None for an empty field. Raises ValidationError."""
        if not values or not values[0]:
            return None
        typed, which = values[0], values[1] if len(values) > 1 else ""
        try:
            local = datetime.fromisoformat(typed).replace(tzinfo=None)
        except ValueError:
            raise ValidationError(
                f"“{typed}” is not a date and time: write it like 2027-03-28T09:30."
            ) from None
        zone: Any = timezone.get_current_timezone()
        try:
            found = moments_of(local, zone)
        except (OverflowError, ValueError):
            raise ValidationError(
                f"“{typed}” is too far in the past or future: choose another year."
            ) from None
        if not found:
            before, after = around_gap(local, zone)
            raise ValidationError(
                f"{local:%H:%M} on {local:%d %B %Y} does not exist in {zone}, because clocks go "
                f"forward. Choose {before:%H:%M} or earlier, or {after:%H:%M} or later."
            )
        if len(found) == 2 and which not in ("0", "1"):
            first, second = (moment.astimezone(zone) for moment in found)
            raise ValidationError(
                f"{local:%H:%M} on {local:%d %B %Y} exists twice in {zone}, because clocks go "
                f"back. Choose the first time ({first.tzname()}) or the second ({second.tzname()})."
            )
        return found[int(which)] if len(found) == 2 else found[0]
