"""Fills a new database of any version through its verbs: `manage.py shell < content.py`.

tests/databases/README.md says how the dumps are made.
"""

from datetime import timedelta

from django.contrib.auth.models import User

from causes import publishing
from causes.models import Tag
from tests.factories import add_draft, make_entry, make_live, make_source

try:
    from causes.clock import now
except ImportError:  # until 28 November 2026 it was there
    from causes.models.clock import now

ed = User.objects.create_superuser("ed", "ed@example.org", "pw")
make_source("weakness-2020", authors="Østergård Å, et al.")
one = make_live(
    slug="trap",
    title="Ulnar nerve trap",
    tags=["nerve", "elbow"],
    body="Words [@weakness-2020].\n\n- 5–10 mg\n- H~2~O",
    by=ed,
)
publishing.publish(add_draft(one, title="Ulnar nerve entrapment", by=ed), by=ed)
add_draft(one, title="Ulnar neuropathy", by=ed, note="A better name")
make_entry(slug="draft", title="Only a draft", by=ed)
if hasattr(publishing, "schedule"):  # the first version had fewer verbs
    down = make_live(slug="down", title="Taken down", tags=["nerve"], by=ed)
    publishing.take_down(down, by=ed)
    later = make_live(slug="later", title="Replaced later", by=ed)
    publishing.schedule(
        add_draft(later, title="The replacement", by=ed),
        by=ed,
        publish_at=now() + timedelta(days=36500),
    )
    publishing.rename(one, "ulnar", by=ed)
    publishing.rename_taxon(Tag.objects.get(name="elbow"), "elbow joint", by=ed)
    publishing.record_review(
        one.newest,
        by=ed,
        reviewer="R. Viewer",
        qualification="Neurologist",
        reviewed_on=now().date(),
    )
