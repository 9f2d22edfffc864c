"""The row by which a fixture says in which form it is written."""

from typing import Any, ClassVar

from django.db import models

from causes.models.natural import NaturalKeyModel, NaturalKeyQuerySet

FORMAT = "denervation-site"
VERSION = 3
"""The version that this code writes and reads. docs/fixtures.md says what it holds."""

SAME_FIELDS = frozenset((2, 3))
"""The versions whose rows have the fields of today's: `loaddata` reads them all."""


class FixtureFormat(NaturalKeyModel):
    natural_key_fields = ("name",)

    name = models.CharField(max_length=50, unique=True, default=FORMAT)
    version = models.PositiveIntegerField(default=VERSION)

    objects: ClassVar[Any] = NaturalKeyQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
