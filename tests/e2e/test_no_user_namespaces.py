# SPDX-License-Identifier: MIT
"""The service where the system refuses user namespaces: what fails, what the drop-in does without, and what is lost."""

import json
import shutil

import pytest

from harness import ROOT, free_port
from sandbox import CASES, OF_PRIVATE_USERS, PROOFS, SERVICE, Prober, service_lines
from user_manager import UserManager, refuse_user_namespaces, why_not

DROP_IN = ROOT / "examples/systemd/no-user-namespaces.conf"
ALL = ("PrivateUsers", *OF_PRIVATE_USERS)
# Each alone, as a drop-in would have it that keeps too much.
ALONE = [(option, proof) for option, proof in CASES if option in OF_PRIVATE_USERS and not proof.opens]
KEPT = [(option, proof) for option, proof in CASES if option not in ALL]


def names(cases):
    return [f"{option}-{proof.probe}" for option, proof in cases]


@pytest.fixture(scope="module")
def refusing():
    """A user manager on a system that refuses user namespaces."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    one = UserManager("-r", prepare=refuse_user_namespaces)
    try:
        if not one.start():
            pytest.skip("a user manager does not start here")
        one.install_programs()
        one.install_units()
        one.write(".config/systemd/user/misskey-authd-callback.socket.d/port.conf",
                  f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{free_port()}\n")
        one.systemctl("daemon-reload")
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="module")
def prober(refusing):
    one = Prober(refusing)
    try:
        one.prepare([(proof, tuple(other for other in ALL if other != option)) for option, proof in ALONE])
        one.prepare([(proof, ALL) for _, proof in (*KEPT, *ALONE)])
        yield one
    finally:
        one.close()


def doctor(manager):
    """By a service without a sandbox, so that it sees what the manager sees."""
    said = manager.run("systemd-run", "--user", "--wait", "--pipe", "--quiet", "--setenv=ASAN_OPTIONS=detect_leaks=0",
                       manager.programs / "misskey-authctl", "doctor", "--json")
    return [finding for finding in json.loads(said.stdout)["findings"] if finding["check"] == "sandbox"]


@pytest.mark.parametrize(("option", "proof"), ALONE, ids=names(ALONE))
def test_each_option_of_the_drop_in_fails_or_does_nothing(prober, option, proof):
    kept = tuple(other for other in ALL if other != option)
    assert prober.run(proof, kept) in ("failed", "allowed")


@pytest.mark.parametrize(("option", "proof"), KEPT, ids=names(KEPT))
def test_each_other_option_stays_in_force(prober, option, proof):
    proof.skip_where_it_cannot_be_told()
    assert (prober.run(proof, ALL) == "allowed") == proof.opens


def test_the_drop_in_takes_out_these_and_no_more():
    assert {line.split("=")[0] for line in service_lines(DROP_IN.read_text())} == set(ALL)
    assert set(ALL) < set(PROOFS)


def test_the_service_says_why_it_does_not_start_and_the_drop_in_helps(refusing):
    failed = refusing.systemctl("start", SERVICE)
    assert failed.returncode != 0
    assert refusing.show(SERVICE, "ExecMainStatus") == ["217"]
    finding, = doctor(refusing)
    assert finding["status"] == "error" and "user.max_user_namespaces=0" in finding["message"]
    assert f"examples/systemd/{DROP_IN.name}" in finding["remedy"]
    directory = refusing.home / f".config/systemd/user/{SERVICE}.d"
    shutil.copy(DROP_IN, directory / DROP_IN.name)
    refusing.systemctl("daemon-reload")
    restarted = refusing.systemctl("restart", SERVICE)
    assert restarted.returncode == 0, restarted.stderr
    assert refusing.authctl("status").returncode == 0
    finding, = doctor(refusing)
    assert finding["status"] == "note" and finding["remedy"] is None
