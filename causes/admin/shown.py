"""What a page showed travels with its form, signed, so that nothing is overwritten unseen.

When the form comes back, what it showed is compared with what is stored, under the write
lock. If somebody saved in between, nothing is written: the page comes again, tells both
sides field by field, keeps what was typed, and carries what is stored now. Saving it a
second time is a decision made with both in view.
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
"""A value of a field as text: what its input holds. A list where several can be chosen."""


@dataclass(frozen=True)
class Seen:
    """What a page showed, and when."""

    at: datetime
    values: dict[str, Value]


def seal(values: Mapping[str, Value]) -> str:
    """What a page shows, to be put into its form as the hidden input `shown`."""
    return signing.dumps({"at": now().isoformat(), "values": values}, salt=_SALT, compress=True)


def unseal(data: Mapping[str, Any]) -> Seen | None:
    """What the page showed that these data were typed into; None if they do not say."""
    try:
        found = signing.loads(data.get(SHOWN, ""), salt=_SALT)
    except signing.BadSignature:
        return None
    return Seen(datetime.fromisoformat(found["at"]), found["values"])


def unsaid(what: str) -> str:
    """The sentence for a form that comes back without what it showed."""
    return (
        f"This form did not say which state of {what} you had seen, so saving it could "
        "overwrite somebody’s work. Nothing is saved yet. Look at what is saved now, then "
        "decide again."
    )


@dataclass(frozen=True)
class Difference:
    """One field that is not as the page showed it, or that was typed into."""

    label: str
    sides: list[tuple[str, list[Paragraph]]]
    """(what it is called, its words as they differ from those that were shown)."""

    outcome: str
    """What the form holds now, as a sentence."""

    field_id: str = ""
    is_list: bool = False


@dataclass(frozen=True)
class Meeting:
    """Two people, or two tabs, that changed one thing: told before anything is written."""

    title: str
    sentence: str
    differences: list[Difference]


def changes_of_facts(seen: Seen, facts: Mapping[str, str]) -> list[Difference]:
    """What is otherwise now than a page said that somebody decided on."""
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


def decided_on(facts: Mapping[str, str], data: Mapping[str, Any], what: str) -> Meeting | None:
    """Why a decision does not count: these facts are not those that its page showed."""
    seen = unseal(data)
    if seen is None:
        return Meeting("Look again before you decide", unsaid(what), [])
    differences = changes_of_facts(seen, facts)
    if not differences:
        return None
    sentence = (
        f"Somebody changed {what} after you opened this page. Nothing was done yet: see below "
        "how it stands now, then decide again."
    )
    return Meeting("Look again before you decide", sentence, differences)


# Forms of a stored row -------------------------------------------------------------------


class ShowsBoth:
    """Mixed into the form of a stored row, before it. The row must be read under the lock."""

    fields: dict[str, Any]
    data: Any
    is_bound: bool
    add_error: Any
    errors: Any
    instance: Any
    get_initial_for_field: Any
    __getitem__: Any

    shown_names: tuple[str, ...] | None = None
    """The fields that are compared; None is all of them."""

    meeting: Meeting | None = None
    moved = ""
    """Where the row went that the form was opened for, as a sentence."""

    @property
    def shown_row(self) -> Any:
        """The stored row that the form is about, or None if it adds one."""
        return self.instance if self.instance.pk else None

    def sealed(self) -> str:
        """For the hidden input: what is stored now. Empty for a form that adds a row."""
        return seal(self._stored()) if self.shown_row is not None else ""

    def full_clean(self) -> None:
        super().full_clean()  # type: ignore[misc]
        if self.is_bound and self.shown_row is not None:
            self._compare_with_stored()

    def _stored(self) -> dict[str, Value]:
        return {
            name: plain(field, self.get_initial_for_field(field, name))
            for name, field in self.fields.items()
            # A disabled field saves what is stored, and one of them is a password.
            if not field.disabled and (self.shown_names is None or name in self.shown_names)
        }

    def _typed(self, name: str) -> Value:
        field, raw = self.fields[name], self[name].data
        try:
            return plain(field, field.to_python(raw))
        except ValidationError:
            return plain(forms.Field(), raw)

    def _typed_anyway(self, name: str, was: Value) -> Value:
        """What was typed into a field that is one no more; `was` if nothing came."""
        if name not in self.data:
            return was
        raw = self.data.getlist(name) if isinstance(was, list) else self.data[name]
        return plain(forms.Field(), raw)

    def _compare_with_stored(self) -> None:
        seen, stored = unseal(self.data), self._stored()
        was = seen.values if seen else stored
        typed = {name: self._typed(name) for name in stored}
        if seen:
            met = [n for n in stored if was.get(n) != stored[n] and typed[n] != stored[n]]
        else:
            met = [n for n in stored if typed[n] != stored[n]]
        # Shown as a field, and only to be read now: what was typed has no place any more.
        gone = {n for n in was if n not in stored and self._typed_anyway(n, was[n]) != was[n]}
        if not met and not gone:
            return
        differences = []
        for name in [*self.fields, *(gone - self.fields.keys())]:
            if name in gone:
                values = was[name], was[name], self._typed_anyway(name, was[name])
                outcome = "This cannot be changed any more."
            elif name in stored and (name in met or typed[name] != was.get(name)):
                values = was.get(name, ""), stored[name], typed[name]
                outcome = "The form holds what you typed."
                if name in met and seen and typed[name] == was.get(name, ""):
                    # Left alone by the one, changed by the other: the form goes on with that.
                    self.fields[name].bound_data = lambda _data, initial: initial
                    self.errors.pop(name, None)
                    outcome = "You left this alone. The form holds what is saved now."
            else:
                continue
            differences.append(self._difference(name, values, outcome, known=seen is not None))
        row = self.shown_row
        what = f"this {row._meta.verbose_name}"
        if self.moved:
            sentence = self.moved
        elif seen:
            sentence = last_saved(row, what, seen.at)
        else:
            sentence = unsaid(what)
        if seen:
            sentence += " Nothing of yours is lost, and nothing is saved yet: compare, then save."
        self.meeting = Meeting("Not saved yet: look at both", sentence, differences)
        self.add_error(None, sentence)

    def _difference(
        self, name: str, values: tuple[Value, Value, Value], outcome: str, *, known: bool
    ) -> Difference:
        field = self.fields.get(name) or forms.Field(label=name.replace("_", " "))
        is_list = any(isinstance(value, list) for value in values)
        names = ["When you opened the form", "Saved now", "What you typed"]
        start = worded(field, values[0])
        sides = []
        for heading, value in zip(names, values, strict=True):
            words = worded(field, value)
            if isinstance(start, list) and isinstance(words, list):
                sides.append((heading, [compare_lists(start, words)] if start or words else []))
            else:
                sides.append((heading, compare(str(start or ""), str(words or ""))))
        label = str(field.label or name.replace("_", " ")).capitalize()
        sides = sides if known else sides[1:]
        field_id = self[name].id_for_label if name in self.fields else ""
        return Difference(label, sides, outcome, field_id, is_list)


def plain(field: Any, value: Any) -> Value:
    """A value of a field as text, the same for what is stored and for what is typed."""
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
    """A value as people read it: names instead of numbers."""
    if isinstance(field, forms.ModelChoiceField):
        numbers = value if isinstance(value, list) else [value]
        numbers = [number for one in numbers if (number := whole_number(one)) is not None]
        rows = field.queryset.model._default_manager.filter(pk__in=numbers)
        names = sorted(str(row) for row in rows)
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


def last_saved(row: Any, what: str, since: datetime) -> str:
    """Who saved a row last, and when: a sentence for whoever had it open since then."""
    if isinstance(row, Entry):
        event = Event.objects.filter(entry=row.pk, at__gte=since).select_related("actor").first()
        who, when = (event.actor, event.at) if event else (None, None)
    else:
        kind = ContentType.objects.get_for_model(row, for_concrete_model=False)
        log = LogEntry.objects.filter(content_type=kind, object_id=str(row.pk))
        line = log.filter(action_time__gte=since).select_related("user").first()
        who, when = (line.user, line.action_time) if line else (None, None)
    name = who.get_username() if who else "Somebody"
    return f"{name} saved {what}{f' on {shown(when)},' if when else ''} while you had it open."
