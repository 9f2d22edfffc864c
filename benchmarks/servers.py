"""Servers on 127.0.0.1, and what wrk says of them."""

import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}
LUA = """
local requests, at = {}, 0
function init(args)
  local headers = {}
  if args[2] then headers["If-None-Match"] = args[2] end
  for path in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
  at = math.random(#requests)
end
function request()
  at = at % #requests + 1
  return requests[at]
end
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A command that serves on a port, in a session of its own."""

    def __init__(
        self, name: str, command: list[str], port: int, env: dict[str, str] | None = None
    ) -> None:
        self.name, self.port, self.base = name, port, f"http://127.0.0.1:{port}"
        began = time.monotonic()
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while self.get("/")[0] == 0:
            if self.process.poll() is not None or time.monotonic() - began > 60:
                self.stop()
                sys.exit(f"{name} did not start: {' '.join(command)}")
            time.sleep(0.005)
        self.started_in = time.monotonic() - began

    def get(self, path: str, **headers: str) -> tuple[int, bytes, Any]:
        try:
            request = urllib.request.Request(self.base + path, headers=headers)
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.headers
        except OSError:
            return 0, b"", {}

    def _processes(self) -> list[Path]:
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                if int(stat.read_text().rsplit(")", 1)[1].split()[3]) == self.process.pid:
                    found.append(stat)
            except OSError:
                continue
        return found

    def cpu(self) -> float:
        """Seconds of CPU that all its processes have used."""
        ticks = 0
        for stat in self._processes():
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
                ticks += int(fields[11]) + int(fields[12])
            except OSError:
                continue
        return ticks / TICKS

    def memory(self) -> float:
        """MiB of its largest process."""
        sizes = [0]
        for stat in self._processes():
            try:
                rollup = (stat.parent / "smaps_rollup").read_text()
                sizes.append(int(rollup.split("Pss:")[1].split()[0]))
            except (OSError, IndexError):
                continue
        return max(sizes) / 1024

    def stop(self) -> float:
        """Ends it; seconds until it was gone."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        return time.monotonic() - began

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def python_server(
    server: str,
    application: str,
    env: dict[str, str],
    *,
    workers: int = 2,
    threads: int = 12,
    name: str = "",
) -> Server:
    """granian or gunicorn, as `manage.py serve` starts them."""
    port = free_port()
    command = [sys.executable, "-m", server]
    if server == "granian":
        command += f"--interface wsgi --workers {workers} --blocking-threads {threads}".split()
        command += "--http 1 --http1-header-read-timeout 5000 --backpressure 4096".split()
        command += f"--log-level warning --host 127.0.0.1 --port {port}".split()
        command += ["--workers-kill-timeout", "10"]
    else:
        command += f"--no-control-socket -w {workers} -k gthread --threads {threads}".split()
        command += ["-b", f"127.0.0.1:{port}"]
    return Server(name or server, [*command, application], port, env)


def nginx(page: bytes, *, close: bool = False) -> Server:
    """One file, whatever is asked for."""
    port, folder = free_port(), Path(tempfile.mkdtemp(prefix="denervation-nginx-"))
    folder.chmod(0o755)
    (folder / "page.html").write_bytes(page)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"""{user} worker_processes 2; daemon off; pid {folder}/pid; error_log {folder}/log;
events {{ worker_connections 4096; }}
http {{ access_log off; sendfile on; tcp_nopush on; open_file_cache max=100;
  keepalive_timeout {0 if close else 65}; keepalive_requests 10000000; types {{ text/html html; }}
  server {{ listen 127.0.0.1:{port}; root {folder};
    location / {{ try_files /page.html =404; }} }} }}"""
    )
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    name = "nginx, no keep-alive" if close else "nginx"
    return Server(name, [program, "-c", f"{folder}/nginx.conf", "-e", f"{folder}/log"], port)


@dataclass
class Runs:
    """The repeats of one measurement."""

    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    """Microseconds a request."""
    p99: list[float] = field(default_factory=list)
    """Milliseconds."""
    errors: int = 0

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    @property
    def spread(self) -> float:
        """From the slowest repeat to the fastest, as a share of the median."""
        return (max(self.rates) - min(self.rates)) / self.rate

    @property
    def cpu_each(self) -> float:
        return statistics.median(self.cpu)

    @property
    def worst(self) -> float:
        return statistics.median(self.p99)


def load(
    server: Server,
    paths: list[str],
    into: Runs,
    *,
    connections: int = 16,
    seconds: int = 2,
    etag: str = "",
) -> None:
    """One repeat: wrk asks for the paths in turn."""
    with tempfile.TemporaryDirectory() as folder:
        listing, script = Path(folder) / "paths", Path(folder) / "paths.lua"
        listing.write_text("\n".join(paths) + "\n")
        script.write_text(LUA)
        threads = 1 if connections < 32 else 2
        command = ["wrk", "-t", str(threads), "-c", str(connections), "-d", f"{seconds}s"]
        command += ["--latency", "--timeout", "30s", "-s", str(script), server.base, "--"]
        before = server.cpu()
        said = subprocess.run(
            [*command, str(listing), *([etag] if etag else [])],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
        used = server.cpu() - before
    done = int(re.search(r"(\d+) requests in", said)[1])  # type: ignore[index]
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\b", said).groups()  # type: ignore[union-attr]
    into.rates.append(float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]))  # type: ignore[index]
    into.cpu.append(used / max(done, 1) * 1e6)
    into.p99.append(float(number) * UNITS[unit])
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    broken = re.findall(r"(?:connect|read|write|timeout) (\d+)", said)
    into.errors += int(refused[1]) if refused else 0
    into.errors += sum(map(int, broken))
