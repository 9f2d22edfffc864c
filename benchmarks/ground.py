"""A site of its own on loopback that faults can be done to: a data folder, a database, a server.

With root, all of it is on a small disk in a file. The disk can be filled, and broken so that it
becomes read-only.
"""

import gzip
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from servers import ROOT, free_port

DISK_MB = 160
LOGIN = ("operator", "correct horse battery staple")
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")

PREPARE = """
from django.contrib.auth.models import User
from causes import publishing
from causes.models import Category, Entry
from causes.publishing import Text
category = Category.objects.create(name="Faults")
User.objects.create_superuser({name!r}, "", {password!r})
text = Text("State 0", summary="State 0", body="State 0", category=category)
entry = publishing.create_entry(Entry.Kind.CAUSE, "state", text, by=None)
publishing.publish(entry.newest, by=None)
print(entry.pk)
"""


class Cluster:
    """A PostgreSQL server of its own, from the binaries that are installed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder / "cluster", free_port()
        self.bin = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        # initdb refuses to run as root.
        self._as = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        self.folder.mkdir()
        if self._as:
            shutil.chown(self.folder, "postgres")
        self._run("initdb", "-D", str(self.folder), "-A", "trust", "-U", "postgres", "--no-sync")
        self.start()
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "site")
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/site"

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        options += " -c max_wal_size=64MB"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.folder), "-l", log, "-w", "start", "-o", options)

    def stop(self) -> None:
        """Ends it as a power cut would."""
        self._run("pg_ctl", "-D", str(self.folder), "-m", "immediate", "-w", "stop")

    def processes(self) -> list[int]:
        main = int((self.folder / "postmaster.pid").read_text().split()[0])
        return [main, *descendants(main)]

    def freeze(self, number: signal.Signals) -> None:
        """SIGSTOP stops all its processes, and SIGCONT lets them go on."""
        for pid in self.processes():
            os.kill(pid, number)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*self._as, str(self.bin / program), *arguments],
            cwd="/",
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if fields[0] != "Z":
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


class Ground:
    """A served site with one cause, "State 0", and somebody who may do everything."""

    def __init__(self, engine: str, server: str = "granian") -> None:
        self.engine, self.port = engine, free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="denervation-faults-"))
        self.image = self.folder.with_suffix(".image")
        self.disk = os.getuid() == 0 and self._make_disk()
        self.data = self.folder / "data"
        self.cluster = Cluster(self.folder) if engine == "postgresql" else None
        self.clock = self.folder / "clock"
        self.clock.write_text("+0")
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")}
        self.env = {
            **kept,
            "DATA_DIR": str(self.data),
            "DATABASE_URL": self.cluster.url if self.cluster else "",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "PORT": str(self.port),
            "WORKERS": "2",
            "SERVER": server,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.manage("migrate", "-v0")
        prepare = PREPARE.format(name=LOGIN[0], password=LOGIN[1])
        self.cause = int(self.manage("shell", "-v0", "-c", prepare))

    # The server -----------------------------------------------------------------------------

    def start(self, *, faked_clock: bool = False) -> None:
        env = dict(self.env)
        if faked_clock:
            env |= {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.clock)}
            env |= {"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"),
            start_new_session=True,
        )

    def kill_one(self) -> str:
        """Kills `serve`, the server that it started, or a worker; returns which."""
        assert self.process
        everybody = descendants(self.process.pid)
        which = random.choice(("serve", "server", "worker"))
        if which == "serve" or not everybody:
            self.process.kill()
        else:
            pid = everybody[0] if which == "server" else random.choice(everybody[1:] or everybody)
            os.kill(pid, signal.SIGKILL)
        return which

    def restart_if_ended(self) -> bool:
        """Starts the server again if it has ended, as systemd would."""
        if self.process and self.process.poll() is None:
            return False
        self.start()
        return True

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    def get(self, path: str) -> tuple[int, str, float]:
        """Status (0 if nobody answers), page, and seconds."""
        began = time.monotonic()
        try:
            address = f"http://127.0.0.1:{self.port}{path}"
            with urllib.request.urlopen(address, timeout=60) as answer:
                return answer.status, answer.read().decode(), time.monotonic() - began
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), time.monotonic() - began
        except OSError:
            return 0, "", time.monotonic() - began

    # Commands -------------------------------------------------------------------------------

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.env, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            said = done.stdout[-2000:] + done.stderr[-2000:]
            sys.exit(f"manage.py {arguments[0]} failed: {said}")
        return done.stdout

    def begin(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def titles(self) -> set[str]:
        """The titles of all stored texts."""
        script = (
            "from causes.models import Revision\n"
            "print('\\n'.join(Revision.objects.values_list('title', flat=True)))"
        )
        return set(self.manage("shell", "-v0", "-c", script).splitlines())

    def swap(self, backup: Path) -> None:
        """Moves the SQLite file of a backup to the place of the site's, as people in a hurry do."""
        unpacked = self.data / "unpacked"
        with tarfile.open(backup) as tar:
            member = tar.extractfile("site.sqlite3.gz")
            assert member
            unpacked.write_bytes(gzip.decompress(member.read()))
        backup.unlink()
        for ending in ("-wal", "-shm"):
            (self.data / f"site.sqlite3{ending}").unlink(missing_ok=True)
        unpacked.rename(self.data / "site.sqlite3")

    # The disk -------------------------------------------------------------------------------

    def fill(self) -> None:
        """Leaves no room on the disk."""
        with (self.folder / "filling").open("wb") as file:
            size = 1 << 20
            while size >= 1:
                try:
                    os.write(file.fileno(), bytes(size))
                except OSError:
                    size //= 4

    def empty(self) -> None:
        (self.folder / "filling").unlink()

    def break_disk(self) -> None:
        """Makes the disk read-only, as Linux does after an error of the disk."""
        self._call("mount", "-o", "remount,abort", str(self.folder))

    def mend_disk(self) -> None:
        """Checks the disk and starts everything again, as an operator would."""
        if self.process:
            for pid in [self.process.pid, *descendants(self.process.pid)]:
                os.kill(pid, signal.SIGKILL)
            self.process.wait()
        if self.cluster:
            self.cluster.stop()
        self._call("umount", str(self.folder))
        self._call("e2fsck", "-p", str(self.image))
        self._mount()
        if self.cluster:
            self.cluster.start()
        self.start()

    def _make_disk(self) -> bool:
        with self.image.open("wb") as file:
            file.truncate(DISK_MB << 20)
        made = not self._call("mkfs.ext4", "-q", str(self.image)) and self._mount()
        if made:
            self.folder.chmod(0o755)
        return made

    def _mount(self) -> bool:
        return not self._call("mount", "-o", "loop", str(self.image), str(self.folder))

    def _call(self, *command: str) -> int:
        return subprocess.run(command, capture_output=True).returncode

    def close(self) -> None:
        self.stop()
        if self.cluster:
            self.cluster.stop()
        if self.disk:
            self._call("umount", "-l", str(self.folder))
        shutil.rmtree(self.folder, ignore_errors=True)
        self.image.unlink(missing_ok=True)
