"""A site for processes: migrated, and with the static files that its pages name."""

import pytest
from django.db import connection

from tests.interchange.engines import Elsewhere
from tests.processes import environment, manage


@pytest.fixture(scope="session")
def static_files(tmp_path_factory):
    """Collected once: compressing them takes seconds."""
    folder = tmp_path_factory.mktemp("collected")
    manage("collectstatic", "--noinput", "-v0", env=environment(DATA_DIR=str(folder)))
    return folder / "static"


@pytest.fixture
def site(tmp_path, static_files):
    with Elsewhere(tmp_path / "site", connection.vendor) as made:
        (made.folder / "static").symlink_to(static_files)
        made.manage("migrate", "-v0")
        yield made
