# SPDX-License-Identifier: MIT
"""All measurements, or those that are named: see scripts/bench."""

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
sys.path.insert(0, str(HERE))

import callbacks  # noqa: E402
import durability  # noqa: E402
import idleness  # noqa: E402
import memory  # noqa: E402
import plots  # noqa: E402
import polled  # noqa: E402
import scales  # noqa: E402
import starting  # noqa: E402
import tokens  # noqa: E402
from comparison import table, write_json  # noqa: E402

MEASUREMENTS = {
    "tokens": tokens, "callbacks": callbacks, "durability": durability, "starting": starting, "memory": memory,
    "scales": scales, "polled": polled, "idleness": idleness,
}


class Scale:
    """How much is measured: all of it, or as little as proves that it works."""

    def __init__(self, is_quick):
        self.is_quick = is_quick
        self.notes = []

    def rounds(self, number):
        return 1 if self.is_quick else number

    def accounts(self, numbers):
        return [min(number, 10) for number in numbers[:2]] if self.is_quick else numbers

    def logins(self, numbers):
        return range(1, len(numbers) + 1) if self.is_quick else numbers

    def seconds(self, number):
        return 1 if self.is_quick else number

    def note(self, text):
        """Said at once, and below the table."""
        self.notes.append(text)
        print(text, file=sys.stderr, flush=True)

    def skip(self, what, reason):
        self.note(f"not measured: {what}: {reason}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--plots", type=Path, metavar="DIRECTORY")
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(MEASUREMENTS)
    if unknown:
        parser.error(f"there is no measurement {', '.join(sorted(unknown))}; there are {', '.join(MEASUREMENTS)}")
    scale = Scale(arguments.quick)
    rows = []
    for name in arguments.names or MEASUREMENTS:
        print(f"{name}…", file=sys.stderr, flush=True)
        for row in MEASUREMENTS[name].measure(scale):
            rows.append(row)
            print(table([row]).splitlines()[2], file=sys.stderr, flush=True)
    print(table(rows))
    print("", *scale.notes, sep="\n")
    if arguments.json:
        write_json(rows, arguments.json)
    if arguments.plots:
        reason = plots.why_not()
        if reason:
            print(f"no pictures: {reason}")
        else:
            plots.draw(rows, arguments.plots)


main()
