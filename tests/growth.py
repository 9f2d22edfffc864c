"""Measures whether functions that anybody can feed take linear time: see test_growth.py.

Each function is run on inputs that have made parsers slow: a sign or a few repeated, or a nest.
`python -m tests.growth` prints the offenders. With GROWTH=all it also measures inputs of 200,000
characters, of which each must take less than three seconds.
"""

import gc
import os
import signal
import sys
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "denervation_site.settings")
django.setup()

from causes.interchange import files, front_matter  # noqa: E402
from causes.interchange.problems import Unreadable, Wrong  # noqa: E402
from causes.public.page_cache.page import best_encoding, matches  # noqa: E402
from causes.search.matches import Matcher  # noqa: E402
from causes.search.query import parse  # noqa: E402
from causes.search.snippet import excerpt  # noqa: E402
from causes.templatetags.compared import marked  # noqa: E402
from causes.text.advice import advise, measure  # noqa: E402
from causes.text.characters import tidy_line  # noqa: E402
from causes.text.comments import tidy_body  # noqa: E402
from causes.text.compare import compare  # noqa: E402
from causes.text.derived import Derived  # noqa: E402
from causes.text.finding import findable  # noqa: E402
from causes.text.identifiers import identities  # noqa: E402
from causes.text.likeness import near_duplicates  # noqa: E402
from causes.text.markdown import render  # noqa: E402
from causes.text.merge import chosen, parts_of  # noqa: E402
from causes.text.names import sort_key, tags_from_string  # noqa: E402
from causes.text.objections import objections, unresolved  # noqa: E402
from causes.text.slugs import is_slug, name_slug, old_slug_from_title, slug_from_title  # noqa: E402
from causes.text.syntax import may_link_to  # noqa: E402
from causes.text.words import sought  # noqa: E402

SHORT, TENFOLD = 1_000, 10
ENOUGH = 0.02
"""Seconds of CPU from which a time is exact enough."""
NOTICED = 0.008
"""Seconds of CPU. If ten times SHORT takes less, the longest body takes three seconds at most."""
TOO_MUCH = 20
"""The most by which the time may grow when the input grows tenfold."""
LIMIT, MOST_SECONDS = 200_000, 3.0

_SIGNS = r"""
[]( [ ] ![ ![]( !( ( ) * ** _ __ *_ ` `` ~ ~~ ^ ^[ < > & | \ : ; ! # + = @ { " ' - . , 1 a
[[] ]( [a]( [](x) [a][b] [^1] [^a]:b [@a [@a] [@a-1; @a-1 @1- a@b <a <a: <http://a <a@b </ <b> <!-- --> <!---->
a<!--b--> a`b``c &amp; &#1; &a http:// http://a www. www.a www.a.b (www.a.b x~~y a~b~ a^b^ 2*5 2~5~ *a**b
e.g. 1,000 1.1 a- a' ’s é 中 ﬁ ß Δ \* \[ [maas-2015] the
"""
REPEATED = [*_SIGNS.split(), "e\u0301", "\u0323\u0308", "a\u200d"]
AFTER = ("", " ", "\n", "\n\n", "a ", "[")
LINES = [
    "- a\n", "* a\n  * b\n", "1. a\n", "- - ", "> a\n", "> ", "> - a\n", "- > a\n", "# a\n", "a\n---\n", "a\n===\n",
    "T\n: a\n", "T\n: a\n\n", "T\n: a\n~ b\n\n", ": a\n", "|a|b|\n", "a|b\n-|-\n", "|a|\n|-|\nx\n", "```\n", "~~~\n",
    "    a\n", "\ta\n", "[a]: /b\n", "[a]: /b '\n", "[a]: b\n", "[^a]: b\n", "[^a]: b\n\n", "[a]\n", "a  \n", "a\\\n",
    "The same line here.\n", "The same paragraph.\n\n", "Words [@maas-2015] of prose. ", "<!-- a -->\n", "    <!-- a -->\n\n",
]  # fmt: skip


