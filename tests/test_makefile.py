"""`make` mends the virtual environment that it finds, or leaves it alone."""

import shutil
import subprocess
import sys

import pytest
from django.conf import settings

from tests.processes import environment


@pytest.fixture
def checkout(tmp_path):
    """A folder with the Makefile and an empty list of packages, and a virtual environment of sorts."""
    shutil.copy(settings.BASE_DIR / "Makefile", tmp_path)
    (tmp_path / "requirements.lock").touch()
    (tmp_path / ".venv/bin").mkdir(parents=True)
    return tmp_path


def put_python(checkout):
    """One that has pip: the Python that runs the tests."""
    python = checkout / ".venv/bin/python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)


def make(checkout, *arguments):
    done = subprocess.run(
        ["make", *arguments], cwd=checkout, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_environment_made_by_half_or_by_a_python_that_is_gone_is_made_again(checkout):
    (checkout / ".venv/bin/python").symlink_to("/usr/bin/python2.1")
    assert "It is made again" in make(checkout, "help")
    assert not (checkout / ".venv").exists()


def test_a_sound_environment_is_left_alone(checkout):
    put_python(checkout)
    assert "made again" not in make(checkout, "help")
    assert (checkout / ".venv/bin/python").exists()


@pytest.mark.parametrize("interrupted", [True, False])
def test_an_interrupted_installation_is_written_over(checkout, interrupted):
    put_python(checkout)
    if interrupted:
        (checkout / ".venv/.installing").touch()
    assert ("--ignore-installed" in make(checkout, "-n", ".venv/.runtime")) == interrupted
