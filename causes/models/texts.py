"""Columns for texts that people write, and for the sort keys of names.

Every text is tidied by the rule in causes/text/characters.py before it reaches its column: in
`to_python` for forms and `loaddata`, in `pre_save` for new rows, and in the guards, which also
refuse. Migrations see Django's own fields, because the database columns are the same.
"""

import logging
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from causes.text.characters import bad_characters, tidy, tidy_line
from causes.text.comments import comments_removed, tidy_body, without_comments
from causes.text.names import SORT_KEY_LIMIT, sort_key

log = logging.getLogger(__name__)


def refuse_bad_characters(value: str) -> None:
    """A validator. Raises ValidationError, which names the character."""
    if sentence := bad_characters(value):
        raise ValidationError(sentence, code="bad_characters")


class _TidyFormField(forms.CharField):
    """Tidies before counting: a browser counts a line end once but sends two characters."""

    default_validators = [refuse_bad_characters]
    tidied: Callable[..., str]

    def to_python(self, value: Any) -> Any:
        return super().to_python(self.tidied(value) if isinstance(value, str) else value)


class LineFormField(_TidyFormField):
    tidied = staticmethod(tidy_line)


class TextFormField(_TidyFormField):
    tidied = staticmethod(tidy)

    def __init__(self, **kwargs: Any) -> None:
        # `strip` would remove the blanks at the start of a block of code.
        super().__init__(**{**kwargs, "strip": False})


class BodyFormField(TextFormField):
    tidied = staticmethod(tidy_body)


class URLFormField(LineFormField, forms.URLField):
    default_validators = [*forms.URLField.default_validators, refuse_bad_characters]


class TidyField(models.Field):
    """The base of all columns for texts that people write."""

    tidied: Callable[..., str]
    """`tidied(text, stored=False)` returns the text to store; see causes/text/characters.py."""

    default_validators = [refuse_bad_characters]
    form_class: type[forms.Field]
    plain: str
    """Django's field for the same column."""

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return self.tidied(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        # Django's fields call `to_python`, which would tidy a text from before the rule.
        return value if isinstance(value, str) else super().get_prep_value(value)

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        # A stored text is left alone: the guards tidy a changed one.
        if add and isinstance(value, str):
            value = self.tidied(value)
            setattr(model_instance, self.attname, value)
        return value

    def formfield(self, **kwargs: Any) -> Any:  # type: ignore[override]
        # The admin passes Django's form fields only for the sake of their widgets.
        return super().formfield(**{"form_class": self.form_class, **kwargs})

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, self.plain, args, kwargs

    def same(self, stored: Any, value: Any) -> bool:
        """Whether a value equals the stored one, apart from tidying."""
        if isinstance(stored, str) and isinstance(value, str):
            return self.tidied(stored, stored=True) == self.tidied(value, stored=True)
        return bool(stored == value)


class LineField(TidyField, models.CharField):
    """One line of text."""

    tidied = staticmethod(tidy_line)
    form_class = LineFormField
    plain = "django.db.models.CharField"


class URLField(TidyField, models.URLField):
    tidied = staticmethod(tidy_line)
    form_class = URLFormField
    plain = "django.db.models.URLField"
    default_validators = [*models.URLField.default_validators, refuse_bad_characters]


class TextField(TidyField, models.TextField):
    """Several lines of text, at most `max_length` characters."""

    tidied = staticmethod(tidy)
    form_class = TextFormField
    plain = "django.db.models.TextField"


class BodyField(TextField):
    """The Markdown of a text, without HTML comments."""

    tidied = staticmethod(tidy_body)
    form_class = BodyFormField

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and (count := without_comments(value)[1]):
            log.warning(comments_removed(count))
        return super().to_python(value)


class ShortTextField(TidyField, models.CharField):
    """Several lines of text in a column of limited width."""

    tidied = staticmethod(tidy)
    form_class = TextFormField
    plain = "django.db.models.CharField"


def text_fields(model: Any) -> list[TidyField]:
    """The columns of a model for texts that people write."""
    return [field for field in model._meta.concrete_fields if isinstance(field, TidyField)]


def sort_key_fields(model: Any) -> list["SortKeyField"]:
    """The columns of a model for sort keys."""
    return [field for field in model._meta.concrete_fields if isinstance(field, SortKeyField)]


class SortKeyField(models.CharField):
    """The sort key of another column, compared by code point.

    It is made when a row is written, by the guards for `loaddata`, and is in no fixture.
    """

    def __init__(self, of: str = "", **kwargs: Any) -> None:
        """`of` is the column that holds the name."""
        fixed = {"max_length": SORT_KEY_LIMIT, "editable": False}
        super().__init__(**{**kwargs, **fixed, "default": "", "db_default": ""})
        self.of = of
        self.serialize = False

    def db_parameters(self, connection: Any) -> Any:
        # SQLite compares by code point by default, and has no collation "C".
        collation = "C" if connection.vendor == "postgresql" else None
        return {**super().db_parameters(connection), "collation": collation}

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "of": self.of}

    def key_of(self, instance: Any) -> str:
        """The sort key for this row."""
        return sort_key(getattr(instance, self.of))

    def pre_save(self, model_instance: Any, add: bool) -> str:
        key = self.key_of(model_instance)
        setattr(model_instance, self.attname, key)
        return key
