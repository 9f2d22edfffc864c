"""Content made at random through the real verbs: unicode of every plane, odd names, all states."""

from contextlib import suppress
from datetime import timedelta

from hypothesis import strategies as st

from causes import publishing
from causes.clock import now
from causes.models import Category, Entry, Source, Tag
from causes.publishing import Refusal, Text
from causes.text.characters import NONCHARACTERS, is_blank, tidy_line
from causes.text.slugs import name_slug

REFUSED = "\x00" + "".join(chr(c) for first, last in NONCHARACTERS for c in range(first, last + 1))
letters = st.characters(exclude_categories=("Cs",), exclude_characters=REFUSED)
words = st.text(letters, max_size=40)
names = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="," + REFUSED), max_size=30
)
slugs = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}", fullmatch=True)
bodies = st.lists(
    st.one_of(words, st.just("A claim [@src-1]."), st.just("## Heading"), st.just("long " * 5_000)),
    max_size=4,
).map("\n\n".join)

VERBS = (
    ["create"] * 4
    + ["draft"] * 3
    + ["publish"] * 3
    + "schedule take_down rename review rename_tag merge source withhold end category".split()
)


class Maker:
    """Carries out what is drawn; what a verb refuses does not happen."""

    def __init__(self, draw):
        self.draw = draw
        self.source("src-1")

    def make(self, steps):
        for _ in range(steps):
            with suppress(Refusal, ValueError):
                getattr(self, f"do_{self.draw(st.sampled_from(VERBS))}")()

    def source(self, key):
        row = Source(key=key, kind="review", authors=self.some(words), title=self.some(words))
        publishing.save_record(row, by=None)

    def some(self, strategy, limit=100):
        text = tidy_line(self.draw(strategy))[:limit]
        return "x" if is_blank(text) else text

    def entry(self):
        found = list(Entry.objects.order_by("slug"))
        if not found:
            raise ValueError
        return self.draw(st.sampled_from(found))

    def revision(self):
        return self.draw(st.sampled_from(list(self.entry().revisions.order_by("number"))))

    def taxon(self, model):
        name = self.draw(names)
        if not name_slug(name) or model.name_objection(name):
            return None
        found = model.objects.filter(slug=name_slug(name)).first()
        if found is None:
            found = model(name=name)
            found.full_clean(exclude=["slug"])
            publishing.save_record(found, by=None)
        return found

    def text(self):
        tags = [self.taxon(Tag) for _ in range(self.draw(st.integers(0, 3)))]
        return Text(
            self.some(words),
            self.draw(words),
            self.draw(bodies),
            self.taxon(Category) or Category.objects.first(),
            frozenset(tag for tag in tags if tag),
        )

    def do_create(self):
        kind = self.draw(st.sampled_from(["cause", "cause", "page"]))
        publishing.create_entry(kind, self.draw(slugs), self.text(), by=None, note=self.draw(words))

    def do_draft(self):
        entry = self.entry()
        publishing.save_draft(entry, self.text(), by=None, base=entry.newest.uuid)

    def do_publish(self):
        publishing.publish(self.revision(), by=None)

    def do_schedule(self):
        at = now() + timedelta(seconds=self.draw(st.integers(60, 10**6)))
        end = at + timedelta(days=1) if self.draw(st.booleans()) else None
        publishing.schedule(self.revision(), by=None, publish_at=at, take_down_at=end)

    def do_end(self):
        publishing.schedule(
            self.entry().newest,
            by=None,
            take_down_at=now() + timedelta(seconds=self.draw(st.integers(60, 999))),
        )

    def do_take_down(self):
        publishing.take_down(self.entry(), by=None, cancel_scheduled=True)

    def do_rename(self):
        publishing.rename(self.entry(), self.draw(slugs), by=None)

    def do_review(self):
        publishing.record_review(
            self.revision(),
            by=None,
            reviewer=self.some(words),
            qualification=self.some(words),
            reviewed_on=now().date() - timedelta(days=self.draw(st.integers(0, 3))),
            notes=self.draw(words),
        )

    def do_rename_tag(self):
        tag = Tag.objects.current().first()
        if tag:
            publishing.rename_taxon(tag, self.draw(names), by=None)

    def do_category(self):
        category = self.taxon(Category)
        if category:
            category.description, category.position = (
                self.draw(words),
                self.draw(st.integers(0, 99)),
            )
            publishing.save_record(category, by=None)

    def do_merge(self):
        some = list(Tag.objects.current()[:2])
        if len(some) == 2:
            publishing.merge(some[0], some[1], by=None)

    def do_source(self):
        source = Source.objects.first()
        source.title = self.some(words)
        source.withdrawn_on = now().date()
        publishing.save_record(source, by=None)

    def do_withhold(self):
        publishing.withhold(self.revision(), "Wrong.", by=None)
