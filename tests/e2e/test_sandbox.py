# SPDX-License-Identifier: MIT
"""The sandbox of the service is in force, every option of it, under a real user manager.

What an option keeps out is refused by the unit as it is shipped; it is refused by the option even without all others
that refuse it too; and it is allowed when the option is taken out as well. So an option that a user manager silently
ignores is found.
"""

import re
import shutil
import subprocess

import pytest

from harness import BIN, ROOT
from sandbox import CASES, OF_PRIVATE_USERS, PROOFS, SERVICE, Proof, Prober, sandbox_options
from user_manager import unit_text

VERIFY = "misskey-authd-verify.service"
# In tenths: what systemd-analyze security calls the exposure.
EXPOSURE_MAX = 16
# A user manager accepts these, and they do nothing there.
LEFT_OUT = ["ProtectProc=invisible", "ProcSubset=pid"]
SEE_PROCESSES = Proof("see_other_processes", "other_process")


@pytest.fixture(scope="module")
def prober(manager):
    one = Prober(manager)
    try:
        one.prepare((proof, removed) for option, proof in CASES
                    for removed in ((), proof.also, (*proof.also, option)))
        yield one
    finally:
        one.close()


@pytest.mark.parametrize(("option", "proof"), CASES, ids=[f"{option}-{proof.probe}" for option, proof in CASES])
def test_each_option_is_in_force(prober, option, proof):
    proof.skip_where_it_cannot_be_told()
    with_all, with_it, without = (
        prober.run(proof, removed) for removed in ((), proof.also, (*proof.also, option)))
    if proof.opens:
        assert (with_all, with_it) == ("allowed", "allowed")
        assert without != "allowed"
    else:
        assert with_all in ("refused", "killed")
        assert with_it in ("refused", "killed")
        assert without == "allowed"


def test_the_options_of_the_unit_are_those_that_are_proved():
    assert sandbox_options(unit_text(SERVICE, BIN)) == list(PROOFS)


def test_the_verification_has_no_option_that_is_not_proved():
    """None that needs a user namespace, so that it works without too."""
    options = sandbox_options(unit_text(VERIFY, BIN))
    assert "SystemCallFilter" in options
    assert set(options) <= set(PROOFS) - {"PrivateUsers", *OF_PRIVATE_USERS}


def test_the_documentation_has_each_option_and_its_test():
    text = (ROOT / "docs/systemd.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Za-z]+)=[^|]*\|[^|]+\| (.+) \|$", text, re.MULTILINE)
    assert [option for option, _ in rows] == list(PROOFS)
    for option, proofs in PROOFS.items():
        proved = dict(rows)[option]
        assert re.findall(r"`([a-z_0-9]+)`", proved) == [proof.probe for proof in proofs], option


def test_the_exposure_is_low(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    file = tmp_path / SERVICE
    file.write_text(unit_text(SERVICE, BIN))
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", "--no-pager", file], text=True,
        capture_output=True, timeout=60,
    )
    assert float(re.search(r"exposure level for \S+: ([0-9.]+) ", said.stdout)[1]) * 10 <= EXPOSURE_MAX
    assert (said.returncode, said.stderr) == (0, "")


def test_what_is_left_out_would_do_nothing(prober):
    """A new mount of /proc needs a namespace of processes too. If this fails, systemd has learnt it: add them."""
    prober.prepare([(SEE_PROCESSES, ())], added=LEFT_OUT)
    assert prober.run(SEE_PROCESSES, ()) == "allowed"
