"""Prints the CPU time of cold pages, made in this process without the page cache.

    DATA_DIR=… python benchmarks/cold.py [REQUESTS]

The database is the one that the environment names, with entries of `generate_entries`. "Empty"
means that no HTML is kept in memory either. Times are in microseconds: the value that a fifth of
the requests stay below, since a busy machine only ever adds time.
"""

import io
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ |= {"PAGE_CACHE_MB": "0", "ALLOWED_HOSTS": "*"}
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "denervation_site.settings")

import django

django.setup()

from causes.models import Entry  # noqa: E402
from causes.text.markdown import forget_rendered  # noqa: E402
from denervation_site.wsgi import application  # noqa: E402


def cpu_of(path: str) -> int:
    """Nanoseconds of CPU for one page. Raises AssertionError if it is not answered with 200."""
    statuses: list[str] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
    }
    began = time.process_time_ns()
    application(environ, lambda status, *_: statuses.append(status))
    spent = time.process_time_ns() - began
    assert statuses[0].startswith("200"), (path, statuses)
    return spent


def main() -> None:
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    slugs = Entry.objects.filter(kind="cause").order_by("pk").values_list("slug", flat=True)
    pages = {"home": ["/"], "cause": [f"/causes/{slug}/" for slug in slugs[5:105]]}
    print(f"{'page':<8}{'filled':>8}{'empty':>8}")
    for name, paths in pages.items():
        for path in (*paths, *paths):
            cpu_of(path)
        filled = sorted(cpu_of(paths[number % len(paths)]) for number in range(requests))
        empty = []
        for number in range(requests):
            forget_rendered()
            empty.append(cpu_of(paths[number % len(paths)]))
        times = (filled[requests // 5], sorted(empty)[requests // 5])
        print(f"{name:<8}{times[0] / 1000:>8,.0f}{times[1] / 1000:>8,.0f}")


if __name__ == "__main__":
    main()
