# SPDX-License-Identifier: MIT
"""What a measurement says: ours, something real beside it, how they compare, and whether that meets the goal."""

import json
import operator
import statistics
import subprocess
from typing import NamedTuple

from harness import BIN

PROGRAMS = BIN.parent / "tests/bench"  # of tests/bench/CMakeLists.txt
COMPARE = {"≤": operator.le, "≥": operator.ge}


class Goal(NamedTuple):
    """For the ratio if there is a reference, for our own number otherwise."""

    relation: str
    limit: float

    def __str__(self):
        return f"{self.relation} {self.limit:g}"


class Row(NamedTuple):
    name: str
    ours: float
    reference: float  # None: nothing to compare with
    beside: str  # what the reference is
    unit: str
    goal: Goal = None  # None: it is only stated

    @property
    def ratio(self):
        return self.ours / self.reference if self.reference else None

    @property
    def met(self):
        if not self.goal:
            return None
        return COMPARE[self.goal.relation](self.ours if self.reference is None else self.ratio, self.goal.limit)

    def as_json(self):
        return {
            "name": self.name if not self.beside else f"{self.name}, beside {self.beside}", "ours": self.ours,
            "reference": self.reference, "unit": self.unit, "ratio": self.ratio,
            "goal": str(self.goal) if self.goal else None, "met": self.met,
        }


def figure(value):
    """Three digits are what a measurement is worth."""
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def cells(row):
    return [
        row.name, f"{figure(row.ours)} {row.unit}",
        f"{row.beside}: {figure(row.reference)} {row.unit}" if row.reference is not None else row.beside or "",
        f"{row.ratio:.2f}" if row.ratio is not None else "", str(row.goal) if row.goal else "",
        {True: "met", False: "not met", None: "stated"}[row.met],
    ]


HEAD = ["what", "ours", "the reference", "ratio", "goal", ""]


def table(rows):
    """Markdown, aligned: the documentation has it as it is."""
    lines = [HEAD, *map(cells, rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(HEAD))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines)


def write_json(rows, file):
    file.write_text(json.dumps([row.as_json() for row in rows], indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


class Cost(NamedTuple):
    """Costs of a process, as medians."""

    us: float
    faults: float


def costs_in_pairs(commands, rounds, env):
    """The cost of each command: they run in turns."""
    arguments = [PROGRAMS / "pairs", str(rounds)]
    for number, command in enumerate(commands):
        arguments += ["--", *command] if number else command
    done = subprocess.run(list(map(str, arguments)), env=env, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    medians = [statistics.median(map(int, line.split())) for line in done.stdout.splitlines()]
    return [Cost(ns / 1000, faults) for ns, faults in zip(medians[::2], medians[1::2])]


def in_pairs(commands, rounds, env):
    """Microseconds of each process, as medians: the commands run in turns."""
    return [cost.us for cost in costs_in_pairs(commands, rounds, env)]
