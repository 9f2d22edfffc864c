"""Uploads on a disk that is full, and what killed processes leave: nothing of them stays."""

import os
import subprocess
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from causes.interchange import uploads
from causes.models import Import
from tests.factories import make_live
from tests.interchange.content import exported_after

pytestmark = pytest.mark.django_db

MB = 1024 * 1024
ADD = "admin:causes_import_add"


@pytest.fixture
def small_disk(tmp_path, settings):
    """A disk of one megabyte, on which the data folder is."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    if os.getuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk, and not in every container")
    settings.DATA_DIR, settings.FILE_UPLOAD_TEMP_DIR = folder, folder / "uploads"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def data_folder(tmp_path, settings):
    settings.DATA_DIR, settings.FILE_UPLOAD_TEMP_DIR = tmp_path, tmp_path / "uploads"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    return tmp_path


def post(desk, content):
    desk.raise_request_exception = False
    data = {"files": [SimpleUploadedFile("content.json", content)], "on_conflict": "refuse"}
    response = desk.post(reverse(ADD), data)
    streamed = response.streaming
    return response, b"".join(response).decode() if streamed else response.content.decode()


def left_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("size", [2 * MB, 3 * MB])
def test_a_file_for_which_there_is_no_room_is_a_sentence_and_leaves_nothing(desk, small_disk, size):
    """Django keeps the smaller one in memory, and writes the larger one to the disk at once."""
    response, page = post(desk, b" " * size)
    assert response.status_code == (503 if size > 2.5 * MB else 200)
    assert "The disk of the site is full." in page
    assert left_in(small_disk) == []
    assert not Import.objects.exists()
    assert not (small_disk / "imports").exists() or list((small_disk / "imports").iterdir()) == []


def test_nor_does_a_plan_for_which_there_is_no_room(desk, small_disk):
    rows = exported_after(lambda: [make_live(body="Words of it. " * 4000) for _ in range(12)])
    _, page = post(desk, rows.encode())
    assert "The disk of the site is full." in page
    assert left_in(small_disk) == []
    assert not Import.objects.exists()


def test_a_large_file_is_moved_and_not_written_twice(desk, data_folder):
    post(desk, b" " * 3 * MB)
    run = Import.objects.get()
    assert [path.stat().st_size for path in uploads.files_of(run)] == [3 * MB]
    assert list((data_folder / "uploads").iterdir()) == []


def test_leftovers_of_killed_processes_are_removed_after_a_day(desk, data_folder):
    post(desk, b"[]")
    run = Import.objects.get()
    old, new = data_folder / "uploads" / "old.upload", data_folder / "uploads" / "new.upload"
    orphan = data_folder / "imports" / "0-0-0"
    orphan.mkdir()
    for path in (old, new, orphan / "file"):
        path.touch()
    before = time.time() - uploads.LEFT_OVER - 60
    for path in (old, orphan, uploads.folder_of(run)):
        os.utime(path, (before, before))
    desk.get(reverse(ADD))
    assert not old.exists()
    assert not orphan.exists()
    assert new.exists()
    assert uploads.files_of(run)
