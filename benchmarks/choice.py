"""granian beside gunicorn: a warm page, slow readers, starting, reloading, stopping."""

import signal
import socket
import threading
import time
from contextlib import suppress
from typing import Any

from places import Place
from report import Report
from servers import Runs, Server, load, python_server

SITE = "denervation_site.wsgi:application"
SLOW_READERS = 32


def compare(place: Place, report: Report, options: Any) -> None:
    rows = []
    for server in ("granian", "gunicorn"):
        for threads in (1, 4):
            rows.append(_one(place, server, threads, options))
    report.table(
        f"Servers: the home page, {place.size:,} entries, two workers",
        [
            "server",
            "threads",
            "first answer, s",
            "requests/s",
            "CPU µs",
            f"beside {SLOW_READERS} slow readers",
            "refused in a reload",
            "stopped in, s",
        ],
        rows,
        "A slow reader takes the first file of the sitemap a byte a second. "
        "The reload is a SIGHUP under load.",
    )


def _one(place: Place, name: str, threads: int, options: Any) -> list[str]:
    server = python_server(name, SITE, place.environment, threads=threads)
    try:
        runs, beside, reloaded = Runs(), Runs(), Runs()
        load(server, ["/"], Runs(), seconds=1)
        size = len(server.get("/sitemap.xml?page=1")[1])
        for _ in range(options.repeat):
            load(server, ["/"], runs, seconds=options.seconds)
        readers = [_slow_reader(server) for _ in range(SLOW_READERS)]
        stop = threading.Event()
        sipping = threading.Thread(target=_sip, args=(readers, stop))
        sipping.start()
        load(server, ["/"], beside, seconds=options.seconds + 2)
        stop.set()
        sipping.join()
        for reader in readers:
            reader.close()
        ask = threading.Thread(
            target=load, args=(server, ["/"], reloaded), kwargs={"seconds": options.seconds + 3}
        )
        ask.start()
        time.sleep(0.5)
        server.process.send_signal(signal.SIGHUP)
        ask.join()
    finally:
        stopped = server.stop()
    return [
        name,
        str(threads),
        f"{server.started_in:.2f}",
        f"{runs.rate:,.0f}",
        f"{runs.cpu_each:.0f}",
        f"{beside.rate:,.0f} ({size / 1e6:.1f} MB)",
        str(reloaded.errors),
        f"{stopped:.1f}",
    ]


def _slow_reader(server: Server) -> socket.socket:
    """Asks for something large and takes next to nothing of it."""
    reader = socket.create_connection(("127.0.0.1", server.port))
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.sendall(b"GET /sitemap.xml?page=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    reader.setblocking(False)
    return reader


def _sip(readers: list[socket.socket], stop: threading.Event) -> None:
    while not stop.wait(1):
        for reader in readers:
            with suppress(BlockingIOError):  # one that the server has not come to yet
                reader.recv(1)
