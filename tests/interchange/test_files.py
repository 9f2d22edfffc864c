import gzip
import json

import pytest

from causes.interchange import files
from causes.interchange.problems import Unreadable


def read(tmp_path, held, name="content.json", **more):
    path = tmp_path / name
    path.write_bytes(held if isinstance(held, bytes) else held.encode())
    return [row for _, row in files.rows(path, **more)]


def test_an_array_and_a_row_a_line_and_both_gzipped_are_the_same(tmp_path):
    rows = [{"a": 1}, {"b": [1, {"c": "ü"}]}, {"d": None}]
    array, lines = json.dumps(rows, indent=3), "\n".join(map(json.dumps, rows))
    assert read(tmp_path, array) == rows
    assert read(tmp_path, lines, "content.jsonl") == rows
    assert read(tmp_path, gzip.compress(array.encode()), "content.json.gz") == rows
    assert read(tmp_path, "\n \n".join(map(json.dumps, rows)) + "\n\n") == rows
    assert read(tmp_path, b"\xef\xbb\xbf" + array.encode()) == rows
    assert read(tmp_path, " [ ] ") == []


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_it_does_not_matter_where_a_piece_ends(tmp_path, monkeypatch, size):
    monkeypatch.setattr(files, "PIECE", max(size, 4))
    rows = [{"key": "ü" * 9, "n": 12.5, "t": True}, {"é": ['"', "\\", "\u2028"]}, {}]
    for text in (json.dumps(rows), json.dumps(rows, ensure_ascii=False, indent=1)):
        assert read(tmp_path, text) == rows


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (b"", "The file is empty"),
        (b"  \n ", "The file is empty"),
        (b"\xff\xfe[\x00]\x00", "The file is UTF-16: save it as UTF-8"),
        (b"\xff\xfe\x00\x00[\x00\x00\x00", "The file is UTF-32"),
        (b'[{"a": "\xe9"}]', "The file is not UTF-8: byte 8 cannot be read"),
        (
            b'[{"a": 1},\n{"b": "text that en',
            "object 2: The file ends in the middle of this object",
        ),
        (b'[{"a": 1},\n{"b": 2}', "object 2: The file ends before its array does"),
        (b'[{"a": 1},\n{"b": 2},', "object 3: The file ends before its array does"),
        (
            b'[{"a": 1}\n{"b": 2}]',
            r"object 1: A comma or the end of the array must follow. \(line 2\)",
        ),
        (b'[{"a": 1}] x', "object 1: There is text after the end"),
        (b'[{"a": 1},\n\n{"b" 2}]', r"object 2: This is not JSON: .* \(line 3\)"),
        (b"model: causes.entry", "This is not a fixture"),
        (b'"text"', "This is not a fixture"),
        (b"[" * 100_000, "object 1: This object is nested too deeply"),
        (b'[{"a": NaN}]', "object 1: This object cannot be read: NaN is not a JSON value"),
        (b'[{"a": ' + b"9" * 5000 + b"}]", "object 1: This object cannot be read"),
        (gzip.compress(b'[{"a": 1}]', mtime=0)[:-9], "The file is gzipped, but damaged"),
        (b"\x1f\x8b\x08\x00nonsense", "The file is gzipped, but damaged"),
    ],
)
def test_a_file_that_cannot_be_read_to_its_end_says_where_and_why(tmp_path, held, words):
    with pytest.raises(Unreadable, match=f"^content.json, {words}|^content.json: {words}"):
        read(tmp_path, held)


@pytest.mark.parametrize("name", ["content.xml", "content.yaml", "content.zip"])
def test_another_kind_of_file_is_named(tmp_path, name):
    with pytest.raises(Unreadable, match="a fixture is JSON or JSON Lines"):
        read(tmp_path, "x", name)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Unreadable, match=r"nowhere\.json: The file cannot be read \(No such file"):
        list(files.rows(tmp_path / "nowhere.json"))


def test_a_small_file_that_unpacks_to_a_large_one_stops_at_the_limit(tmp_path):
    packed = gzip.compress(b"[" + b" " * (4 << 20) + b"]")
    assert len(packed) < 10_000
    with pytest.raises(Unreadable, match="more than 1 MB once unpacked"):
        read(tmp_path, packed, "content.json.gz", limit=1 << 20)


def test_a_row_that_never_ends_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LONGEST_ROW", 1 << 20)
    with pytest.raises(Unreadable, match="object 1: This is not JSON, or longer than 1 MB"):
        read(tmp_path, '[{"a": "' + "x" * (3 << 20) + '"}]')


def test_a_name_that_stands_twice_is_noticed(tmp_path):
    (row,) = read(tmp_path, '[{"a": 1, "b": {"c": 1, "c": 2}}]')
    assert isinstance(row["b"], files.Doubled)
    assert row["b"].name == "c"
    assert not isinstance(row, files.Doubled)


def test_it_says_how_far_it_is(tmp_path):
    path = tmp_path / "content.json"
    path.write_text(json.dumps([{"a": "x" * 1000}] * 1000))
    seen = []
    list(files.rows(path, read=lambda at, size: seen.append((at, size))))
    assert seen[-1] == (path.stat().st_size,) * 2
    assert len(seen) > 3


def test_a_row_longer_than_many_pieces_is_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PIECE", 64)
    rows = [{"a": "x" * 9_000}, {"b": 1}, {"c": "y" * 700}]
    assert read(tmp_path, json.dumps(rows)) == rows
    with pytest.raises(Unreadable, match="cut off"):
        read(tmp_path, json.dumps(rows)[:5_000])


def test_a_name_that_appears_twice_is_found_among_many(tmp_path):
    held = ",".join(f'"k{n}": 1' for n in range(50_000))
    (row,) = read(tmp_path, f'[{{{held}, "k7": 2}}]')
    assert row.name == "k7"
