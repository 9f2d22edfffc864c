"""A site of its own for processes, and a data folder of its own for the tests' database."""

import pytest

from tests.public.conftest import site, static_files

__all__ = ["site", "static_files"]


@pytest.fixture
def folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path / "backups"
