"""How fast the site answers, and how fast it can be edited, beside references of the same minute.

    python benchmarks/speed.py                              # some minutes, SQLite
    python benchmarks/speed.py --sizes 10,1000,10000,100000 --postgres postgres://postgres@127.0.0.1
    python benchmarks/speed.py --write                      # and puts it into docs/performance.md

Needs wrk and nginx:  apt-get install wrk nginx-light

The references are nginx with the same bytes as a file, and a bare WSGI function that
returns them, on the same server as the site. Targets take turns, so that a minute in
which the machine is slow is slow for all: read ratios and CPU time before rates.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import choice
import publishing
from places import ROOT, Place
from report import Report, ratio
from servers import Runs, Server, load, nginx, python_server

SITE = "denervation_site.wsgi:application"
WARM_UP = 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", default="10,1000,10000", help="entries, comma-separated")
    parser.add_argument("--postgres", default=os.environ.get("TEST_POSTGRES_URL", ""))
    parser.add_argument("--postgres-sizes", help="entries there; as --sizes if not given")
    parser.add_argument("--seconds", type=int, default=2, help="of each repeat")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", default="page,pages,growth,editing,publishing,servers")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    options = parser.parse_args()
    for program in ("wrk", "nginx"):
        if not (shutil.which(program) or Path(f"/usr/sbin/{program}").exists()):
            sys.exit(f"{program} is not there: run  apt-get install wrk nginx-light")
    sizes = [int(size) for size in options.sizes.split(",")]
    postgres = options.postgres.rstrip("/").removesuffix("/postgres")
    engines = ["sqlite", *(["postgresql"] if postgres else [])]
    report = Report()
    there = [int(size) for size in (options.postgres_sizes or options.sizes).split(",")]
    places = {
        (engine, size): Place(engine, size, postgres).ready()
        for engine in engines
        for size in (sizes if engine == "sqlite" else there)
    }
    middle = 1000 if 1000 in sizes else sizes[-1]
    parts: dict[str, Callable[[], None]] = {
        "page": lambda: one_page(places, engines, middle, report, options),
        "pages": lambda: all_pages(places, report, options),
        "growth": lambda: growth(places, report, options),
        "editing": lambda: editing(places, report),
        "publishing": lambda: publishing.under_load(
            [places[engine, middle] for engine in engines], report, options.seconds
        ),
        "servers": lambda: choice.compare(places["sqlite", sizes[-1]], report, options),
    }
    began = time.monotonic()
    for name in options.only.split(","):
        parts[name]()
        report.head(
            f"Python {platform.python_version()}, {os.cpu_count()} cores, "
            f"{options.repeat} repeats of {options.seconds} s, two workers of twelve threads."
        )
        if options.write:
            report.write(ROOT / "docs" / "performance.md")
    print(f"\n{(time.monotonic() - began) / 60:.0f} minutes in all")


def one_page(places: Any, engines: list[str], size: int, report: Report, options: Any) -> None:
    """The warm cause page, beside nginx and the floor."""
    for engine in engines:
        place = places[engine, size]
        slugs = place.slugs()
        where = f"/causes/{slugs[0]}/"
        with python_server("granian", SITE, place.environment, name="this site") as site:
            page = site.get(where)[1]
            with (
                bare(place, page) as floor,
                nginx(page) as kept,
                nginx(page, close=True) as closed,
            ):
                for connections in (16, 64):
                    targets = [
                        (site.name, site, [where]),
                        (f"{site.name}, {len(slugs):,} pages in turn", site, mixed(slugs)),
                        (floor.name, floor, ["/"]),
                        (kept.name, kept, ["/"]),
                        (closed.name, closed, ["/"]),
                    ]
                    runs = in_turn(targets, connections, options)
                    first = runs[kept.name]
                    report.table(
                        f"The warm cause page: {engine}, {size:,} entries, "
                        f"{connections} connections",
                        [
                            "what answers",
                            "requests/s",
                            "spread",
                            "p99 ms",
                            "CPU µs",
                            "of nginx",
                        ],
                        [
                            [
                                name,
                                f"{run.rate:,.0f}",
                                f"{run.spread:.0%}",
                                f"{run.worst:.1f}",
                                f"{run.cpu_each:.0f}",
                                ratio(run, first),
                            ]
                            for name, run in runs.items()
                        ],
                        f"A page of {len(page):,} bytes.",
                    )


def bare(place: Place, page: bytes) -> Server:
    """The same bytes from a function that asks and looks at nothing, on the same server."""
    file = place.folder / "floor.html"
    file.write_bytes(page)
    env = {**place.environment, "FLOOR_PAGE": str(file), "PYTHONPATH": str(ROOT / "benchmarks")}
    return python_server("granian", "floor:application", env, name="bare WSGI function, granian")


def mixed(slugs: list[str]) -> list[str]:
    return [f"/causes/{slug}/" for slug in slugs]


def in_turn(
    targets: list[tuple[str, Server, list[str]]], connections: int, options: Any
) -> dict[str, Runs]:
    runs = {name: Runs() for name, *_ in targets}
    for _, server, paths in targets:
        # Every page in turn is made once by each worker before anything counts.
        seconds = WARM_UP + len(paths) // 150
        load(server, paths, Runs(), connections=connections, seconds=seconds)
    for _ in range(options.repeat):
        for name, server, paths in targets:
            load(server, paths, runs[name], connections=connections, seconds=options.seconds)
    return runs


def all_pages(places: Any, report: Report, options: Any) -> None:
    """Every kind of page, warm and cold, at every size."""
    for (engine, size), place in places.items():
        pages = kinds_of(place)
        cold_env = {**place.environment, "PAGE_CACHE_MB": "0"}
        rows = []
        with (
            python_server("granian", SITE, place.environment) as warm,
            python_server("granian", SITE, cold_env) as cold,
            bare(place, warm.get(pages["cause"][0])[1]) as floor,
        ):
            queries = json.loads(
                place.python("queries.py", *[paths[0] for paths in pages.values()])
            )
            etag = warm.get(pages["cause"][0])[2]["ETag"]
            kinds = [(name, paths, "") for name, paths in pages.items()]
            for name, paths, known in [*kinds, ("304 of a cause", pages["cause"], etag)]:
                hot, new, least = Runs(), Runs(), Runs()
                load(warm, paths, Runs(), seconds=WARM_UP + len(paths) // 150)
                for _ in range(options.repeat):
                    load(floor, ["/"], least, seconds=options.seconds)
                    load(warm, paths, hot, seconds=options.seconds, etag=known)
                    load(cold, paths, new, seconds=options.seconds, etag=known, connections=4)
                rows.append(page_row(name, hot, new, least, queries[paths[0]]))
            memory = warm.memory()
        report.table(
            f"Pages: {engine}, {size:,} entries",
            [
                "page",
                "warm, requests/s",
                "spread",
                "CPU µs",
                "rate, of bare",
                "cold, requests/s",
                "spread",
                "CPU µs",
                "CPU, of bare",
                "p99 ms",
                "queries",
                "errors",
            ],
            rows,
            f"A worker held {memory:.0f} MiB after all of it. Warm: 16 connections; cold: 4, "
            "with PAGE_CACHE_MB=0. A bare WSGI function took turns with each of them.",
        )


def growth(places: Any, report: Report, options: Any) -> None:
    """The same pages cold, the sizes taking turns: a machine changes its speed within minutes."""
    sizes = sorted({size for _, size in places})
    rows = []
    for engine in dict.fromkeys(engine for engine, _ in places):
        there = {size: place for (other, size), place in places.items() if other == engine}
        pages = {size: kinds_of(place) for size, place in there.items()}
        with ExitStack() as stack:
            servers = {
                size: stack.enter_context(
                    python_server("granian", SITE, {**place.environment, "PAGE_CACHE_MB": "0"})
                )
                for size, place in there.items()
            }
            for name in pages[min(there)]:
                runs = {size: Runs() for size in there}
                for repeat in range(options.repeat + 1):
                    for size, server in servers.items():
                        # The first turn is for warming up.
                        into = runs[size] if repeat else Runs()
                        paths = pages[size][name]
                        load(server, paths, into, seconds=options.seconds, connections=4)
                cost = {size: run.cpu_each for size, run in runs.items()}
                last = f"{cost[max(cost)] / cost[1000]:.2f}" if 1000 in cost else ""
                shown = (f"{cost[size]:,.0f}" if size in cost else "" for size in sizes)
                rows.append([engine, name, *shown, last])
    report.table(
        "Growth: CPU µs of a cold page",
        ["database", "page", *(f"{size:,}" for size in sizes), "largest over 1,000"],
        rows,
        "The sizes took turns.",
    )


def kinds_of(place: Place) -> dict[str, list[str]]:
    """The addresses of each kind of page."""
    slugs = place.slugs()
    asked = json.loads(place.python("frequent.py"))
    return {
        "home": ["/"],
        "cause": mixed(slugs[:1]),
        "cause, 1,000 in turn": mixed(slugs),
        "category": [asked["category"]],
        "tag": [asked["tag"]],
        "search, rare word": [f"/search/?q={asked['rare']}"],
        "search, common word": [f"/search/?q={asked['common']}"],
        "search, 100 words": [f"/search/?q={word}" for word in asked["words"]],
        "sitemap": ["/sitemap.xml"],
        "feed": ["/feed/"],
    }


def page_row(name: str, hot: Runs, new: Runs, least: Runs, queries: int) -> list[str]:
    return [
        name,
        f"{hot.rate:,.0f}",
        f"{hot.spread:.0%}",
        f"{hot.cpu_each:.0f}",
        ratio(hot, least),
        f"{new.rate:,.0f}",
        f"{new.spread:.0%}",
        f"{new.cpu_each:,.0f}",
        f"{new.cpu_each / least.cpu_each:,.0f}",
        f"{new.worst:.0f}",
        str(queries),
        str(hot.errors + new.errors),
    ]


def editing(places: Any, report: Report) -> None:
    rows: list[list[str]] = []
    growth: dict[tuple[str, str], float] = {}
    for (engine, size), place in places.items():
        said = place.copy().python("editing.py")
        for line in said.splitlines():
            row = json.loads(line)
            first = growth.get((engine, row["what"]))
            if first is None and size >= 1000:
                first = growth[engine, row["what"]] = row["median"]
            rows.append(
                [
                    engine,
                    f"{size:,}",
                    row["what"],
                    str(row["queries"]),
                    f"{row['median']:.1f}",
                    f"{row['p95']:.1f}",
                    f"{row['median'] / first:.2f}" if first else "",
                ]
            )
    report.table(
        "Editing, through the admin in one process",
        ["database", "entries", "what", "queries", "median ms", "p95 ms", "over 1,000 entries"],
        rows,
    )


if __name__ == "__main__":
    main()
