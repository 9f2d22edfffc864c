"""From a file's bytes to its rows, a few at a time, whatever its size.

JSON (one array) and JSON Lines, plain or gzipped. A row is cut out of the text by the
standard library's own scanner, which needs only the whole row: this is three times as fast as an
event parser, and detects duplicate keys.
"""

import codecs
import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from causes.interchange.problems import Problem, Unreadable

PIECE = 1 << 18
"""Bytes read at once."""

LONGEST_ROW = 8 << 20
"""Characters of one row at most: forty bodies of the longest kind."""

UNPACKED = 16 << 30
"""Bytes of a file at most, after unpacking."""

_GZIP = b"\x1f\x8b"
_OTHER_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_SPACE = re.compile(r"[ \t\n\r]*")
_KINDS = {".xml": "XML", ".yaml": "YAML", ".yml": "YAML", ".zip": "a zip archive"}


class Doubled(dict[str, Any]):
    """An object in which a name appears twice, so that one of the values would be lost."""

    name = ""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    doubled = Doubled(made)
    number = Counter(name for name, _ in pairs)
    doubled.name = next(name for name in made if number[name] > 1)
    return doubled


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


_scan = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant).raw_decode


def rows(
    path: Path, *, limit: int = UNPACKED, read: Callable[[int, int], None] = lambda at, size: None
) -> Iterator[tuple[int, Any]]:
    """Each object of a fixture file with its number, counted from 1. Raises Unreadable.

    `limit` is in bytes after unpacking. `read` is called with the bytes of the file that have been
    read, and with its size.
    """
    name = path.name
    if kind := _KINDS.get(path.suffix.lower()):
        raise Unreadable(
            Problem(name, 0, "", "", f"This is {kind}, but a fixture is JSON or JSON Lines.")
        )
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            text = _Text(name, _pieces(name, file, limit, lambda: read(file.tell(), size)))
            yield from text.objects()
    except OSError as error:
        raise _unreadable(name, f"cannot be read ({error.strerror or error}).") from error


def _pieces(name: str, file: IO[bytes], limit: int, read: Callable[[], None]) -> Iterator[str]:
    """The text of a file, decoded. Raises Unreadable."""
    head = file.read(4)
    file.seek(0)
    source: Any = gzip.GzipFile(fileobj=file) if head.startswith(_GZIP) else file
    decode = codecs.getincrementaldecoder("utf-8")().decode
    done = 0
    while True:
        piece = _piece(name, source)
        if not done:
            piece = _without_mark(name, piece)
        if done + len(piece) > limit:
            sentence = f"holds more than {limit >> 20:,} MB once unpacked, which is the limit."
            raise _unreadable(name, sentence)
        try:
            text = decode(piece, not piece)
        except UnicodeDecodeError as error:
            sentence = (
                f"is not UTF-8: byte {done + error.start:,} cannot be read. Save it as UTF-8."
            )
            raise _unreadable(name, sentence) from error
        done += len(piece)
        read()
        if text:
            yield text
        if not piece:
            return


def _piece(name: str, source: Any) -> bytes:
    try:
        piece: bytes = source.read(PIECE)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        sentence = f"is gzipped, but damaged ({error}): send it again."
        raise _unreadable(name, sentence) from error
    return piece


def _without_mark(name: str, piece: bytes) -> bytes:
    """The first piece of a file without its byte order mark. Raises Unreadable."""
    for mark, encoding in _OTHER_MARKS.items():
        if piece.startswith(mark):
            raise _unreadable(name, f"is {encoding}: save it as UTF-8.")
    return piece.removeprefix(codecs.BOM_UTF8)


def _unreadable(name: str, sentence: str) -> Unreadable:
    return Unreadable(Problem(name, 0, "", "", f"The file {sentence}"))


class _Text:
    """The text of a file. Only the piece around the current row is in memory."""

    def __init__(self, name: str, pieces: Iterator[str]) -> None:
        self.name, self.pieces = name, pieces
        self.held, self.at, self.lines, self.ended = "", 0, 1, False

    def more(self) -> bool:
        """Reads another piece; False at the end."""
        piece = next(self.pieces, None)
        if piece is None:
            self.ended = True
            return False
        self.lines += self.held.count("\n", 0, self.at)
        self.held, self.at = self.held[self.at :] + piece, 0
        return True

    def _twice_as_much(self) -> bool:
        """Reads on until twice as much is held; False at the end.

        A long row is scanned again each time, so a piece at a time would be quadratic.
        """
        wanted = 2 * (len(self.held) - self.at)
        read = self.more()
        while read and len(self.held) < min(wanted, LONGEST_ROW) and self.more():
            pass
        return read

    def peek(self) -> str:
        """The next character that is not blank, or "" at the end."""
        while True:
            self.at = _SPACE.match(self.held, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.held):
                return self.held[self.at]
            if not self.more():
                return ""

    def broken(self, number: int, sentence: str, at: int | None = None) -> Unreadable:
        line = self.lines + self.held.count("\n", 0, self.at if at is None else at)
        return Unreadable(Problem(self.name, number, "", "", f"{sentence} (line {line:,})"))

    def value(self, number: int) -> Any:
        while True:
            try:
                value, self.at = _scan(self.held, self.at)
                return value
            except json.JSONDecodeError as error:
                if len(self.held) - self.at <= LONGEST_ROW and self._twice_as_much():
                    continue
                if len(self.held) - self.at > LONGEST_ROW:
                    sentence = (
                        f"This is not JSON, or longer than {LONGEST_ROW >> 20} MB: {error.msg}."
                    )
                elif error.pos >= len(self.held) - 1 or error.msg.startswith("Unterminated"):
                    sentence = "The file ends in the middle of this object: it was cut off."
                else:
                    sentence = f"This is not JSON: {error.msg}."
                raise self.broken(number, sentence, error.pos) from error
            except RecursionError as error:
                raise self.broken(number, "This object is nested too deeply.") from error
            except ValueError as error:  # NaN, or a number of thousands of digits
                raise self.broken(number, f"This object cannot be read: {error}.") from error

    def objects(self) -> Iterator[tuple[int, Any]]:
        first = self.peek()
        if first == "[":
            self.at += 1
            yield from self.array()
        elif first == "{":
            yield from self.one_after_another()
        elif not first:
            raise _unreadable(self.name, "is empty.")
        else:
            raise self.broken(
                0, "This is not a fixture: a fixture is a JSON array, or has one object a line."
            )

    def array(self) -> Iterator[tuple[int, Any]]:
        number = 0
        sign = self.peek()
        while sign != "]":
            number += 1
            self._expect(number, self.peek())
            yield number, self.value(number)
            sign = self.peek()
            self._expect(number, sign)
            if sign not in ",]":
                raise self.broken(number, "A comma or the end of the array must follow.")
            if sign == ",":
                self.at += 1
        self.at += 1
        if self.peek():
            raise self.broken(number, "There is text after the end of the array.")

    def _expect(self, number: int, sign: str) -> None:
        if not sign:
            raise self.broken(number, "The file ends before its array does: it was cut off.")

    def one_after_another(self) -> Iterator[tuple[int, Any]]:
        number = 0
        while self.peek():
            number += 1
            yield number, self.value(number)
