"""The column for a person: who wrote, reviewed, checked or did something."""

from typing import Any

from django.conf import settings
from django.db import models


def person(**options: Any) -> Any:
    """A foreign key to an account. It is in no fixture: people are not content.

    An account that a row names cannot be deleted.
    """
    fixed: dict[str, Any] = {
        "null": True,
        "blank": True,
        "serialize": False,
        "on_delete": models.PROTECT,
    }
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, **{"editable": False, "related_name": "+", **options, **fixed}
    )
