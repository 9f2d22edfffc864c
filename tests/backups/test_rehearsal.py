"""A backup is made, people go on, it is restored under running workers, and that is taken back."""

import re
from urllib.parse import quote

from tests.public.processes import workers

BEFORE = """
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from tests.factories import *
make_source()
make_live(slug="one", title="As it was", tags=["nerve"], body="Words [@maas-2015].")
make_entry(slug="draft", title="A draft")
User.objects.create_superuser("ed", "", "pw")
client = Client()
client.force_login(User.objects.get())
print(client.cookies["sessionid"].value)
"""
AFTER = """
from django.contrib.auth.models import User
from causes import publishing
from causes.models import Entry
from tests.factories import *
publishing.publish(add_draft(Entry.objects.get(slug="one"), title="As it became"), by=None)
publishing.take_down(make_live(slug="gone", title="Gone"), by=None)
add_draft(Entry.objects.get(slug="draft"), title="A longer draft")
User.objects.create_user("late")
"""
PAGES = ["/", "/causes/", "/causes/one/", "/tags/nerve/", "/sources/maas-2015/", "/feed/"]
PAGES += ["/search/?q=became", "/sitemap.xml", "/healthz/"]


def seen(served):
    """What each worker answers, apart from what each answer has of its own."""
    return [[worker.get(path)[:2] for path in PAGES] for worker in served]


def content(site):
    return site.manage("export_fixture", "--with-history")


def people(site):
    names = "from django.contrib.auth.models import User; print(*User.objects.values_list('username', flat=True))"
    return site.manage("shell", "-v0", "-c", names).split()


def test_a_rehearsal(site, tmp_path):
    session = site.manage("shell", "-v0", "-c", BEFORE).strip()
    with workers(site.environment) as served:
        before = seen(served), content(site)
        assert served[0].get("/admin/", Cookie=f"sessionid={quote(session)}")[0] == 200
        backup = tmp_path / "kept.tar"
        assert "it is good" in site.manage("backup", str(backup))

        site.manage("shell", "-v0", "-c", AFTER)
        after = seen(served), content(site)
        assert after != before
        assert people(site) == ["ed", "late"]

        said = site.manage("restore_backup", str(backup), "--yes")
        assert (seen(served), content(site)) == before
        assert people(site) == ["ed"]
        # Whoever was signed in then must sign in again.
        assert served[0].get("/admin/", Cookie=f"sessionid={quote(session)}")[0] == 302

        kept = re.search(r"kept in (\S+)\.$", said, re.MULTILINE).group(1)
        site.manage("restore_backup", kept, "--yes")
        assert (seen(served), content(site)) == after
        assert people(site) == ["ed", "late"]
        assert {worker.get("/healthz/")[0] for worker in served} == {200}
