"""While SQLite's file is away, every page says so, no empty one takes its place, and all returns."""

import pytest
from django.db import connection

from tests.public.processes import workers

pytestmark = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="for PostgreSQL there is test_unreachable.py"
)


def test_every_page_says_so_until_the_file_is_back(site):
    site.manage("loaddata", "initial", "-v0")
    file, away = site.folder / "site.sqlite3", site.folder / "away.sqlite3"
    pages = ("/", "/causes/", "/search/?q=nerve", "/admin/", "/admin/login/", "/nowhere")
    with workers(site.environment, 1) as (worker,):
        assert worker.get("/")[0] == 200
        file.rename(away)
        for path in pages:
            status, text, headers = worker.get(path)
            assert (path, status, headers["Retry-After"]) == (path, 503, "5")
            assert "The site cannot read its database at the moment." in text
        assert worker.get("/healthz/")[:2] == (503, "the database cannot be reached\n")
        assert not file.exists()
        away.rename(file)
        assert worker.get("/causes/")[0] == 200
        assert worker.get("/healthz/")[0] == 200
