# SPDX-License-Identifier: MIT
"""tests/summarize.py FILE…: sums JUnit files (ctest's and pytest's) up.

Names what was skipped, and why, and each test that failed, and ends with the line "N passed, N failed, N skipped". Exits with
1 if something failed or nothing passed.
"""

import sys
import xml.etree.ElementTree
from collections import Counter
from pathlib import Path


def outcomes(file):
    """{(class, name): (outcome, reason)} of one file. What fails in its teardown is there twice."""
    found = {}
    for case in xml.etree.ElementTree.parse(file).iter("testcase"):
        key = (case.get("classname"), case.get("name"))
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            found[key] = ("failed", "")
        elif found.get(key, ("", ""))[0] == "failed":
            continue
        elif skipped is not None:
            found[key] = ("skipped", skipped.get("message") or "no reason given")
        else:
            found[key] = ("passed", "")
    return found


def name_of(key):
    """class::name, or the file that is not there."""
    return f"{key[1]}::{key[2]}" if isinstance(key, tuple) else f"no results in {key}"


def main():
    cases = {}
    for file in map(Path, sys.argv[1:]):
        if not file.exists():
            # A run that ended before it could write down its results.
            cases[file] = ("failed", "")
            continue
        cases |= {(file, *key): value for key, value in outcomes(file).items()}
    reasons = Counter(reason for outcome, reason in cases.values() if outcome == "skipped")
    for reason, count in sorted(reasons.items()):
        print(f"skipped {count}: {reason}")
    for key, (outcome, _) in cases.items():
        if outcome == "failed":
            print(f"failed: {name_of(key)}")
    counts = Counter(outcome for outcome, _ in cases.values())
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
