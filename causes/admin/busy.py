"""A form that comes in while an import has the turn is shown again, with all that was typed."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.http import HttpRequest

from causes import database


class KeepsText:
    """Mixed into a ModelAdmin, before it."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        # Looked at first: Django opens its transaction before the verb can say anything,
        # and on SQLite that waits.
        if request.method != "POST" or not database.import_running():
            try:
                return super().changeform_view(  # type: ignore[misc]
                    request, object_id, form_url, extra_context
                )
            except database.ImportRunning:
                pass
            except OperationalError:
                if not database.import_running():
                    raise
        request.import_running = str(database.ImportRunning())  # type: ignore[attr-defined]
        # Past the transaction: the form is refused, so that nothing is written.
        return self._changeform_view(  # type: ignore[attr-defined]
            request, object_id, form_url, extra_context
        )

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)  # type: ignore[misc]
        return refused_while_importing(request, form)


def refused_while_importing(request: HttpRequest, form: Any) -> Any:
    """The form as it is, or one that is never valid and says why."""
    sentence = getattr(request, "import_running", "")
    return type(form.__name__, (_Refused, form), {"refusal": sentence}) if sentence else form


class _Refused:
    refusal: str

    def clean(self) -> Any:
        super().clean()  # type: ignore[misc]
        raise ValidationError(self.refusal)
