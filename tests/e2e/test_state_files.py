# SPDX-License-Identifier: MIT
"""Damaged state files: nothing is thrown away, and the message says what is wrong."""

import json
import os
import shutil

import pytest

from harness import accept, authorize, consent, needs_root

DAMAGES = {
    "garbage": lambda text: b"\x00\xff garbage",
    "empty": lambda text: b"",
    "truncated": lambda text: text[: len(text) // 2],
    "trailing": lambda text: text + b"x",
    "newer": lambda text: text.replace(b'"version": 1', b'"version": 2', 1),
    "no version": lambda text: text.replace(b'"version"', b'"verzion"', 1),
    "array": lambda text: b"[]",
    "member": lambda text: text.replace(b'"i"', b'"j"', 1),
    "short i": lambda text: text.replace(b'"i":', b'"i": "abc", "x":', 1),
    "twice": lambda text: text.replace(b'"server"', b'"server": "http://127.0.0.1:1", "server"', 1),
    "unsafe name": lambda text: text.replace(b'"me"', b'"../me"', 1),
}


def everything(daemon, *besides):
    """The state directory's files and their bytes, but for the lock and the agent's own."""
    return {
        str(file.relative_to(daemon.state)): file.read_bytes()
        for file in sorted(daemon.state.rglob("*"))
        if file.is_file() and file.name not in ("lock", "agent.json", *besides)
    }


def logged_in(daemon, server):
    """Stops after a login of "me"."""
    assert authorize(daemon, server)["outcome"] == "AUTHORIZED"
    assert daemon.stop() == 0


def assert_refuses(daemon, server, file):
    """Stays up, says what is wrong with FILE, refuses logins, and lets scripts have what they had."""
    before = everything(daemon)
    daemon.start()
    status = daemon.control("GET", "/v1/status")[1]
    (problem,) = status["problems"]
    assert problem["code"] == "STATE_DAMAGED" and str(file) in problem["message"]
    status, answer = daemon.control("POST", "/v1/accounts/me/login", {"server": server.origin})
    assert (status, answer["error"]["code"]) == (503, "STATE_DAMAGED") and str(file) in answer["error"]["message"]
    done = daemon.authctl("login", "me")
    assert done.returncode == 8 and done.stdout == "" and str(file) in done.stderr
    shown = daemon.authctl("status")
    assert shown.returncode == 0 and str(file) in shown.stdout
    token = (daemon.state / "accounts/me/token").read_text()
    assert daemon.token("me").stdout == token
    assert daemon.stop() == 0
    assert everything(daemon) == before
    assert str(file) in daemon.log()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_credentials_file_waits_for_a_person(server_2025, daemon, damage):
    logged_in(daemon, server_2025)
    file = daemon.state / "credentials.json"
    good = file.read_bytes()
    bad = DAMAGES[damage](good)
    assert bad != good
    file.write_bytes(bad)
    assert_refuses(daemon, server_2025, file)
    # Restored from a backup, all is well.
    file.write_bytes(good)
    daemon.start()
    assert daemon.control("GET", "/v1/status")[1]["problems"] == []
    assert daemon.account("me")["state"] == "verified"


@needs_root
def test_a_credentials_file_of_another_user_waits_for_a_person(server_2025, daemon):
    logged_in(daemon, server_2025)
    file = daemon.state / "credentials.json"
    os.chown(file, 65534, 65534)
    assert_refuses(daemon, server_2025, file)
    os.chown(file, 0, 0)


def test_a_credentials_file_that_is_a_link_waits_for_a_person(server_2025, daemon):
    logged_in(daemon, server_2025)
    file = daemon.state / "credentials.json"
    elsewhere = daemon.home / "elsewhere.json"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    assert_refuses(daemon, server_2025, file)
    file.unlink()
    elsewhere.rename(file)


def test_the_advice_for_a_damaged_file_works(server_2025, daemon):
    """The command that the message ends with makes the daemon work again, with nothing thrown away."""
    logged_in(daemon, server_2025)
    token = (daemon.state / "accounts/me/token").read_text()
    file = daemon.state / "credentials.json"
    file.write_bytes(b"{")
    daemon.start()
    message = daemon.control("GET", "/v1/status")[1]["problems"][0]["message"]
    assert daemon.stop() == 0
    command = message[message.index("mv '"):]
    assert os.system(command) == 0
    assert not file.exists() and (daemon.state / "credentials.json.damaged").read_bytes() == b"{"
    daemon.start()
    assert daemon.control("GET", "/v1/accounts/me")[0] == 404  # it is what its credential says
    # What scripts have goes on working until somebody logs in again.
    assert daemon.token("me").stdout == token
    assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"


def test_the_page_says_that_the_daemon_cannot_work(server_2025, daemon):
    browser, token = accept(daemon, server_2025, daemon.login("me", server=server_2025.origin))
    daemon.kill()
    file = daemon.state / "credentials.json"
    file.write_bytes(b"{")
    daemon.start()
    status, _, _, text = browser.get(daemon.callback_url(token))
    assert status == 503 and "cannot work at the moment" in text
    assert not server_2025.calls("auth/session/userkey")
    # The session is still there when the file is right again.
    daemon.kill()
    file.unlink()
    daemon.start()
    assert "You are logged in" in browser.get(daemon.callback_url(token))[3]


@pytest.mark.parametrize("damage", ["garbage", "empty", "truncated", "array", "no version"])
def test_a_damaged_registry_is_kept_aside(server_2025, daemon, damage):
    logged_in(daemon, server_2025)
    file = daemon.state / "registry.json"
    bad = DAMAGES[damage](file.read_bytes())
    file.write_bytes(bad)
    before = everything(daemon, "registry.json")
    daemon.start()
    (problem,) = daemon.control("GET", "/v1/status")[1]["problems"]
    assert problem["code"] == "REGISTRY_SET_ASIDE"
    (aside,) = daemon.state.glob("registry.json.damaged-*")
    assert aside.read_bytes() == bad and aside.name in problem["message"] and str(file) in problem["message"]
    assert aside.stat().st_mode & 0o777 == 0o600
    assert everything(daemon, "registry.json", aside.name) == before
    assert aside.name in daemon.authctl("status").stdout
    # Work goes on: the credential still is known, and so is its account.
    assert daemon.account("me")["state"] == "verified"
    assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"
    daemon.restart()
    assert daemon.control("GET", "/v1/status")[1]["problems"] == []
    assert aside.read_bytes() == bad


def test_two_damaged_registries_are_both_kept(server_2025, daemon):
    logged_in(daemon, server_2025)
    contents = {b"first", b"second"}
    for content in contents:
        (daemon.state / "registry.json").write_bytes(content)
        daemon.start()
        assert daemon.stop() == 0
    assert {file.read_bytes() for file in daemon.state.glob("registry.json.damaged-*")} == contents


def test_a_registry_of_a_newer_version_waits_for_a_person(server_2025, daemon):
    logged_in(daemon, server_2025)
    file = daemon.state / "registry.json"
    good = file.read_bytes()
    newer = DAMAGES["newer"](good)
    assert newer != good
    file.write_bytes(newer)
    assert_refuses(daemon, server_2025, file)


def test_loose_modes_are_tightened(server_2025, daemon):
    logged_in(daemon, server_2025)
    files = ("credentials.json", "registry.json", "accounts/me/env", "accounts/me/token")
    directories = (".", "accounts", "accounts/me")
    for name in files:
        (daemon.state / name).chmod(0o644)
    for name in directories:
        (daemon.state / name).chmod(0o755)
    daemon.start()
    for name in files:
        assert (daemon.state / name).stat().st_mode & 0o777 == 0o600, name
    for name in directories:
        assert (daemon.state / name).stat().st_mode & 0o777 == 0o700, name
    assert daemon.account("me")["state"] == "verified"


@needs_root
def test_a_state_directory_of_another_user_is_refused(daemon):
    assert daemon.stop() == 0
    os.chown(daemon.state, 65534, 65534)
    done = daemon.run("misskey-authd", timeout=60)
    assert done.returncode == 8 and str(daemon.state) in done.stderr and "another user" in done.stderr
    os.chown(daemon.state, 0, 0)


def test_derived_files_are_set_right(server_2025, daemon):
    logged_in(daemon, server_2025)
    good = everything(daemon)
    env, token = daemon.state / "accounts/me/env", daemon.state / "accounts/me/token"
    for change in (
        lambda file: file.unlink(),
        lambda file: file.write_text("MISSKEY_TOKEN=altered\n"),
        lambda file: file.write_bytes(b""),
        lambda file: (file.unlink(), file.symlink_to("/dev/null")),
        lambda file: (file.unlink(), os.mkfifo(file)),
    ):
        change(env)
        change(token)
        daemon.start()
        assert everything(daemon) == good
        assert not env.is_symlink() and not token.is_symlink()
        assert daemon.token("me").returncode == 0
        assert daemon.stop() == 0
    shutil.rmtree(daemon.state / "accounts")
    daemon.start()
    assert everything(daemon) == good


def test_files_of_unknown_accounts_are_removed(server_2025, daemon):
    logged_in(daemon, server_2025)
    good = everything(daemon)
    for name in ("gone.example", "me2"):
        (daemon.state / "accounts" / name).mkdir(0o700)
        for file in ("env", "token"):
            (daemon.state / "accounts" / name / file).write_text("left by an older state\n")
    (daemon.state / "accounts/me2/token").unlink()
    (daemon.state / "accounts/me2/token").symlink_to("../me/token")
    daemon.start()
    assert everything(daemon) == good
    assert daemon.token("gone.example").returncode == 3


def test_a_token_that_credentials_call_revoked_is_removed(server_2025, daemon):
    logged_in(daemon, server_2025)
    file = daemon.state / "credentials.json"
    content = json.loads(file.read_text())
    content["accounts"]["me"].update(state="revoked", i=None)
    file.write_text(json.dumps(content))
    daemon.start()
    assert daemon.account("me")["state"] == "revoked"
    assert not (daemon.state / "accounts/me/token").exists()
    assert "MISSKEY_TOKEN" not in (daemon.state / "accounts/me/env").read_text()
    assert daemon.token("me").returncode == 4
    consent(daemon, server_2025, daemon.login("me"))
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED" and daemon.token("me").returncode == 0
