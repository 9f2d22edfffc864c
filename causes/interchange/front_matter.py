"""The parts of a Markdown file: its YAML front matter, its title and its body."""

import re
from pathlib import Path
from typing import Any

import yaml

from causes.interchange.problems import Wrong
from causes.interchange.schema import Row

LARGEST = 4 << 20
"""The most bytes that a file may have."""

LONGEST = 100_000
"""The most characters of front matter: YAML is read slowly."""

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_COMMENTS = re.compile(r"(?:\s*<!--.*?-->)*\s*", re.DOTALL)
_HEADING = re.compile(r"\A\s*#[ \t]+(\S[^\n]*)\n?")


def read(path: Path) -> str:
    """The text of a file. Raises Wrong."""
    try:
        if path.stat().st_size > LARGEST:
            raise Wrong(f"The file is larger than {LARGEST >> 20} MB.")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Wrong(f"The file cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise Wrong(f"The file is not UTF-8: byte {error.start:,} cannot be read.") from error


def stem(path: Path) -> str:
    """The name of a file without its suffix, as in an upload at the desk.

    Django removes characters that are not printable, and the command must give the same slug.
    """
    return "".join(character for character in path.stem if character.isprintable())


def split(text: str) -> tuple[Row, str]:
    """The front matter of a text, as keys with values, and its body. Raises Wrong."""
    match = _FRONT.match(text)
    if match is None:
        return {}, text.strip()
    return _parsed(match.group(1)), text[match.end() :].strip()


def _parsed(text: str) -> Row:
    if len(text) > LONGEST:
        raise Wrong(
            f"The front matter has {len(text):,} characters; the most is {LONGEST:,}. "
            "Put the text below the second `---`."
        )
    # Every value is a text: `no` is a word, and 1957 is not a number.
    try:
        if any(isinstance(e, yaml.AliasEvent) for e in yaml.parse(text, yaml.BaseLoader)):
            raise Wrong("The front matter uses YAML aliases (*name): write out the value.")
        front = yaml.load(text, yaml.BaseLoader)  # noqa: S506 (it makes texts only)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 2}" if mark else ""
        reason = getattr(error, "problem", None) or "it cannot be read"
        raise Wrong(f"The front matter is not YAML{where}: {reason}.") from error
    if front in (None, ""):
        return {}
    if not isinstance(front, dict):
        raise Wrong("The front matter must have keys with values, such as `title: Polio`.")
    return front


def title_and_body(front: Row, body: str) -> tuple[Any, str]:
    """The title, from the front matter or the first heading, and the body without that heading."""
    if "title" in front:
        return front["title"], body
    # Comments above the title stay in the body, where they are counted and removed.
    above = _COMMENTS.match(body)
    start = above.end() if above else 0
    match = _HEADING.match(body[start:])
    if match is None:
        return "", body
    return match.group(1).strip(), (body[:start] + body[start + match.end() :]).strip()
