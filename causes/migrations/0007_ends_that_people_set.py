"""Ends that a person set get a column of their own, beside the ends that follow from them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import migrations, models

AT_ONCE = 500
SECOND = timedelta(seconds=1)


def fill(apps: Any, schema_editor: Any) -> None:
    """Finds out from the event log, or else from the next publication, who set each end."""
    connection = schema_editor.connection
    if connection.vendor == "postgresql":
        # It keeps past publications as they are. `database.install` makes it again.
        schema_editor.execute(
            "DROP TRIGGER IF EXISTS causes_publication_ended ON causes_publication"
        )
    rows = apps.get_model("causes", "Publication").objects.using(connection.alias)
    logged, taken_down = read_log(apps.get_model("causes", "Event"), connection.alias)
    begins = rows.filter(
        entry=models.OuterRef("entry"), live_from=models.OuterRef("live_until")
    )
    ended = rows.exclude(live_until=None).annotate(another_begins=models.Exists(begins))
    some = []
    for row in ended.order_by("pk").iterator(chunk_size=AT_ONCE):
        row.take_down_at = end_of(row, logged.get(str(row.uuid)), taken_down.get(row.entry_id, ()))
        some.append(row)
        if len(some) == AT_ONCE:
            rows.bulk_update(some, ["take_down_at"])
            some = []
    rows.bulk_update(some, ["take_down_at"])


def end_of(row: Any, logged: datetime | None, taken_down: Iterable[datetime]) -> Any:
    """The end that a person set, or None."""
    if not row.another_begins:
        return row.live_until
    if logged is not None and logged >= row.live_until:
        return logged
    if any(abs(moment - row.live_until) <= SECOND for moment in taken_down):
        return row.live_until
    return None


def read_log(events: Any, using: str) -> tuple[dict[str, datetime], dict[int, list[datetime]]]:
    """The last end in the log by the publication's UUID, and all take-downs by entry.

    A schedule that closed a publication logged the end that it had before.
    """
    ends: dict[str, datetime] = {}
    taken_down: dict[int, list[datetime]] = {}
    kinds = ("schedule", "cancel-schedule", "take-down")
    rows = events.objects.using(using).filter(verb__in=kinds).order_by("pk")
    for verb, entry, at, details in rows.values_list(
        "verb", "entry", "at", "details"
    ).iterator(chunk_size=AT_ONCE):
        if verb == "take-down":
            taken_down.setdefault(entry, []).append(at)
        elif verb == "cancel-schedule":
            if "take_down_at" in details:
                ends.pop(details.get("reopened"), None)
        else:
            for uuid, end in (
                (details.get("span"), details.get("take_down_at")),
                (details.get("closed"), details.get("closed_until")),
            ):
                if uuid and end:
                    ends[uuid] = datetime.fromisoformat(end)
    return ends, taken_down


class Migration(migrations.Migration):

    dependencies = [
        ('causes', '0006_plain_text'),
    ]

    operations = [
        migrations.AddField(
            model_name='publication',
            name='take_down_at',
            field=models.DateTimeField(blank=True, help_text='The end that a person set. live_until is earlier if another text comes first.', null=True),
        ),
        migrations.AlterField(
            model_name='fixtureformat',
            name='version',
            field=models.PositiveIntegerField(default=4),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='publication',
            constraint=models.CheckConstraint(condition=models.Q(('take_down_at', None), models.Q(('live_until__isnull', False), ('live_until__lte', models.F('take_down_at'))), _connector='OR'), name='publication_ends_by_its_take_down'),
        ),
    ]
