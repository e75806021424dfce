# SPDX-License-Identifier: MIT
"""docs/flows.md is what a person sees, word by word. After a change run scripts/flows and read the difference."""

import re

import pytest

from flows import DOCUMENT, FLOWS, HEAD, indented, play

TEXT = DOCUMENT.read_text(encoding="utf-8")


def test_the_document_has_the_stories_that_there_are():
    assert TEXT.startswith(HEAD)
    assert re.findall(r"^## (.*)$", TEXT, re.M) == list(FLOWS)


@pytest.mark.parametrize("heading", FLOWS)
def test_a_person_sees_what_is_documented(heading):
    written = TEXT.split(f"\n## {heading}\n\n")[1].split("\n\n## ")[0].rstrip("\n")
    assert indented(play(heading)) == written
