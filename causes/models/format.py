"""The row in which a fixture names the version of its format."""

from typing import Any, ClassVar

from django.db import models

from causes.models.natural import NaturalKeyModel, NaturalKeyQuerySet

FORMAT = "denervation-site"
VERSION = 4
"""The version that this code writes. docs/fixtures.md describes its rows."""

LOADABLE = frozenset((2, 3, VERSION))
"""The versions whose rows can be stored without an upgrade: `loaddata` reads these."""


class FixtureFormat(NaturalKeyModel):
    natural_key_fields = ("name",)

    name = models.CharField(max_length=50, unique=True, default=FORMAT)
    version = models.PositiveIntegerField(default=VERSION)

    objects: ClassVar[Any] = NaturalKeyQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
