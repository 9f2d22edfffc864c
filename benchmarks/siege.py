"""What a reader notices while the site is attacked: warm rate, p50, p99, max and errors.

    python benchmarks/siege.py                           # two minutes: granian, no proxy
    python benchmarks/siege.py --rounds 1 --seconds 3    # a quick look
    python benchmarks/siege.py --attacks stalled,cold    # only some of the attacks
    python benchmarks/siege.py --reference ../before     # beside another checkout, in turn
    python benchmarks/siege.py --check                   # fails if an aim is missed

Needs wrk (apt-get install wrk) and 4,096 open files. It starts the site of this checkout on
127.0.0.1 with a folder of its own, and attacks nothing else. Rounds take turns: without the
attack, the reference without it, and with it.

The attacks, all at once unless --attacks names some: 1,000 connections that send nothing (idle),
200 sign-ins whose body never comes (stalled), 8 clients that guess passwords in a loop (guesses),
50 that read a large file at a byte a second (readers), 8 that search for ever new words (cold).
The last two are only run when named. A connection that the server closes is opened again.
"""

import argparse
import asyncio
import http.client
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from servers import ROOT, UNITS, Server, free_port

WRK = shutil.which("wrk") or "wrk"
PAGE = "/causes/polio/"
LARGE = "/static/admin/js/vendor/jquery/jquery.js"
PROBED = ("/healthz/", "/static/admin/css/base.css")
AIM_P99 = 50.0
"""Milliseconds within which 99 of 100 warm pages are answered under attack."""

LOST = (OSError, EOFError, asyncio.TimeoutError, ValueError)


class Site(Server):
    """A checkout, served by `manage.py serve` with a folder of its own; warm."""

    def __init__(self, checkout: Path, server: str = "granian", **more: str) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="denervation-siege-")
        port = free_port()
        own = {"DATA_DIR": self.folder.name, "PORT": str(port), "SERVER": server}
        path = {"PATH": os.environ["PATH"], "PYTHONPATH": str(checkout)}
        command = [sys.executable, str(checkout / "manage.py"), "serve"]
        super().__init__(checkout.name, command, port, {**path, **own, **more})
        for _ in range(50):  # more than often enough for each worker to keep the page
            self.get(PAGE)

    def stop(self) -> float:
        try:
            return super().stop()
        finally:
            self.folder.cleanup()


