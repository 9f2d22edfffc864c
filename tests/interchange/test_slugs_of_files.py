"""One Markdown file is one entry: at the desk, by command, and under the slug of an older rule."""

import unicodedata

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from causes import publishing
from causes.models import Entry, Import, Revision
from tests.admin.desk import url
from tests.factories import make_entry
from tests.interchange.content import Planned, bring

pytestmark = pytest.mark.django_db

NAMES = [
    "Bell's palsy.md",
    "Bell’s palsy.md",
    "Guillain–Barré.md",
    unicodedata.normalize("NFD", "Guillain–Barré.md"),
    "Łódź & Weißer.md",
    "β-blocker (µg).md",
    "What? “Why”: 100%.md",
    "Bell\u00a0palsy.md",
    "神" * 80 + ".md",
    "long words " * 20 + ".md",
]


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"


def file(folder, name, text="---\ntitle: A title\n---\nA text.\n"):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", NAMES)
def test_one_file_has_one_slug_at_the_desk_and_by_command(desk, tmp_path, name):
    path = file(tmp_path, name)
    by_command = list(Planned(path, markdown=True).entries)
    data = {"files": [SimpleUploadedFile(name, path.read_bytes())], "on_conflict": "refuse"}
    answer = desk.post(reverse("admin:causes_import_add"), data)
    b"".join(answer.streaming_content)
    run = Import.objects.get()
    page = desk.get(reverse("admin:causes_import_change", args=[run.pk])).content.decode()
    assert len(by_command) == 1
    assert f"cause {by_command[0]}<" in page


def test_the_slug_of_a_file_is_the_one_that_the_desk_makes_from_a_title(desk, tmp_path):
    for name in ("Guillain–Barré", "Łódź", "β-blocker", "Bell's palsy"):
        desk.post(url("add"), {"title": name, "slug": "", "body": "", "summary": "", "_save": "1"})
    slugs = sorted(Entry.objects.values_list("slug", flat=True))
    assert slugs == ["bells-palsy", "beta-blocker", "guillain-barre", "lodz"]


@pytest.mark.parametrize(
    ("name", "old"),
    [("Guillain–Barré", "guillainbarre"), ("Łódź", "odz"), ("Weißer", "weier")],
)
def test_a_file_that_came_in_under_an_older_slug_stays_that_entry(tmp_path, name, old):
    first = file(tmp_path / "old", "as-it-was.md", f"---\nslug: {old}\ntitle: T\n---\nOne.\n")
    bring(first, markdown=True)
    again = file(tmp_path / "new", f"{name}.md", "---\ntitle: T\n---\nOne.\n")
    assert Planned(again, markdown=True).entries == {old: "unchanged"}
    edited = file(tmp_path / "new", f"{name}.md", "---\ntitle: T\n---\nTwo.\n")
    assert Planned(edited, markdown=True).entries == {old: "changed"}
    publishing.rename(Entry.objects.get(), "elsewhere", by=None)
    assert Entry.objects.count() == 1


def test_an_entry_of_another_file_is_not_taken_for_one_under_an_older_slug(tmp_path):
    bring(file(tmp_path / "old", "odz.md"), markdown=True)
    both = [file(tmp_path / "both", name) for name in ("odz.md", "Łódź.md")]
    assert Planned(*both, markdown=True).entries == {"odz": "unchanged", "lodz": "created"}


def test_the_newer_slug_goes_before_the_older_one(tmp_path):
    make_entry(slug="odz")
    bring(file(tmp_path, "Łódź.md", "---\nslug: lodz\n---\n# One\n"), markdown=True)
    path = file(tmp_path, "Łódź.md", "# One\n")
    assert Planned(path, markdown=True).entries == {"lodz": "unchanged"}


def test_an_untidy_file_that_came_in_before_texts_were_tidied_is_unchanged(tmp_path):
    text = "---\ntitle: T\n---\nOne\xad two.\n"
    path = file(tmp_path, "polio.md", text)
    before = "1f05095b-2919-8ee9-b260-80699db8c8bb"  # made from the text with the soft hyphen
    bring(path, markdown=True)
    made = Revision.objects.get()
    assert made.body == "One two."
    assert str(made.uuid) != before
    assert Planned(path, markdown=True).entries == {"polio": "unchanged"}
    tidied = file(tmp_path, "polio.md", text.replace("\xad", ""))
    assert Planned(tidied, markdown=True).entries == {"polio": "unchanged"}
    # As the rule before this one stored it.
    Entry.objects.all().delete()
    entry = Entry.objects.create(slug="polio", last_number=1)
    Revision.objects.create(entry=entry, number=1, uuid=before, title="T", body="One two.")
    path = file(tmp_path, "polio.md", text)
    assert Planned(path, markdown=True).entries == {"polio": "unchanged"}
