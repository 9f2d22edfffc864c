"""`manage.py test`, which newcomers type first: it runs the same tests as `make test`."""

import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError


class PytestRunner:
    """Runs pytest in a process of its own: the tests are functions, which unittest overlooks."""

    def __init__(
        self, *, verbosity: int = 1, failfast: bool = False, keepdb: bool = False, **_: Any
    ) -> None:
        self._options = ["-v"] * (verbosity > 1) + ["-q"] * (verbosity < 1)
        self._options += ["-x"] * failfast + ["--reuse-db"] * keepdb

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--failfast", action="store_true", help="Stop at the first failure.")
        parser.add_argument("--keepdb", action="store_true", help="Keep the test database.")

    def run_tests(self, test_labels: Sequence[str], **_: Any) -> int:
        """Runs all tests, or those that are named; returns 0 if all passed.

        A label is a path (`tests/test_lists.py`) or a module (`tests.test_lists`).
        Raises CommandError if pytest is not installed.
        """
        if find_spec("pytest_django") is None:
            raise CommandError(
                "The tests need packages that are not installed. Run  make test  or  "
                "pip install -r requirements-dev.txt  first."
            )
        command = [sys.executable, "-m", "pytest", *self._options, *map(_path, test_labels)]
        return subprocess.run(command, cwd=settings.BASE_DIR, check=False).returncode  # noqa: S603


def _path(label: str) -> str:
    """The path of a module, or the label if it is none."""
    module = Path(settings.BASE_DIR, *label.split("."))
    return next((str(path) for path in (module.with_suffix(".py"), module) if path.exists()), label)