class Attack:
    """Runs the attacks in a thread until it is left; `seen` counts the answers to each."""

    def __init__(self, port: int, names: list[str]) -> None:
        self.port, self.names = port, names
        self.seen: Counter[str] = Counter()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Attack":
        self._thread.start()
        time.sleep(2)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._all.cancel)
        self._thread.join()

    def _run(self) -> None:
        numbers = {"idle": 1000, "stalled": 200, "guesses": 8, "readers": 50, "cold": 8}
        asyncio.set_event_loop(self._loop)
        calls = [
            self._again(name, getattr(self, name))
            for name in self.names
            for _ in range(numbers[name])
        ]
        self._all = asyncio.gather(*calls)
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._all)
        self._loop.close()

    async def _again(self, name: str, attack: Any) -> None:
        while True:
            writer = None
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                await attack(reader, writer)
            except LOST:
                self.seen[f"{name}: lost"] += 1
            finally:
                if writer is not None:
                    writer.close()
            await asyncio.sleep(0.2)

    async def idle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Says nothing and waits until the server closes."""
        await reader.read()
        self.seen["idle: closed"] += 1

    async def stalled(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Announces a form and never sends it."""
        writer.write(
            b"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
            b"Cookie: csrftoken=" + b"a" * 32 + b"\r\n"  # without it Django refuses before the body
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\nusername="
        )
        status, _, _ = await _answer(reader)
        self.seen[f"stalled: {status}"] += 1

    async def guesses(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Loads the form of the sign-in once and sends it again and again."""
        writer.write(b"GET /admin/login/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        _, head, body = await _answer(reader)
        cookie = re.search(rb"csrftoken=[^;\r]+", head, re.IGNORECASE)
        token = re.search(rb'csrfmiddlewaretoken" value="([^"]+)', body)
        while cookie and token:
            form = b"username=editor&password=%f&csrfmiddlewaretoken=" % time.time() + token[1]
            writer.write(
                b"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nCookie: " + cookie[0] + b"\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n"
                b"Content-Length: %d\r\n\r\n" % len(form) + form
            )
            status, head, _ = await _answer(reader)
            self.seen[f"guesses: {status}"] += 1
            if b"connection: close" in head.lower():
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)

    async def readers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Reads a large file at a byte a second."""
        writer.transport.get_extra_info("socket").setsockopt(1, 8, 4096)  # SO_RCVBUF
        writer.write(f"GET {LARGE} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        while await reader.read(1):
            self.seen["readers: bytes"] += 1
            await asyncio.sleep(1)

    async def cold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Asks for pages that nobody has asked for before."""
        while True:
            query = f"nerve{time.monotonic_ns()}"
            writer.write(f"GET /search/?q={query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            status, _, _ = await _answer(reader)
            self.seen[f"cold: {status}"] += 1


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes, bytes]:
    """(status, head, body) of the next answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    if length:
        body = await reader.readexactly(int(length[1]))
    elif b"chunked" in head.lower():
        body = b""
        while size := int((await reader.readline()).strip() or b"0", 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    else:
        body = await reader.read()
    return int(head.split()[1]), head, body


class Warm:
    """What wrk says of the warm page, in several rounds."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, float, float, float, int]] = []

    def measure(self, port: int, seconds: int, connections: int) -> None:
        """One round; it also asks for the probed addresses five times a second."""
        bad = 0
        wrk = subprocess.Popen(
            [WRK, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s",
             f"http://127.0.0.1:{port}{PAGE}"],
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        while wrk.poll() is None:
            bad += sum(not _is_answered(port, path) for path in PROBED)
            time.sleep(0.2)
        said = wrk.communicate()[0]
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]
        times = [
            float(number) * UNITS[unit]
            for pattern in (r"50%\s+", r"99%\s+", r"Latency\s+\S+\s+\S+\s+")
            for number, unit in re.findall(pattern + r"([\d.]+)(us|ms|s|m)\b", said)[:1]
        ]
        bad += sum(map(int, re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", said)))
        self.rows.append((rate, times[0], times[1], times[2], bad))

    def figures(self) -> list[float]:
        """Medians of the rate, p50 and p99; the largest time; the sum of errors."""
        rate, p50, p99, most, bad = zip(*self.rows, strict=True)
        return [*map(statistics.median, (rate, p50, p99)), max(most), sum(bad)]


def _is_answered(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--attacks", default="idle,stalled,guesses")
    parser.add_argument("--reference", type=Path, help="another checkout of the site")
    parser.add_argument("--server", default="granian", choices=("granian", "gunicorn"))
    parser.add_argument("--seconds", type=int, default=8, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16, help="of the readers")
    parser.add_argument("--check", action="store_true", help="fail if an aim is missed")
    options = parser.parse_args()
    if not shutil.which(WRK):
        sys.exit("wrk is not there: run  apt-get install wrk")
    quiet, before, besieged = Warm(), Warm(), Warm()
    seen: Counter[str] = Counter()
    with ExitStack() as stack:
        site = stack.enter_context(Site(ROOT, options.server))
        reference = options.reference and stack.enter_context(
            Site(options.reference.resolve(), options.server)
        )
        for _ in range(options.rounds):
            quiet.measure(site.port, options.seconds, options.connections)
            if reference:
                before.measure(reference.port, options.seconds, options.connections)
            with Attack(site.port, options.attacks.split(",")) as attack:
                besieged.measure(site.port, options.seconds, options.connections)
            seen += attack.seen
            # What the attack left behind has gone when the header timeout has passed.
            time.sleep(1)
    print(f"{'':28}{'requests/s':>11}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'errors':>8}")
    for name, warm in (("quiet", quiet), ("reference, quiet", before), ("attacked", besieged)):
        if warm.rows:
            rate, p50, p99, most, bad = warm.figures()
            print(f"{name:28}{rate:11,.0f}{p50:9.1f}{p99:9.1f}{most:9.1f}{bad:8.0f}")
    print(
        "The attackers saw:",
        ", ".join(f"{what} {number:,}" for what, number in sorted(seen.items())),
    )
    p99, bad = besieged.figures()[2], besieged.figures()[4]
    if options.check and (p99 >= AIM_P99 or bad):
        sys.exit(f"The aim is a p99 below {AIM_P99:.0f} ms and no error.")


if __name__ == "__main__":
    main()