def repeated(piece):
    return lambda size: (piece * (size // len(piece) + 1))[:size]


INPUTS = {repr(sign + after): repeated(sign + after) for sign in REPEATED for after in AFTER[:4]}
INPUTS |= {
    repr(sign + after): repeated(sign + after) for sign in REPEATED[:30] for after in AFTER[4:]
}
INPUTS |= {repr(line): repeated(line) for line in LINES}
NAMED = {
    "one word": lambda size: "a" * size,
    "blanks": lambda size: "a" + " " * size + "b",
    "opened and closed": lambda size: "*a " * (size // 6) + "a* " * (size // 6),
    "emphases in turn": lambda size: "*a _b " * (size // 12) + "a* b_ " * (size // 12),
    "brackets and ends": lambda size: "[" * (size // 2) + "](b)" * (size // 8),
    "images in images": lambda size: "![" * (size // 6) + "](b)" * (size // 6),
    "ticks of all lengths": lambda size: "".join("`" * n + "a" for n in range(1, int((2 * size) ** 0.5))),
    "a quotation of quotations": lambda size: "".join("> " * n + "a\n" for n in range(int(size**0.5))),
    "a list of lists": lambda size: "".join("  " * n + "- a\n" for n in range(int(size**0.5))),
    "a wide table": lambda size: "|a" * (size // 6) + "\n" + "|-" * (size // 6) + "\n" + "|b" * (size // 6),
    "a table without cells": lambda size: f"{'a|' * int(size**0.5 / 2)}a\n{'-|' * int(size**0.5 / 2)}-\n{'x' * 1}\n"
    + "x\n" * (size // 4),
    "tables without cells": lambda size: ("a|" * 99 + "a\n" + "-|" * 99 + "-\n" + "x\n" * 200 + "\n") * (size // 800),
    "a link used often": lambda size: f"[a]: /{'b' * (size // 2)}\n\n" + "[a] " * (size // 8),
    "links of all names": lambda size: "".join(f"[a{n}]: /b\n" for n in range(size // 20)) + "\n[a1] " * (size // 20),
    "notes": lambda size: "".join(f"x[^{n}] " for n in range(size // 25)) + "\n\n"
    + "".join(f"[^{n}]: b\n\n" for n in range(size // 25)),
    "an address and brackets": lambda size: "http://a" + ")" * size,
    "headings of one name": lambda size: "".join(f"# a-{n % 7}\n" for n in range(size // 6)),
    "keys": lambda size: "".join(f"[@k{n}] " for n in range(size // 9)),
    "a key": lambda size: "@" + "a" * size,
    "comments beside ticks": lambda size: "<!-- a --> `" * (size // 12),
}  # fmt: skip

INPUTS |= NAMED
_new = count()
KEYS = {f"maas-{year}" for year in range(1000, 1200)}
MATCHER = Matcher(parse("a nerve the and of in is to it or on"))


def with_changes(text):
    """The text with a change at both ends and in the middle."""
    half = len(text) // 2
    return f"x{text[:half]}y{text[half:]}z"


def read(text):
    # No text is met twice, so no cache answers.
    text = f"{next(_new)}{text}"
    objections(text), unresolved(text, [], KEYS), advise("T", "S", text), measure(text)
    Derived.of("T", "S", text)


def merge(text):
    text = f"{next(_new)}{text}"
    parts = parts_of(text, with_changes(text), text + "x")
    chosen(parts, ["mine"] * len(parts))


def find(text):
    excerpt(text, MATCHER.matches(text))
    sought(text)


def name(text):
    for function in (
        sort_key,
        tags_from_string,
        slug_from_title,
        name_slug,
        is_slug,
        findable,
        tidy_line,
        parse,
    ):
        function(text)
    old_slug_from_title(text)
    identities({"doi": text, "pmid": text, "pmcid": text, "url": f"http://{text}"})
    may_link_to(f"mailto:{text}")
    best_encoding(f"{next(_new)},{text}")
    matches(text, '"x"')


def front(text):
    with suppress(Wrong):
        front_matter.title_and_body(*front_matter.split(f"---\na: {text}\n---\n{text}"))


FUNCTIONS = {
    "render": render,
    "read": read,
    "tidy": tidy_body,
    "compare": lambda text: [marked(words) for words in compare(text, with_changes(text))],
    "merge": merge,
    "find": find,
    "name": name,
    "front matter": front,
}


def import_of(row):
    """Reads a fixture that holds a row made for a size."""

    def run(size):
        with TemporaryDirectory() as folder:
            path = Path(folder, "rows.json")
            path.write_text(row(size))
            with suppress(Unreadable):
                list(files.rows(path))

    return run


DOUBLED = '"k{0}":1,"k{0}":1'.format
SIZED = {
    "import of doubled names": import_of(lambda size: f"[{{{','.join(map(DOUBLED, range(size)))}}}]"),
    "import of a long row": import_of(lambda size: f'[{{"a": "{"x" * size * 20}"}}]'),
    "import of a row cut off": import_of(lambda size: f'[{{"a": "{"x" * size * 20}'),
    "import of rows": import_of(lambda size: f"[{'{},' * size}1]"),
    "import of depth": import_of(lambda size: "[" * size),
    "near duplicates": lambda size: near_duplicates(f"abcdef{chr(0x4E00 + n)}" for n in range(size // 20)),
}  # fmt: skip


ONCE_SLOW = {
    "read": ["[](", "![\n", "[[]", "^[", "a\n\n", "T\n: a\n~ b\n\n", "@a-1 ", "e\u0301"],
    "render": ["![\n", "\u0323\u0308"],
    "compare": ["The same line here.\n", "*\n", "|\n\n", "_ "],
    "merge": ["The same paragraph.\n\n", "*\n\n", "a\n\n", "- a\n"],
    "find": ["a- ", "\u0323\u0308", "the", "the "],
    "tidy": ["\u0323\u0308", "<!--"],
}
"""The pieces that a function once read slowly. The short form has these and every named input."""


class TooSlow(Exception):
    pass


def cpu(run, most=60.0):
    """Seconds of CPU of one run. Raises TooSlow beyond `most`."""
    signal.setitimer(signal.ITIMER_PROF, most)
    try:
        before = time.process_time()
        run()
        return time.process_time() - before
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _stop(*_):
    raise TooSlow


def average(run, size):
    """Seconds of CPU of one run, of so many that the clock can measure them."""
    total, runs = 0.0, 0
    while total < ENOUGH:
        total += cpu(lambda: run(size), 10)
        runs += 1
    return total / runs


def growth(run, size=SHORT):
    """How often longer the tenfold input takes, or 0 if that is too little to measure."""
    try:
        long = cpu(lambda: run(size * TENFOLD), 10)
        if long < NOTICED:
            return 0
        if (factor := long / average(run, size)) <= TOO_MUCH:
            return factor
        # Measured exactly: an input that takes at least 20 ms, and the best of five.
        while (short := best(run, size)) < ENOUGH and size * TENFOLD < LIMIT:
            size *= 2
        return best(run, size * TENFOLD, 2 * TOO_MUCH * max(short, ENOUGH)) / max(short, ENOUGH)
    except TooSlow:
        return float("inf")


def best(run, size, most=60.0):
    """The least of five times, or of fewer once a second is over: the longest are exact enough."""
    times = []
    while len(times) < 5 and sum(times) < 1:
        times.append(cpu(lambda: run(size), most))
    return min(times)


def main():
    signal.signal(signal.SIGPROF, _stop)
    gc.disable()  # or some runs would pay for the garbage of others
    runs = {
        f"{function} of {made}": lambda size, use=use, make=make: use(make(size))
        for function, use in FUNCTIONS.items()
        for made, make in INPUTS.items()
    } | SIZED
    everything = os.environ.get("GROWTH") == "all"
    # The short form has a part of the others, too.
    named = [f"{function} of {piece!r}" for function in ONCE_SLOW for piece in ONCE_SLOW[function]]
    named += [f"{function} of {made}" for function in ("read", "compare") for made in NAMED]
    some = list(runs) if everything else [*named, *list(runs)[::37]]
    chosen_runs = {label: runs[label] for label in some} | SIZED
    bad = 0
    for number, (label, run) in enumerate(chosen_runs.items()):
        if number % 50 == 0:
            gc.collect()
        factor = growth(run)
        if factor > TOO_MUCH:
            bad += 1
            print(f"{label}: {factor:.0f} times as long for ten times the input", flush=True)
        if everything and label not in SIZED:
            try:
                seconds = cpu(lambda run=run: run(LIMIT), 20)
            except TooSlow:
                seconds = 20.0
            if seconds > MOST_SECONDS:
                bad += 1
                print(f"{label}: {seconds:.1f} s for {LIMIT:,} characters", flush=True)
    print(f"{len(chosen_runs):,} pairs of a function and an input, {bad} too slow")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
