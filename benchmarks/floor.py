"""The least that a Python process can do: the same bytes, and nothing else asked or looked at."""

import os
from pathlib import Path
from typing import Any

PAGE = Path(os.environ["FLOOR_PAGE"]).read_bytes()
HEADERS = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(PAGE)))]


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", HEADERS[:])
    return [PAGE]
