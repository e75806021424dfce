# SPDX-License-Identifier: MIT
"""tests/summarize.py FILE…: sums JUnit files (ctest's and pytest's) up.

A test that is in a later file too was run again: that result counts, and a test that passed only then is named. Names
also what was skipped, and why, and each test that failed, and ends with the line "N passed, N failed, N skipped". Exits
with 1 if something failed or nothing passed.
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


def main():
    cases = {}
    for file in map(Path, sys.argv[1:]):
        if not file.exists():
            # A run that ended before it could write down its results.
            cases["no results in", str(file)] = ("failed", "")
            continue
        for key, result in outcomes(file).items():
            if cases.get(key, result)[0] != result[0]:
                print(f"{result[0]} only when it was run again, alone: {'::'.join(key)}")
            cases[key] = result
    reasons = Counter(reason for outcome, reason in cases.values() if outcome == "skipped")
    for reason, count in sorted(reasons.items()):
        print(f"skipped {count}: {reason}")
    for key, (outcome, _) in cases.items():
        if outcome == "failed":
            print(f"failed: {'::'.join(key)}")
    counts = Counter(outcome for outcome, _ in cases.values())
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
