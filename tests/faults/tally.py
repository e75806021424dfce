# SPDX-License-Identifier: MIT
"""What a program of this directory found, as a row of the table in docs/testing.md."""

import collections
import sys
import time


class Tally:
    """Counts runs and how each ended."""

    def __init__(self, what):
        self.what = what
        self.runs = self.faults = self.survived = 0
        self.outcomes = collections.Counter()
        self.lost = []  # what to know of each run in which something was lost, or worse
        self.begin = time.monotonic()

    def survive(self, outcome, faults=1):
        """A run with so many faults ended well, and how."""
        self.runs += 1
        self.faults += faults
        self.survived += 1
        self.outcomes[outcome] += 1

    def lose(self, story, faults=1):
        """A run ended with a loss, a crash, a leak, a torn file, …"""
        self.runs += 1
        self.faults += faults
        self.lost.append(story)
        print(f"LOST {self.what}: {story}", file=sys.stderr, flush=True)

    def report(self):
        """Prints the outcomes and the table's row; whether nothing was lost and something was tried."""
        print(f"{self.what}: {self.runs} runs in {time.monotonic() - self.begin:.0f} s")
        for outcome, count in self.outcomes.most_common():
            print(f"  {count:7} {outcome}")
        for story in self.lost:
            print(f"     LOST {story}")
        print(f"| {self.what} | {self.runs} | {self.faults} | {self.survived} | {len(self.lost)} |", flush=True)
        return self.runs > 0 and not self.lost
