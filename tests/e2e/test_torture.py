# SPDX-License-Identifier: MIT
"""scripts/torture, as far as there is time for it here."""

import os
import shutil
import subprocess
import sys

import pytest

from harness import BIN, ROOT, TESTS, TORTURES


@pytest.mark.parametrize("name", TORTURES)
def test_nothing_is_lost(name, request):
    if name == "kill" and (os.geteuid() != 0 or not shutil.which("strace")):
        pytest.skip("only root can kill the daemon by strace")
    programs = BIN if name == "fail" else request.getfixturevalue("release") / "bin"
    done = subprocess.run(
        [sys.executable, str(TESTS / "faults" / f"{name}.py"), "--quick"], cwd=ROOT, text=True, capture_output=True,
        env={**os.environ, "MISSKEY_BIN_DIR": str(programs)}, timeout=280,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
