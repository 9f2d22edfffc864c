"""Natural keys: the names by which rows of a fixture refer to each other."""

from typing import Any, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


class NaturalKeyQuerySet(models.QuerySet[M]):
    def get_by_natural_key(self, *values: Any) -> M:
        fields = self.model.natural_key_fields  # type: ignore[attr-defined]
        return self.get(**dict(zip(fields, values, strict=True)))


class NaturalKeyModel(models.Model):
    natural_key_fields: tuple[str, ...] = ("uuid",)

    class Meta:
        abstract = True

    def natural_key(self) -> tuple[Any, ...]:
        return tuple(str(getattr(self, field)) for field in self.natural_key_fields)
