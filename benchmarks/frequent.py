"""Prints what to ask for: the fullest category and tag, and a rare and a common word, and 100."""

import json
from collections import Counter

import django

django.setup()

from causes import search  # noqa: E402
from causes.lists import counts  # noqa: E402
from causes.models import Category, Publication, Tag  # noqa: E402

category = max(counts(Category), key=lambda row: row[1])[0]
tag = max(counts(Tag), key=lambda row: row[1])[0]
words: Counter[str] = Counter()
bodies = Publication.objects.live().of_causes().order_by("-pk")
for body in bodies.values_list("revision__body", flat=True)[:300]:
    words.update({word for word in body.lower().split() if word.isascii() and word.isalpha()})
looked_at = min(300, bodies.count())
share = {word: number / looked_at for word, number in words.items() if len(word) > 4}
rare = min(sorted(share), key=lambda word: abs(share[word] - 0.02))
common = max(sorted(share), key=lambda word: share[word])
assert search.search(rare).total
print(
    json.dumps(
        {
            "category": category.get_absolute_url(),
            "tag": tag.get_absolute_url(),
            "rare": rare,
            "common": common,
            "words": sorted(share, key=lambda word: abs(share[word] - 0.02))[:100],
        }
    )
)
