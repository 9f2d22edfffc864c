"""A clock that several processes share: a file names the moment at which it has stopped.

Spans begin and end by the clock alone. With this one a test is there to the millisecond, however
slow the machine is. Without the file, the clock is the machine's own.
"""

import os
from datetime import datetime
from pathlib import Path
from threading import Lock

import time_machine

from causes.database import moments

_lock = Lock()
_travel = None
_known = ""


def follow():
    """Sets this process's clock by the file."""
    global _known, _travel
    try:
        moment = Path(os.environ["SHARED_CLOCK"]).read_text()
    except FileNotFoundError:
        return
    with _lock:
        if moment == _known:
            return
        if _travel is not None:
            _travel.stop()
        _travel = time_machine.travel(datetime.fromisoformat(moment), tick=False)
        _travel.start()
        moments.compare = lambda *_: None  # PostgreSQL's clock goes on
        _known = moment


def stop_at(moment):
    """Stops the clock of every process that follows at this moment, and of this one."""
    path = Path(os.environ["SHARED_CLOCK"])
    new = path.with_suffix(".new")
    new.write_text(moment.isoformat())
    new.replace(path)
    follow()
