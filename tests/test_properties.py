"""Properties of every input to a page: a few examples, or FUZZ_EXAMPLES of each (`make deep`)."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import properties

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
at_random = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

SIGNS = (
    "a b2 5 10 mg * ** _ ~ ~~ ^ ` ``` > - + 1. 2) # ## | |-|-| a|b : [ ] ( ) [^1] [^1]: ^[ [@a-1] [@a; @b] @a-1 "
    "[a]: /b [a] https://x.org/ www.x.org <a> <!-- --> & &lt; &#0; \\ ! ![ ](javascript:a) ](//a.b) ](/a) "
    '<script> <img src=x> </p> style=" " \' --- ... ~ ; , q= br gzip 0.5 10.1000/x doi: pmid PMC1 % %00 e.g. é ß ﬁ μ'
).split()  # fmt: skip
ODD = [
    "\n",
    "\n\n",
    "    ",
    "  ",
    "\t",
    "\r\n",
    "\x00",
    "\u0301",
    "\u0323\u0308",
    "\u200d",
    "\u202e",
    "\ufffe",
    "\x1f",
]
PIECES = st.lists(st.sampled_from([*SIGNS, *ODD]), max_size=40)
TEXTS = PIECES.map("".join) | PIECES.map(" ".join) | st.text(max_size=200)


@pytest.mark.parametrize("name", properties.TARGETS)
def test_a_property_holds_for_any_text(name):
    at_random(given(TEXTS)(properties.TARGETS[name]))()
