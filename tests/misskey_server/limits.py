# SPDX-License-Identifier: MIT
"""Rate limits: leaky buckets."""

import math
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Allowance:
    """What became of one call; a blocked one does not count."""

    blocked: bool
    remaining: int  # calls that are allowed at once
    reset_seconds: float  # until the next one is
    full_reset_seconds: float


class Buckets:
    """One for each key. So many calls at once are allowed, and as many a second."""

    def __init__(self):
        self._buckets = {}  # key → (level, when)

    def take(self, key, per_second: int) -> Allowance:
        now = time.monotonic()
        level, when = self._buckets.get(key, (0.0, now))
        level = max(0.0, level - (now - when) * per_second)
        blocked = level + 1 > per_second
        if not blocked:
            level += 1
        self._buckets[key] = (level, now)
        reset_seconds = max(0.0, level + 1 - per_second) / per_second
        return Allowance(blocked, math.floor(per_second - level), reset_seconds, level / per_second)


class Window:
    """A number of calls in a number of seconds, for each key."""

    def __init__(self, calls: int, seconds: float):
        self.calls = calls
        self.seconds = seconds
        self._times = {}  # key → when

    def is_full(self, key) -> bool:
        """Counts a call, unless there were too many."""
        now = time.monotonic()
        times = [when for when in self._times.get(key, ()) if when > now - self.seconds]
        full = len(times) >= self.calls
        self._times[key] = times if full else [*times, now]
        return full
