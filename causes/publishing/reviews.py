"""Clinical reviews: recorded for a revision, which stays unchanged."""

from datetime import date

from causes.models import Category, Event, Review, Revision
from causes.publishing.situations import Withheld
from causes.publishing.verb import User, locked, need, record, standing, verb


@verb
def record_review(
    revision: Revision,
    *,
    by: User,
    reviewer: str,
    qualification: str,
    reviewed_on: date,
    due_on: date | None = None,
    notes: str = "",
) -> Review:
    """Records that a qualified person reviewed this exact text.

    Without `due_on`, the next review is due after the interval of the text's category.
    Raises NotPermitted, Withheld.
    """
    need(by, "review_entry")
    entry = locked(revision.entry_id)
    revision.refresh_from_db()
    if revision.withheld_at:
        raise Withheld(revision)
    due_on = due_on or months_later(reviewed_on, review_months(revision))
    state = standing(entry)
    review: Review = Review.objects.create(
        revision=revision,
        reviewer=reviewer,
        qualification=qualification,
        reviewed_on=reviewed_on,
        due_on=due_on,
        notes=notes,
        recorded_by=by,
    )
    record(
        Event.Verb.REVIEW,
        entry,
        by,
        revision=revision,
        from_state=state,
        reviewer=reviewer,
        due_on=due_on.isoformat(),
    )
    return review


def review_months(revision: Revision) -> int:
    """Months until a review of this text is due again: the interval of its category."""
    category = revision.shown_category
    default: int = Category._meta.get_field("review_months").default
    return category.review_months if category else default


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or the last day of that month if it is shorter."""
    year, month = divmod(day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):  # 31 January and three months is 30 April
        try:
            return date(day.year + year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
