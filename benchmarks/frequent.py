"""Prints what to ask for: the fullest category and tag, and a rare and a common word, and 100."""

import json
import re
from collections import Counter

import django

django.setup()

from causes import search  # noqa: E402
from causes.lists import counts  # noqa: E402
from causes.models import Category, Publication, Tag  # noqa: E402

category = max(counts(Category), key=lambda row: row[1])[0]
tag = max(counts(Tag), key=lambda row: row[1])[0]
bodies = Publication.objects.live().of_causes().order_by("-pk").values_list("revision__body")
texts = [body.lower() for (body,) in bodies[:300]]
words = Counter(word for text in texts for word in set(re.findall(r"[a-z]{5,}", text)))
rarest = sorted(words, key=lambda word: (abs(words[word] / len(texts) - 0.02), word))
common = max(sorted(words), key=lambda word: words[word])
# A stop word of an engine's dictionary is found nowhere.
rare = next(word for word in rarest if search.search(word).total)
print(
    json.dumps(
        {
            "category": category.address,
            "tag": tag.address,
            "rare": rare,
            "common": common,
            "words": rarest[:100],
        }
    )
)
