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
PACKAGES = ("causes", "denervation_site")
LAYERS = """clock addresses timeline text queries models roles accounts database states preview_links
    lists reading worklist search publishing interchange checking backups""".split()
ENTRY_POINTS = ["public", "admin", "management"]

# Django imports these modules while it is still loading the apps, so they import models late.
LATE = {
    "causes.apps",
    "causes.database",
    "causes.database.sqlite",
    "causes.database.texts",
    "denervation_site.desk",
}


def modules():
    """{name of each module of the product: its file}."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "migrations" not in parts:
                found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES = modules()


def imports(name):
    """The product's own modules that a module imports: (their name, whether in a function)."""
    tree = ast.parse(MODULES[name].read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            wanted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            wanted = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for other in wanted:
            module = other if other in MODULES else other.rpartition(".")[0]
            if module in MODULES:
                yield module, node not in tree.body


def layer_of(module):
    package, _, rest = module.partition(".")
    return rest.partition(".")[0] if package == "causes" else package


def test_a_module_imports_only_from_layers_below_its_own():
    for name in MODULES:
        own = layer_of(name)
        for module, _ in imports(name):
            layer = layer_of(module)
            if layer == own or own in ("apps", "denervation_site"):
                continue
            assert layer != "denervation_site", f"{name} imports {module}"
            if own in LAYERS:
                assert layer in LAYERS[: LAYERS.index(own)], f"{name} imports {module}"
            if own in ENTRY_POINTS:
                assert layer not in ENTRY_POINTS, f"{name} imports {module}"
            assert (own, layer) != ("public", "publishing"), f"{name} may not change anything"


def test_only_modules_that_django_loads_early_import_inside_functions():
    late = {name for name in MODULES for _, inside in imports(name) if inside}
    assert late <= LATE


def test_no_modules_import_each_other_in_a_circle():
    graph = {name: {module for module, _ in imports(name)} - {name} for name in MODULES}
    graph["causes.models"] = set()  # it only names what its modules have
    while graph:
        ready = {name for name, wanted in graph.items() if not wanted & graph.keys()}
        assert ready, f"in a circle, or above one: {sorted(graph)}"
        graph = {name: wanted for name, wanted in graph.items() if name not in ready}


def test_only_publishing_and_the_generator_write_spans_and_events():
    writes = re.compile(r"(Publication|Event)\.objects\.(create|bulk_create|update)|Event\(\s*verb")
    for path in (ROOT / "causes").rglob("*.py"):
        where = path.relative_to(ROOT / "causes").parts
        if writes.search(path.read_text()):
            assert where[0] == "publishing" or where == ("management", "made_up.py"), path


# Where the two columns of a publication may be compared with a moment: the rule itself, the
# query that follows it, the guard, and the SQL of triggers and derived rows.
SPAN_RULES = ("causes.timeline", "causes.models.publication", "causes.models.guards")
COMPARED = re.compile(
    r"live_(from|until)__(lte|gt|lt|gte|isnull)"  # a filter
    r"|live_(from|until)\s*([<>]|IS\s+(NOT\s+)?NULL)"  # SQL, or Python
    r"|[<>]=?\s*(\w+\.)*live_(from|until)\b"
)


def test_what_is_live_is_said_in_one_place():
    found = {
        name
        for name, path in MODULES.items()
        if not name.startswith("causes.database.") and COMPARED.search(path.read_text())
    }
    assert found <= {*SPAN_RULES}


# Private by their underscore, but documented by Django and Python.
DOCUMENTED = set("_meta _state _default_manager _base_manager _asdict _replace _fields".split())


def private_uses():
    """(module, line, name) of each private name that the product uses and does not define."""
    trees = {name: ast.parse(path.read_text()) for name, path in MODULES.items()}
    own, used = set(DOCUMENTED), []
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                own.add(node.name)
            elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
                own.add(getattr(node, "attr", None) or node.id)
            elif isinstance(node, ast.Attribute):
                inherited = "super()." if ast.unparse(node.value) == "super()" else ""
                used.append((name, node.lineno, f"{inherited}{node.attr}"))
            elif isinstance(node, ast.ImportFrom) and layer_of(node.module) not in PACKAGES:
                names = [*node.module.split("."), *(alias.name for alias in node.names)]
                used += ((name, node.lineno, part) for part in names)
    for name, line, word in used:
        last = word.removeprefix("super().")
        if last.startswith("_") and not last.startswith("__") and word not in own:
            yield name, line, word


def test_no_private_name_of_a_library_is_used():
    assert list(private_uses()) == []


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
    for secret in re.findall(r'secret\.read\("([A-Z_]+)"', source):
        names |= {secret, f"{secret}_FILE"}
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
