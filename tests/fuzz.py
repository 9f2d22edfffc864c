"""Fuzzing guided by coverage, with atheris, which `make deep` installs: no test needs it.

    python -m tests.fuzz markdown -max_total_time=300

The first argument is one of `properties.TARGETS`, the others are libFuzzer's.
"""

import os
import sys

import atheris
import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "denervation_site.settings")

with atheris.instrument_imports(include=["causes", "markdown_it", "mdit_py_plugins"]):
    django.setup()
    from tests import properties


def main() -> None:
    target = properties.TARGETS[sys.argv.pop(1)]

    def one(data: bytes) -> None:
        target(data.decode("utf-8", "ignore"))

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
