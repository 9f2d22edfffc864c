"""How long the comparison of two long texts takes, beside difflib on all words at once.

    .venv/bin/python benchmarks/comparison.py [WORDS]

Prints the median of five runs in seconds for 20,000 words (or WORDS): a few words
changed, every paragraph changed, and one paragraph that holds everything.
"""

import random
import statistics
import sys
import time
from difflib import SequenceMatcher
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from causes.text.compare import compare

RUNS = 5
VOCABULARY = [f"word{number}" for number in range(3000)]


def text(words: int, paragraph: int, dice: random.Random) -> list[list[str]]:
    return [dice.choices(VOCABULARY, k=paragraph) for _ in range(words // paragraph)]


def changed(paragraphs: list[list[str]], share: float, dice: random.Random) -> list[list[str]]:
    """Replaces this share of the words of each paragraph."""
    return [
        [dice.choice(VOCABULARY) if dice.random() < share else word for word in words]
        for words in paragraphs
    ]


def joined(paragraphs: list[list[str]]) -> str:
    return "\n\n".join(
        ". ".join(" ".join(words[i : i + 15]) for i in range(0, len(words), 15)) + "."
        for words in paragraphs
    )


def median(act: object) -> float:
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        act()  # type: ignore[operator]
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    words = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    dice = random.Random(1)
    short, long = text(words, 80, dice), text(words, words, dice)
    cases = {
        "a few words": (short, changed(short, 0.001, dice)),
        "a word in 20, in every paragraph": (short, changed(short, 0.05, dice)),
        "one paragraph, a word in 20": (long, changed(long, 0.05, dice)),
        "nothing in common": (short, text(words, 80, dice)),
    }
    print(f"{words:,} words, median of {RUNS} runs, seconds")
    print(f"{'what changed':<36}{'compare':>9}{'difflib':>9}")
    for name, (before, after) in cases.items():
        old, new = joined(before), joined(after)
        ours = median(lambda old=old, new=new: compare(old, new))
        began = time.perf_counter()
        SequenceMatcher(None, old.split(), new.split(), autojunk=False).get_opcodes()
        print(f"{name:<36}{ours:>9.3f}{time.perf_counter() - began:>9.2f}")


if __name__ == "__main__":
    main()
