"""The commands that every Django developer types first, in place of ours."""

import re
import subprocess
import sys
import urllib.request

from django.conf import settings

from tests.processes import Server, environment, free_port, manage


class DevelopmentServer(Server):
    STARTED = re.compile(r"(Starting development server)")


def test_migrate_loaddata_and_runserver_serve_the_site_with_its_styles(tmp_path):
    port = free_port()
    env = environment(DATA_DIR=str(tmp_path))
    manage("migrate", "-v0", env=env)
    manage("loaddata", "initial", env=env)
    command = [sys.executable, "manage.py", "runserver", f"127.0.0.1:{port}", "--noreload"]
    server = DevelopmentServer(command, port, env)

    def read(path):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return answer.read().decode()

    try:
        server.ready()
        page = read("/causes/polio/")
        assert "About 1 infection in 200" in page
        assert "desk" in read("/admin/login/")
        for style in re.findall(r'<link rel="stylesheet" href="([^"]+)"', page):
            assert "font" in read(style)
    finally:
        server.stop()


def test_manage_py_test_runs_the_tests_of_this_site():
    done = subprocess.run(
        [sys.executable, "manage.py", "test", "tests.text.test_numbers", "--failfast"],
        cwd=settings.BASE_DIR,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"\b[1-9]\d+ passed", done.stdout)


def test_manage_py_test_fails_if_a_test_does_not_exist():
    done = subprocess.run(
        [sys.executable, "manage.py", "test", "tests.text.test_nothing"],
        cwd=settings.BASE_DIR,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "tests.text.test_nothing" in done.stderr
