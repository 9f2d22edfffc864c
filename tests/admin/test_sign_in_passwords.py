"""Passwords that may be set: long ones that are in no list of stolen passwords."""

import hashlib
from random import Random

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import get_password_validators, validate_password
from django.core.exceptions import ValidationError

from denervation_site import breached


def line_of(password, count=3, end="\n"):
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    return f"{digest}:{count}{end}"


def written(path, passwords, end="\n"):
    """A file as Pwned Passwords has it: sorted, with lines of different lengths."""
    random = Random(1)
    lines = sorted(line_of(word, 10 ** random.randrange(8), end) for word in passwords)
    path.write_bytes("".join(lines).encode())
    return path


def is_refused(path, password):
    try:
        breached.BreachedPassword(str(path)).validate(password)
    except ValidationError as error:
        return "stolen passwords" in error.message
    return False


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("number", [1, 2, 3, 200])
def test_every_password_in_the_file_is_found_and_no_other(tmp_path, number, end):
    words = [f"password {n}" for n in range(number)]
    path = written(tmp_path / "pwned.txt", words, end)
    assert all(is_refused(path, word) for word in words)
    assert not any(is_refused(path, f"other {n}") for n in range(200))


def test_a_file_of_any_size_is_searched_by_a_few_reads(tmp_path):
    """Nine gigabytes of zeroes cost nothing on disk, and reading them would take long."""
    path = tmp_path / "pwned.txt"
    with path.open("wb") as file:
        file.write(f"{'0' * 40}:1\n".encode())
        file.seek(9 * 2**30)
        file.write(f"\n{line_of('last of all')}".encode())
    with path.open("rb") as file:
        wanted = line_of("last of all")[:40].encode()
        assert breached.contains(file, wanted)


def test_a_file_that_goes_away_refuses_every_new_password_with_a_sentence(tmp_path):
    with pytest.raises(ValidationError, match="cannot be read, so no password can be set"):
        breached.BreachedPassword(str(tmp_path / "gone")).validate("a password of some words")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"", "does not have lines of 40 capital"),
        (b"password\n", "does not have lines of 40 capital"),
        (b"abcdef0123" * 4 + b":1\n", "does not have lines of 40 capital"),
        (b"B" * 40 + b":1\n" + b"A" * 40 + b":1\n", "not sorted"),
    ],
)
def test_a_file_that_cannot_be_searched_is_refused_with_the_reason(tmp_path, content, sentence):
    path = tmp_path / "pwned.txt"
    if content is not None:
        path.write_bytes(content)
    assert sentence in breached.objection(path)


def test_disorder_anywhere_in_a_long_file_is_noticed(tmp_path):
    path = written(tmp_path / "pwned.txt", map(str, range(5000)))
    assert breached.objection(path) == ""
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2500] + lines[:2500]))
    assert "not sorted" in breached.objection(path)


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("fourteen chars", "15 characters"),
        ("yfdbufnjh10305070", "too common"),
        ("wilhelmina.fenwick", "too similar"),
    ],
)
def test_short_and_common_passwords_are_refused_without_a_file(password, sentence):
    with pytest.raises(ValidationError, match=sentence):
        validate_password(password, User(username="wilhelmina.fenwick"))


@pytest.mark.parametrize(
    "password", ["only small letters here", "731958264095172", "ünïcödé wörds, too"]
)
def test_no_kind_of_character_is_required(password):
    validate_password(password, User(username="wil"))


def test_the_file_is_asked_about_each_new_password(tmp_path, settings):
    path = written(tmp_path / "pwned.txt", ["a stolen pass phrase"])
    validators = get_password_validators(
        [{"NAME": "denervation_site.breached.BreachedPassword", "OPTIONS": {"path": str(path)}}]
    )
    with pytest.raises(ValidationError, match="stolen"):
        validate_password("a stolen pass phrase", password_validators=validators)
    validate_password("another pass phrase", password_validators=validators)
