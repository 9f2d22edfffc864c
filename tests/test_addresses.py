"""Every address, as every role, with every method: tests/addresses.txt says what is answered.

All answers are collected once; the tests look at them from several sides.
"""

from pathlib import Path
from typing import NamedTuple

import pytest
from django.test import Client, override_settings

from tests.addresses import BLIND, MARKER, ROLES, ask, cookie_of, make_site, paths, undone
from tests.crawl import routes

# On one worker, so that the answers are collected once.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("addresses")]

TABLE = Path(__file__).with_name("addresses.txt")
WIDTH = 56
READ, WRITTEN = ("GET", "HEAD"), ("PUT", "PATCH", "DELETE", "TRACE", "BREW")


class Answer(NamedTuple):
    row: str
    path: str
    role: str
    method: str
    status: str
    """The number, or "login" for a redirect to the sign-in."""
    headers: dict
    body: bytes


@pytest.fixture(scope="module")
def answers(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    changed = override_settings(DATA_DIR=folder, WHITENOISE_USE_FINDERS=True)
    with django_db_blocker.unblock(), changed, undone():
        site = make_site()
        client = Client(raise_request_exception=False)
        cookies = {role: cookie_of(person) for role, person in site.people.items()}
        return [
            answer
            for row, found in paths(site).items()
            for role in (*ROLES, "inactive")
            for answer in collect(client, row, found, role, cookies[role])
        ]


def collect(client, row, found, role, cookie):
    """The answers to a role. Those who may see nothing try it with an object in each state."""
    for path in found if role in BLIND else found[:1]:
        yield asked(client, row, path, role, "GET", cookie)
    # The rest does not depend on the state; HEAD goes the way of GET.
    more = ("POST", "OPTIONS", *WRITTEN)
    for method in more if role in ROLES[2:5] else ("HEAD", *more):
        yield asked(client, row, found[0], role, method, cookie)


def asked(client, row, path, role, method, cookie):
    response, body = ask(client, method, path, cookie)
    status = str(response.status_code)
    if status == "302" and "/login/?next=" in response["Location"]:
        status = "login"
    headers = {name.lower(): value for name, value in response.items()}
    return Answer(row, path, role, method, status, headers, body)


@pytest.mark.parametrize("token", ["", "a" * 32, "b" * 64])
def test_no_form_of_the_desk_is_taken_without_its_token(editor, token):
    """Not even from somebody who may do everything."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    client.cookies["csrftoken"] = "c" * 32
    checked = [route for route in routes() if route.pattern.startswith("admin/")]
    for route in checked:
        path = route.filled(dict.fromkeys(route.parts, "1"))
        response = client.post(path, {"csrfmiddlewaretoken": token})
        # The sign-in's pages are told apart by their own rows in the table.
        assert response.status_code in (403, 404), (path, response.status_code)
        assert "could not be accepted" in response.content.decode() or response.status_code == 404
    assert len(checked) > 80


def written_down():
    """{(row, role, method): status} of the table, whose cells are GET/POST or the same for both."""
    table = {}
    for line in TABLE.read_text().splitlines():
        if line.startswith("/"):
            name, cells = line[:WIDTH].strip(), line[WIDTH:].split()
            for role, cell in zip(ROLES, cells, strict=True):
                get, _, post = cell.partition("/")
                table[name, role] = {"GET": get, "POST": post or get}
    return table


def as_lines(answers):
    """The rows as they are now, in the form of the table, to be read and then pasted."""
    cells = {}
    for answer in answers:
        if answer.method in ("GET", "POST") and answer.role in ROLES:
            cells.setdefault((answer.row, answer.role), {}).setdefault(answer.method, answer.status)
    for row in dict.fromkeys(answer.row for answer in answers):
        both = [cells[row, role] for role in ROLES]
        told = ["/".join(dict.fromkeys([cell["GET"], cell["POST"]])) for cell in both]
        yield f"{row:{WIDTH}}" + "".join(f"{cell:>10}" for cell in told)


def test_every_answer_is_the_one_that_is_written_down(answers):
    table, wrong = written_down(), set()
    for answer in answers:
        role = "visitor" if answer.role == "inactive" else answer.role
        method = "GET" if answer.method == "HEAD" else answer.method
        # Django's sign-in sends somebody who is signed in on, but only by GET.
        exception = answer.row == "/admin/login/" and answer.method == "HEAD"
        if method in ("GET", "POST") and not exception:
            expected = table.get((answer.row, role), {}).get(method)
            if answer.status != expected:
                wrong.add(answer.row)
    rows = [line for line in as_lines(answers) if line[:WIDTH].strip() in wrong]
    assert rows == [], "These rows are missing or differ:\n" + "\n".join(rows)
    assert {name for name, _ in table} == {answer.row for answer in answers}


def test_every_other_method_is_refused_with_those_that_are_allowed(answers):
    for answer in answers:
        if answer.path == "/static/site/site.css":
            continue  # WhiteNoise answers, in fewer words
        desk = answer.path.startswith("/admin/")
        allowed = "GET, HEAD, POST, OPTIONS" if desk else "GET, HEAD, OPTIONS"
        if answer.method in WRITTEN:
            assert answer.status == "405", answer[:4]
        if answer.method in ("OPTIONS", *WRITTEN):
            assert answer.headers["allow"] == allowed, answer[:4]
        if answer.method == "OPTIONS":
            assert (answer.status, answer.body) == ("200", b""), answer[:4]


def test_nobody_reads_a_word_of_a_draft_who_may_not(answers):
    for answer in answers:
        if answer.role in BLIND and answer.row != "/preview/<token>/":
            whole = answer.body.decode() + str(answer.headers)
            assert MARKER not in whole, answer[:4]
    seen = {answer.role for answer in answers if MARKER in answer.body.decode(errors="replace")}
    assert seen >= {"Writer", "Reviewer", "Publisher", "Superuser"}


EVERYWHERE = {
    "content-security-policy": "default-src 'none'",
    "permissions-policy": "camera=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "",
}


def test_every_answer_has_every_header(answers):
    for answer in answers:
        for name, value in EVERYWHERE.items():
            assert value in answer.headers.get(name, "missing"), (name, *answer[:4])
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy, answer[:4]
        assert "unsafe" not in policy, answer[:4]
        assert ("script-src" in policy) == answer.path.startswith("/admin/"), answer[:4]
        assert "access-control-allow-origin" not in answer.headers, answer[:4]
        assert not {"server", "x-powered-by"} & answer.headers.keys(), answer[:4]


def test_only_public_pages_and_files_may_be_kept(answers):
    for answer in answers:
        kept = "no-store" not in answer.headers["cache-control"]
        private = answer.path.startswith(("/admin/", "/preview/", "/healthz/"))
        assert not (kept and private), answer[:4]
        assert not (kept and "set-cookie" in answer.headers), answer[:4]
        if kept:
            assert answer.method in READ, answer[:4]
            assert answer.status in ("200", "301", "404", "410"), answer[:4]
        if answer.path.startswith("/admin/"):
            assert "Cookie" in answer.headers["vary"], answer[:4]


def test_no_answer_tells_about_the_machine(answers):
    told = ("Traceback", "site-packages", "causes/public", "Django/", "granian/", "Python/")
    for answer in answers:
        whole = answer.body.decode(errors="replace") + str(answer.headers)
        assert not [word for word in told if word in whole], answer[:4]
