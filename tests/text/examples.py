"""Markdown that others wrote to try parsers with, from the source package of markdown-it-py.

`make` puts the package into the virtual environment; it is no part of this project.
"""

import json
import os
import re
import sys
import tarfile
from functools import cache
from pathlib import Path

import pytest

FOLDER = Path(sys.prefix, "examples")


@cache
def _files() -> dict[str, str]:
    packages = sorted(FOLDER.glob("markdown_it_py-*.tar.gz"))
    if not packages:
        return {}
    with tarfile.open(packages[-1]) as package:
        wanted = [m for m in package if re.search(r"commonmark\.json$|/fixtures/.*\.md$", m.name)]
        return {Path(m.name).name: package.extractfile(m).read().decode() for m in wanted}


def specification() -> list[str]:
    """The examples of the CommonMark specification."""
    text = _files().get("commonmark.json", "[]")
    return [example["markdown"] for example in json.loads(text)]


def fixtures() -> list[str]:
    """Those of tables, strikethrough, extras and attacks: title, input and output between dots."""
    found = []
    for name in ("tables.md", "strikethrough.md", "commonmark_extras.md", "xss.md"):
        for block in re.findall(r"^\.\n(.*?)^\.\n.*?^\.$", _files().get(name, ""), re.M | re.S):
            found.append(block)
    return found


needs_examples = pytest.mark.skipif(
    not list(FOLDER.glob("markdown_it_py-*.tar.gz")) and "CI" not in os.environ,
    reason="The examples are not here: remove .venv/.dev and run `make test` with a network.",
)
