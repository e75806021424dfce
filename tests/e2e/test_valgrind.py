# SPDX-License-Identifier: MIT
"""The installed programs under valgrind's memcheck, which sees what the sanitizers do not: bytes that were never set."""

import re
import shutil
import subprocess

import pytest

import harness
from harness import authorize, wait_for

VALGRIND = ["valgrind", "--quiet", "--error-exitcode=97", "--leak-check=full", "--errors-for-leak-kinds=definite"]

pytestmark = pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not installed")


@pytest.fixture
def installed(make_daemon, release, monkeypatch, server_2025):
    """A daemon that is not started, of the programs without sanitizers."""
    monkeypatch.setattr(harness, "BIN", release / "bin")
    return make_daemon(servers=[server_2025])


def complaints(text):
    return re.findall(r"^==\d+== .*", text, re.M)


def test_the_daemon_in_a_whole_login(installed, server_2025):
    """And in what comes after it, up to an end without a leak."""
    daemon = installed
    # It writes code into memory.
    daemon.configure(daemon="confinement = no")
    daemon.wrapper = VALGRIND
    daemon.start(wait=False)
    wait_for(lambda: "ready: " in daemon.log(), 60, "the start")
    assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"
    for request in (("POST", "/v1/accounts/me/verify"), ("POST", "/v1/reload"), ("GET", "/v1/status"),
                    ("GET", "/v1/accounts/me/token"), ("DELETE", "/v1/accounts/me")):
        assert daemon.control(*request)[0] == 200, request
    assert daemon.stop(60) == 0, daemon.log()
    assert complaints(daemon.log()) == []


def test_the_commands(installed, server_2025):
    daemon = installed.start()
    assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"
    for program, *arguments in (
        ("misskey-token", "me"), ("misskey-token", "me", "--json"), ("misskey-token", "--list"),
        ("misskey-token", "me", "--format", "{token|url}"), ("misskey-token", "me", "--set", "I=token", "--exec", "true"),
        ("misskey-authctl", "list"), ("misskey-authctl", "status"), ("misskey-authctl", "verify"),
        ("misskey-authctl", "doctor"), ("misskey-authctl", "login", "me", "--no-browser", "--no-wait"),
        ("misskey-authctl", "logout", "me"),
    ):
        done = subprocess.run([*VALGRIND, harness.BIN / program, *arguments], env=daemon.env, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
        assert done.returncode != 97 and complaints(done.stderr) == [], (program, arguments, done.stderr)
