"""The site on a machine whose clock is wrong by CLOCK_OFFSET seconds."""

import os
from datetime import timedelta

import time_machine

time_machine.travel(timedelta(seconds=float(os.environ["CLOCK_OFFSET"]))).start()

from denervation_site.wsgi import application  # noqa: E402, F401
