"""The values that a page showed travel with its form, signed: nothing is overwritten unseen.

When the form comes back, these values are compared with the stored ones, under the write
lock. If somebody saved in the meantime, nothing is written. The page is shown again: it
compares both versions field by field, keeps the typed ones, and carries the values that are
stored now. Saving it again is then a decision made with both versions in view.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_date
from django.utils.formats import date_format

from causes.admin.wording import name_of
from causes.clock import now
from causes.models import Entry, Event
from causes.publishing import shown
from causes.text.compare import Paragraph, compare, compare_lists
from causes.text.numbers import whole_number

SHOWN = "shown"
"""The name of the hidden input. templates/admin/causes/shown.html writes it."""

_SALT = "causes.admin.shown"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")

Value = str | list[str]
"""The value of a field as text, or a list of texts if several can be chosen."""


@dataclass(frozen=True)
class Seen:
    """The values that a page showed, and when."""

    at: datetime
    values: dict[str, Value]


def seal(values: Mapping[str, Value]) -> str:
    """The values that a page shows, for the hidden input `shown` of its form."""
    return signing.dumps({"at": now().isoformat(), "values": values}, salt=_SALT, compress=True)


def unseal(data: Mapping[str, Any]) -> Seen | None:
    """The values that the page of this form showed; None if the form does not say."""
    try:
        found = signing.loads(data.get(SHOWN, ""), salt=_SALT)
    except signing.BadSignature:
        return None
    return Seen(datetime.fromisoformat(found["at"]), found["values"])


def unsaid(noun: str) -> str:
    """The sentence for a form that comes back without the values that it showed."""
    return (
        f"This form did not say which state of {noun} you had seen, so saving it could "
        "overwrite somebody’s work. Nothing is saved yet. Check the saved version, then "
        "decide again."
    )


@dataclass(frozen=True)
class Difference:
    """One field that differs from the page, because it was saved or because it was typed into."""

    label: str
    sides: list[tuple[str, list[Paragraph]]]
    """(heading, words with those marked that differ from the ones that were shown)."""

    outcome: str
    """The version that the form has now, as a sentence."""

    field_id: str = ""
    is_list: bool = False


@dataclass(frozen=True)
class Meeting:
    """Two people, or two tabs, changed the same thing: shown before anything is written."""

    title: str
    sentence: str
    differences: list[Difference]


def changes_of_facts(seen: Seen, facts: Mapping[str, str]) -> list[Difference]:
    """The facts that have changed since a page showed them."""
    found = []
    for label, fact in facts.items():
        was = seen.values.get(label, "")
        if was != fact:
            sides = [
                ("When you opened the page", compare(str(was), str(was))),
                ("Now", compare(str(was), fact)),
            ]
            found.append(Difference(label, sides, ""))
    return found


def decided_on(facts: Mapping[str, str], data: Mapping[str, Any], noun: str) -> Meeting | None:
    """Why a decision does not count, if the facts differ from those that its page showed."""
    seen = unseal(data)
    if seen is None:
        return Meeting("Look again before you decide", unsaid(noun), [])
    differences = changes_of_facts(seen, facts)
    if not differences:
        return None
    sentence = (
        f"Somebody changed {noun} after you opened this page. Nothing has been done yet: check "
        "the changes below, then decide again."
    )
    return Meeting("Look again before you decide", sentence, differences)


# Forms of a stored row -------------------------------------------------------------------

TYPED = "The form has your version."
LEFT_ALONE = "You did not change this, so the form now has the saved version."
CLOSED = "This cannot be changed any more."


class ShowsBoth(forms.BaseModelForm):
    """Mixed into the form of a stored row, before it. The row must be read under the lock."""

    shown_names: tuple[str, ...] | None = None
    """The fields that are compared; None compares all of them."""

    meeting: Meeting | None = None
    moved = ""
    """A sentence about the row that took the place of the one that the form was opened for."""

    @property
    def shown_row(self) -> Any:
        """The stored row that the form is about, or None if it adds one."""
        return self.instance if self.instance.pk else None

    def sealed(self) -> str:
        """The hidden input: the values stored now. Empty for a form that adds a row."""
        return seal(self._stored()) if self.shown_row is not None else ""

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound and self.shown_row is not None:
            self._compare_with_stored()

    def _stored(self) -> dict[str, Value]:
        return {
            name: plain(field, self.get_initial_for_field(field, name))
            for name, field in self.fields.items()
            # A disabled field saves the stored value, and one of these fields is a password.
            if not field.disabled and (self.shown_names is None or name in self.shown_names)
        }

    def _typed(self, name: str) -> Value:
        field, raw = self.fields[name], self[name].data
        try:
            return plain(field, field.to_python(raw))
        except ValidationError:
            return plain(forms.Field(), raw)

    def _typed_anyway(self, name: str, was: Value) -> Value:
        """The value typed into a field that the form no longer has; `was` if there is none."""
        if name not in self.data:
            return was
        data: Any = self.data  # of a request, though Django's types also allow a dict
        raw = data.getlist(name) if isinstance(was, list) else data[name]
        return plain(forms.Field(), raw)

    def _compare_with_stored(self) -> None:
        seen, stored = unseal(self.data), self._stored()
        was = seen.values if seen else stored
        typed = {name: self._typed(name) for name in stored}
        met = {
            name
            for name in stored
            if typed[name] != stored[name] and (seen is None or was.get(name) != stored[name])
        }
        # Fields that can only be read now: the form has no place for the typed value.
        closed = {n for n in was if n not in stored and self._typed_anyway(n, was[n]) != was[n]}
        if not met and not closed:
            return
        differences = []
        for name in [*self.fields, *(closed - self.fields.keys())]:
            if name in closed:
                values = (was[name], was[name], self._typed_anyway(name, was[name]))
                differences.append(self._difference(name, values, CLOSED, seen))
            elif name in met or (name in stored and typed[name] != was.get(name)):
                values = (was.get(name, ""), stored[name], typed[name])
                left_alone = seen is not None and name in met and values[2] == values[0]
                outcome = self._taken_over(name) if left_alone else TYPED
                differences.append(self._difference(name, values, outcome, seen))
        sentence = self._sentence(seen)
        self.meeting = Meeting("Not saved yet: look at both", sentence, differences)
        self.add_error(None, sentence)

    def _taken_over(self, name: str) -> str:
        """Shows the saved version in a field that this person left alone."""
        show_initial(self.fields[name])
        self.errors.pop(name, None)
        return LEFT_ALONE

    def _sentence(self, seen: Seen | None) -> str:
        noun = f"this {self.shown_row._meta.verbose_name}"
        if seen is None:
            return self.moved or unsaid(noun)
        who = self.moved or last_saved(self.shown_row, noun, seen.at)
        return f"{who} Both versions are kept, and nothing is saved yet: compare, then save."

    def _difference(
        self, name: str, values: tuple[Value, Value, Value], outcome: str, seen: Seen | None
    ) -> Difference:
        field = self.fields.get(name) or forms.Field()
        start = worded(field, values[0])
        sides = []
        headings = ("When you opened the form", "Saved now", "Your version")
        for heading, value in zip(headings, values, strict=True):
            words = worded(field, value)
            if isinstance(start, list) and isinstance(words, list):
                sides.append((heading, [compare_lists(start, words)] if start or words else []))
            else:
                sides.append((heading, compare(str(start or ""), str(words or ""))))
        field_id = self[name].id_for_label if name in self.fields else ""
        is_list = any(isinstance(value, list) for value in values)
        known = sides if seen else sides[1:]
        return Difference(label_of(field, name), known, outcome, field_id, is_list)


def show_initial(field: Any) -> None:
    """Makes a bound field show its initial value instead of the typed one."""
    field.bound_data = lambda _data, initial: initial


def label_of(field: forms.Field, name: str) -> str:
    """The label of a field, or its name in words."""
    return str(field.label or name.replace("_", " ")).capitalize()


def plain(field: Any, value: Any) -> Value:
    """The value of a field as text, the same whether it was stored or typed."""
    value = field.prepare_value(value)
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip()
    if isinstance(value, Iterable):
        return sorted(str(field.prepare_value(one)) for one in value)
    return value.isoformat() if isinstance(value, date) else str(value)


def worded(field: Any, value: Value) -> str | list[str]:
    """A value as people read it: with names instead of numbers."""
    if isinstance(field, forms.ModelChoiceField):
        texts = value if isinstance(value, list) else [value]
        pks = [pk for text in texts if (pk := whole_number(text)) is not None]
        model: Any = field.queryset.model if field.queryset is not None else None
        names = sorted(str(row) for row in model._default_manager.filter(pk__in=pks))
        several = isinstance(field, forms.ModelMultipleChoiceField)
        return names if several else ", ".join(names)
    if isinstance(field, forms.BooleanField):
        return "yes" if value else "no"
    if isinstance(field, forms.DateField):
        try:
            day = parse_date(str(value)) if _DAY.fullmatch(str(value)) else None
        except ValueError:  # 30 February
            day = None
        return date_format(day, "j F Y") if day else value
    labels = {str(key): str(label) for key, label in getattr(field, "choices", ())}
    return labels.get(value, value) if isinstance(value, str) else value


def last_saved(row: Any, noun: str, since: datetime) -> str:
    """Who saved a row last, and when, as a sentence for a person who has had it open since."""
    if isinstance(row, Entry):
        event = Event.objects.filter(entry=row.pk, at__gte=since).select_related("actor").first()
        who, when = (event.actor, event.at) if event else (None, None)
    else:
        kind = ContentType.objects.get_for_model(row, for_concrete_model=False)
        log = LogEntry.objects.filter(content_type=kind, object_id=str(row.pk))
        line = log.filter(action_time__gte=since).select_related("user").first()
        who, when = (line.user, line.action_time) if line else (None, None)
    moment = f" on {shown(when)}," if when else ""
    return f"{name_of(who, 'Somebody')} saved {noun}{moment} while you had it open."
