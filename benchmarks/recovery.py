"""Rehearses point-in-time recovery on PostgreSQL: archive, publish, damage, go back, compare.

    python benchmarks/recovery.py

It starts a PostgreSQL of its own from the installed binaries, in a temporary folder, does what
docs/operations.md says about point-in-time recovery, and prints what it found. As root it runs
the server as the user postgres.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEFORE = """
from tests.factories import *
for number in range(20):
    make_live(slug=f"cause-{number}", title=f"Cause {number}")
"""
MEANWHILE = """
from causes import publishing
from causes.models import Entry
from tests.factories import *
for entry in Entry.objects.order_by("slug")[:10]:
    publishing.publish(add_draft(entry, title=entry.newest.title + ", corrected"), by=None)
"""
DAMAGE = "DELETE FROM causes_publication; DELETE FROM causes_event"


class PostgreSQL:
    """A server in a folder, and how its tools are called."""

    def __init__(self, folder: Path) -> None:
        found = sorted(
            Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name)
        )
        if not found:
            sys.exit("PostgreSQL is not installed: run  apt-get install postgresql")
        self.bin, self.folder = found[-1], folder
        self.archive, self.base = folder / "archive", folder / "base"
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def tool(self, name: str, *arguments: str) -> str:
        done = subprocess.run(
            [*self.as_user, str(self.bin / name), *arguments],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{name} failed: {done.stderr or done.stdout}")
        return done.stdout.strip()

    def ask(self, statement: str, database: str = "site") -> str:
        address = f"postgresql://postgres@127.0.0.1:{self.port}/{database}"
        return self.tool("psql", "-XAtqc", statement, address)

    def start(self, data: Path) -> None:
        # Its output goes to a file: a pipe would stay open for as long as it runs.
        self.tool("pg_ctl", "-D", str(data), "-l", str(self.folder / "log"), "-w", "start")

    def stop(self, data: Path, how: str) -> None:
        self.tool("pg_ctl", "-D", str(data), "-m", how, "-w", "stop")


def manage(server: PostgreSQL, *arguments: str) -> str:
    url = f"postgres://postgres@127.0.0.1:{server.port}/site"
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "DATA_DIR": str(server.folder / "data-dir")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"manage.py {arguments[0]} failed: {done.stderr}")
    return done.stdout


def prepare(server: PostgreSQL, data: Path) -> None:
    server.tool("initdb", "-D", str(data), "-A", "trust", "-U", "postgres", "-E", "UTF8")
    with (data / "postgresql.conf").open("a") as conf:
        conf.write(
            f"port = {server.port}\nlisten_addresses = '127.0.0.1'\n"
            f"unix_socket_directories = '{server.folder}'\n"
            "archive_mode = on\n"
            f"archive_command = 'test ! -f {server.archive}/%f && cp %p {server.archive}/%f'\n"
        )
    server.start(data)
    server.ask("CREATE DATABASE site", "postgres")


def recover(server: PostgreSQL, moment: str) -> None:
    """The base backup as it was copied, with the log up to a moment."""
    with (server.base / "postgresql.auto.conf").open("a") as conf:
        conf.write(
            f"restore_command = 'cp {server.archive}/%f %p'\n"
            f"recovery_target_time = '{moment}'\nrecovery_target_action = 'promote'\n"
        )
    subprocess.run([*server.as_user, "touch", str(server.base / "recovery.signal")], check=True)
    server.start(server.base)
    while server.ask("SELECT pg_is_in_recovery()") != "f":
        time.sleep(0.1)


def rehearse(server: PostgreSQL) -> bool:
    data = server.folder / "data"
    prepare(server, data)
    manage(server, "migrate", "-v0")
    manage(server, "shell", "-v0", "-c", BEFORE)
    address = f"postgresql://postgres@127.0.0.1:{server.port}/postgres"
    server.tool("pg_basebackup", "-D", str(server.base), "-d", address, "-c", "fast")
    manage(server, "shell", "-v0", "-c", MEANWHILE)
    wanted = manage(server, "export_fixture", "--with-history")
    moment = server.ask("SELECT clock_timestamp()")
    print(f"10 corrections were published after the base backup. The moment: {moment}")
    server.ask(DAMAGE)
    lost = manage(server, "export_fixture", "--with-history")
    print(
        f"Then all publications were deleted: {wanted.count('causes.publication')} before, "
        f"{lost.count('causes.publication')} after."
    )
    server.ask("SELECT pg_switch_wal()")
    server.stop(data, "fast")
    began = time.monotonic()
    recover(server, moment)
    seconds = time.monotonic() - began
    found = manage(server, "export_fixture", "--with-history")
    print(
        f"Recovered to that moment in {seconds:.1f} s: "
        f"{found.count('causes.publication')} publications."
    )
    manage(server, "migrate", "-v0")
    print(f"check_content: {manage(server, 'check_content').splitlines()[-1]}")
    server.stop(server.base, "fast")
    return found == wanted


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = PostgreSQL(folder)
        server.archive.mkdir()
        if server.as_user:
            for path in (folder, server.archive):
                shutil.chown(path, "postgres")
        try:
            same = rehearse(server)
        finally:
            for data in (folder / "data", server.base):
                if (data / "postmaster.pid").exists():
                    server.stop(data, "immediate")
    print("The content is the same, byte for byte." if same else "The content DIFFERS.")
    sys.exit(not same)


if __name__ == "__main__":
    main()
