"""Nobody fills the disk: a body that is too long for its sender is refused before it is read."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from denervation_site.bodies import FROM_STRANGERS

pytestmark = pytest.mark.django_db

MB = 1024 * 1024
ADD, LOGIN = "admin:causes_import_add", "admin:login"


class Untouched:
    """A body of which nobody may read a byte."""

    def read(self, *_):
        raise AssertionError("the body was read")

    readline = read


def send(client, path, length, **more):
    sent = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
        "wsgi.input": Untouched(),
        **({"CONTENT_LENGTH": str(length)} if length is not None else {}),
        **more,
    }
    return client.request(**sent)


@pytest.fixture
def folder(settings, tmp_path):
    """Where Django puts files that are on their way in."""
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    return tmp_path


def test_a_stranger_sends_no_more_than_a_form(client):
    for path in (reverse(LOGIN), reverse(ADD), reverse("admin:index"), "/admin/nowhere/"):
        response = send(client, path, FROM_STRANGERS + 1)
        assert response.status_code == 413
        assert "You are not signed in" in response.content.decode()


def test_a_body_without_a_length_is_refused_unread(client, desk):
    for who in (client, desk):
        response = send(who, reverse(LOGIN), None, HTTP_TRANSFER_ENCODING="chunked")
        assert response.status_code == 411


def test_public_pages_read_no_body(client):
    for path in ("/", "/causes/", "/nowhere/"):
        assert send(client, path, 100).status_code == 405
        assert send(client, path, 900 * MB).status_code == 405


def test_who_may_not_import_sends_no_files_to_speak_of(client, writer):
    client.force_login(writer)
    for path in (reverse(ADD), reverse("admin:causes_cause_add")):
        response = send(client, path, 6 * MB)
        assert response.status_code == 413
        assert "at most 5 MB" in response.content.decode()


def test_who_may_import_sends_files_to_that_page_alone(desk, settings, folder):
    settings.IMPORT_MAX_MB = 7
    settings.DATA_DIR = folder
    assert send(desk, reverse("admin:causes_cause_add"), 6 * MB).status_code == 413
    too_much = send(desk, reverse(ADD), 13 * MB)
    assert too_much.status_code == 413
    assert "at most 12 MB" in too_much.content.decode()
    file = SimpleUploadedFile("a.json", b" " * 6 * MB)
    response = desk.post(reverse(ADD), {"files": file, "on_conflict": "refuse"})
    assert response.status_code == 200
    assert b"".join(response)


class CutOff:
    """A browser that goes away in the middle of a file."""

    def __init__(self):
        head = (
            b"--x\r\nContent-Disposition: form-data; name=files; filename=a.json\r\n\r\n"
            + b" " * 3 * MB
        )
        self._pieces = [head[at : at + 65536] for at in range(0, len(head), 65536)]

    def read(self, *_):
        if not self._pieces:
            raise OSError("the connection was reset")
        return self._pieces.pop(0)

    readline = read


def test_an_upload_that_is_cut_off_leaves_nothing(editor, folder):
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(editor)
    response = send(client, reverse(ADD), 4 * MB, **{"wsgi.input": CutOff()})
    assert response.status_code == 403
    assert list(folder.iterdir()) == []
