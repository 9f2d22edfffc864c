"""The house itself: its layers, its migrations, its papers."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

ROOT = Path(settings.BASE_DIR)
LAYERS = """clock addresses timeline text queries models database states lists reading worklist search
    publishing interchange""".split()
ENTRY_POINTS = ["public", "admin", "management"]


def layer_of(module):
    parts = module.split(".")
    return parts[1] if parts[0] == "causes" and len(parts) > 1 else None


def imports():
    """(file, its layer, the layer it imports) of every import at the head of a module."""
    for path in sorted((ROOT / "causes").rglob("*.py")):
        own = path.relative_to(ROOT / "causes").parts[0].removesuffix(".py")
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{a.name}" if node.module == "causes" else node.module
                         for a in node.names]  # fmt: skip
            else:
                continue
            for name in names:
                if (layer := layer_of(name)) and layer != own:
                    yield path.relative_to(ROOT), own, layer


def test_a_module_imports_only_from_layers_below_its_own():
    for path, own, layer in imports():
        if own in LAYERS:
            assert layer in LAYERS[: LAYERS.index(own)], f"{path} imports causes.{layer}"
        if own in ENTRY_POINTS:
            assert layer not in ENTRY_POINTS, f"{path} imports causes.{layer}"
        assert (own, layer) != ("public", "publishing"), f"{path} may not change anything"


def test_only_publishing_and_the_generator_write_spans_and_events():
    writes = re.compile(r"(Publication|Event)\.objects\.(create|bulk_create|update)|Event\(\s*verb")
    for path in (ROOT / "causes").rglob("*.py"):
        where = path.relative_to(ROOT / "causes").parts
        if writes.search(path.read_text()):
            assert where[0] == "publishing" or where == ("management", "made_up.py"), path


def test_the_public_set_is_named_once():
    raw = re.compile(r"live_(from|until)__(lte|gt|lt|gte|isnull)")
    allowed = {"publication.py", "guards.py"}
    for path in (ROOT / "causes").rglob("*.py"):
        if "migrations" not in path.parts and path.name not in allowed:
            assert not raw.search(path.read_text()), path


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_makefile_has_the_commands_that_the_readme_names():
    named = set(re.findall(r"`?make ([a-z-]+)`?", (ROOT / "README.md").read_text()))
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"run", "test"} <= named
    assert named <= targets


def test_the_readme_tells_every_variable_that_settings_read():
    readme = (ROOT / "README.md").read_text()
    source = (ROOT / "denervation_site" / "settings.py").read_text()
    source += (ROOT / "causes/management/commands/serve.py").read_text()
    names = set(re.findall(r'(?:_text|_boolean|_list|_whole_number|get)\(\s*"([A-Z_]+)"', source))
    assert len(names) > 12
    for name in names:
        assert f"`{name}`" in readme, name


def test_locks_name_packages_only():
    for path in ROOT.glob("requirements*"):
        assert "://" not in path.read_text(), path
    locked = (ROOT / "requirements.lock").read_text()
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        name = re.split(r"[=~<>\[ ]", line)[0]
        if name and not name.startswith("#"):
            assert f"\n{name}==" in f"\n{locked}", name


def test_every_relative_link_in_the_papers_leads_somewhere():
    for paper in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", paper.read_text()):
            assert (paper.parent / target).exists(), f"{paper.name}: {target}"


def test_the_site_imports_without_a_deprecation():
    result = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning", "-c", "import denervation_site.wsgi"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("target", ["run", "test"])
def test_without_venv_make_says_the_one_line_to_type(tmp_path, target):
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (tmp_path / lock).write_text("")
    python = tmp_path / "python3"
    # Debian's python3 without python3-venv: everything but this import works.
    python.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\n')
    python.chmod(0o755)
    result = subprocess.run(
        ["make", target, f"PYTHON={python}"], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode != 0
    assert "apt-get install python3-venv" in result.stderr
    assert not (tmp_path / ".venv").exists()
