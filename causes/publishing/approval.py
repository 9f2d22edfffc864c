"""From a draft to an approved text. Approval belongs to one exact revision."""

from django.conf import settings
from django.db.models import Max

from causes.models import Entry, Event, Publication, Revision
from causes.publishing.situations import (
    FourEyes,
    NotPublishable,
    Superseded,
    Withheld,
    WrongStep,
)
from causes.publishing.text import Text, publishing_problems
from causes.publishing.verb import User, locked, need, need_reason, record, standing, verb

Step = Entry.Step


@verb
def submit(revision: Revision, *, by: User, reason: str = "") -> Event:
    """Asks for approval of this exact revision, the newest one.

    Raises NotPermitted, Superseded, Withheld, WrongStep.
    """
    need(by, "submit_entry")
    wanted = "Only a draft, or a text that was sent back, can be submitted."
    return _step(Event.Verb.SUBMIT, revision, by, reason, (Step.DRAFT, Step.SENT_BACK), wanted)


@verb
def send_back(revision: Revision, *, by: User, reason: str) -> Event:
    """Returns a text that is waiting for approval, or is approved, to its writer.

    Raises NotPermitted, ReasonNeeded, Superseded, Withheld, WrongStep.
    """
    need(by, "send_back_entry")
    reason = need_reason(reason)
    wanted = "Only a text that is waiting for approval, or is approved, can be sent back."
    allowed = (Step.SUBMITTED, Step.APPROVED)
    return _step(Event.Verb.SEND_BACK, revision, by, reason, allowed, wanted)


@verb
def approve(revision: Revision, *, by: User, reason: str = "") -> Event:
    """Records that this exact revision may be published. A later one needs its own approval.

    Raises NotPermitted, FourEyes, NotPublishable, Superseded, Withheld, WrongStep.
    """
    need(by, "approve_entry")
    if settings.FOUR_EYES and by is not None and by.pk in writers_since_live(revision):
        raise FourEyes(
            "You wrote part of this text: somebody must approve it who has written none of it "
            "since it was last public."
        )
    wanted = "Only a text that is waiting for approval can be approved."
    event = _step(Event.Verb.APPROVE, revision, by, reason, (Step.SUBMITTED,), wanted)
    if problems := publishing_problems(Text.of(revision), revision.entry.kind):
        raise NotPublishable(problems)
    return event


def _step(
    name: Event.Verb,
    revision: Revision,
    by: User,
    reason: str,
    allowed: tuple[Entry.Step, ...],
    wanted: str,
) -> Event:
    entry = locked(revision.entry_id)
    if entry.last_number != revision.number:
        raise Superseded(revision, entry.last_number)
    revision.refresh_from_db()
    if revision.withheld_at:
        raise Withheld(revision)
    if (step := entry.step) not in allowed:
        raise WrongStep(wanted, step)
    state = standing(entry)
    return record(name, entry, by, revision=revision, from_state=state, reason=reason)


def writers_since_live(revision: Revision) -> set[int]:
    """Ids of the people who wrote this revision or one before it, back to the last live one."""
    earlier = Publication.objects.begun().filter(
        entry=revision.entry_id, revision__number__lt=revision.number
    )
    last = earlier.aggregate(last=Max("revision__number"))["last"] or 0
    written = Revision.objects.filter(
        entry=revision.entry_id, number__gt=last, number__lte=revision.number
    )
    return set(written.exclude(author=None).values_list("author", flat=True))


def approval_of(revision: Revision) -> Event | None:
    """The approval of this exact revision, unless it was sent back or taken down since."""
    steps = Event.objects.filter(
        entry=revision.entry_id, revision_uuid=revision.uuid, verb__in=Event.STEPS
    )
    last: Event | None = steps.order_by("-pk").first()
    return last if last and last.verb == Event.Verb.APPROVE else None


def check_approved(revision: Revision, by: User) -> None:
    """With FOUR_EYES: raises FourEyes unless somebody else approved this exact revision."""
    if not settings.FOUR_EYES or by is None:
        return
    approval = approval_of(revision)
    if approval is None:
        raise FourEyes(
            f"Revision {revision.number} is not approved. This site publishes only texts "
            "that somebody other than their writers approved: submit it for approval first."
        )
    if approval.actor_id in writers_since_live(revision):
        raise FourEyes(
            f"Revision {revision.number} was approved by one of its writers: somebody else "
            "must approve it."
        )
