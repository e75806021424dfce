# SPDX-License-Identifier: MIT
"""A full or read-only disk: the server's only answer is fetched only if it can be stored, and never lost."""

import os
import subprocess

import pytest

import misskey_server as misskey
from harness import (
    PlainBrowser,
    accept,
    authorize,
    check_log,
    check_tokens,
    consent,
    needs_root,
    wait_for,
)

GENERATE, USERKEY = "auth/session/generate", "auth/session/userkey"
DISK_BYTES = 1024 * 1024


class SmallDisk:
    """A tmpfs in a state directory's place."""

    def __init__(self, directory):
        self.directory = directory
        self.filler = directory / "filler"

    def mount(self):
        self.directory.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0700", "tmpfs", str(self.directory)],
                       check=True, capture_output=True)

    def unmount(self):
        subprocess.run(["umount", str(self.directory)], check=True, capture_output=True)

    def read_only(self, on):
        subprocess.run(["mount", "-o", "remount,ro" if on else "remount,rw", str(self.directory)],
                       check=True, capture_output=True)

    def fill(self):
        """Takes every free byte, on this file system alone."""
        kind = subprocess.run(["stat", "-f", "-c", "%T", str(self.directory)], check=True, capture_output=True, text=True)
        assert kind.stdout.strip() == "tmpfs" and os.path.ismount(self.directory)
        with self.filler.open("wb", buffering=0) as filler:
            try:
                while filler.tell() < 2 * DISK_BYTES:
                    filler.write(bytes(4096))
            except OSError:
                pass
        assert self.filler.stat().st_size <= DISK_BYTES

    def make_room(self):
        self.filler.unlink()


@pytest.fixture
def on_small_disk(make_daemon, request):
    """A daemon, not started yet, whose state directory is a disk of its own."""
    servers = [request.getfixturevalue(name) for name in ("server", "server_2025") if name in request.fixturenames]
    daemon = make_daemon(servers=servers)
    disk = SmallDisk(daemon.state)
    try:
        disk.mount()
    except (subprocess.CalledProcessError, PermissionError):
        pytest.skip("no tmpfs can be mounted here")
    try:
        yield daemon, disk
        # What make_daemon looks at is looked at while it is still there.
        if daemon.process:
            assert daemon.stop() == 0, daemon.log()
        assert not daemon.leftovers()
        check_log(daemon, servers)
        check_tokens(daemon, servers)
    finally:
        if daemon.process:
            daemon.kill()
        disk.unmount()


@needs_root
def test_full_before_the_exchange(server_2025, on_small_disk):
    """Userkey is not called; the login completes when there is room."""
    daemon, disk = on_small_disk
    daemon.start()
    browser, token = accept(daemon, server_2025, daemon.login("me", server=server_2025.origin))
    disk.fill()
    status, result, _, text = browser.get(daemon.callback_url(token))
    assert status == 200 and "longer than usual" in text and "No space left on device" in text
    assert str(daemon.state) in text
    problem = daemon.account("me")["login"]["problem"]
    assert problem["code"] == "NO_ROOM" and "make room" in problem["message"]
    assert "No space left on device" in daemon.log()
    wait_for(lambda: daemon.account("me")["login"]["state"] == "securing")
    assert not server_2025.calls(USERKEY) and not daemon.leftovers()
    disk.make_room()
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert "You are logged in" in browser.get(result)[3]
    assert len(server_2025.calls(USERKEY)) == 1 and server_2025.calls(USERKEY)[0].body["token"] == token
    assert len(server_2025.calls(GENERATE)) == 1


@needs_root
def test_full_before_the_exchange_and_restarted(server_2025, on_small_disk):
    daemon, disk = on_small_disk
    daemon.start()
    browser, token = accept(daemon, server_2025, daemon.login("me", server=server_2025.origin))
    disk.fill()
    browser.get(daemon.callback_url(token))
    daemon.kill()
    daemon.start()
    assert not server_2025.calls(USERKEY)
    disk.make_room()
    assert "You are logged in" in browser.get(daemon.callback_url(token))[3]
    assert len(server_2025.calls(USERKEY)) == 1


@needs_root
def test_full_then_killed_and_the_page_reloaded(server_2025, on_small_disk):
    """The callback was in memory alone. Its browser is led through the start link again, where no click is needed."""
    daemon, disk = on_small_disk
    daemon.start()
    login = daemon.login("me", server=server_2025.origin)
    browser, token = accept(daemon, server_2025, login)
    disk.fill()
    result = browser.get(daemon.callback_url(token))[1]
    daemon.kill()
    disk.make_room()
    daemon.start()
    assert PlainBrowser().get(result, follow=False)[0] == 200, "another browser is not led anywhere"
    status, _, headers, _ = browser.get(result, follow=False)
    assert status == 303 and login["start_url"].endswith(headers["Location"])
    status, _, headers, _ = browser.get(login["start_url"], follow=False)
    assert status == 303 and headers["Location"] == f"{server_2025.origin}/auth/{token}"
    # Once: from then on the page waits for the person.
    assert browser.get(result, follow=False)[0] == 200
    assert not server_2025.calls(USERKEY)
    assert "You are logged in" in browser.get(daemon.callback_url(token))[3]


@needs_root
def test_full_at_the_start_of_a_login(server_2025, on_small_disk):
    daemon, disk = on_small_disk
    daemon.start()
    disk.fill()
    done = daemon.authctl("login", server_2025.origin, "--as", "me")
    assert done.returncode == 1 and done.stdout == ""
    assert "No space left on device" in done.stderr and str(daemon.state) in done.stderr
    assert "make room" in done.stderr
    assert not server_2025.calls(USERKEY) and not daemon.leftovers()
    disk.make_room()
    assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"


@needs_root
def test_full_after_the_room_was_secured(server_2025, on_small_disk):
    """What was reserved is enough, however full the disk is by now."""
    daemon, disk = on_small_disk
    daemon.start()
    server_2025.misbehave(USERKEY, misskey.Delay(4))
    browser, token = accept(daemon, server_2025, daemon.login("me", server=server_2025.origin))
    assert browser.get(daemon.callback_url(token), follow=False)[0] == 303
    server_2025.wait_for_calls(USERKEY)
    disk.fill()
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    stored = daemon.credentials()["me"]
    assert daemon.token("me").stdout == stored["i"] + "\n" == (daemon.state / "accounts/me/token").read_text()
    assert "NOT_STORED" not in daemon.log() and "cannot write" not in daemon.log()
    daemon.kill()
    daemon.start()
    assert daemon.account("me")["state"] in ("verified", "unverified")
    disk.make_room()
    assert len(server_2025.calls(USERKEY)) == 1


@needs_root
def test_several_exchanges_on_a_disk_that_fills_up(server_2025, on_small_disk):
    """Each has room of its own."""
    daemon, disk = on_small_disk
    daemon.start()
    names = [f"a{n}" for n in range(4)]
    sessions = [accept(daemon, server_2025, daemon.login(name, server=server_2025.origin)) for name in names]
    server_2025.misbehave(USERKEY, misskey.Delay(4), times=len(names))
    for browser, token in sessions:
        assert browser.get(daemon.callback_url(token), follow=False)[0] == 303
    server_2025.wait_for_calls(USERKEY, len(names))
    disk.fill()
    for name in names:
        assert daemon.outcome(name)["outcome"] == "AUTHORIZED"
    assert set(daemon.credentials()) == set(names)
    assert all(daemon.token(name).returncode == 0 for name in names)
    assert len(server_2025.calls(USERKEY)) == len(names)
    disk.make_room()


@needs_root
def test_a_full_disk_does_not_keep_scripts_from_their_tokens(server_2025, on_small_disk):
    daemon, disk = on_small_disk
    daemon.start()
    authorize(daemon, server_2025)
    disk.fill()
    daemon.kill()
    daemon.start()
    assert daemon.token("me").stdout == daemon.credentials()["me"]["i"] + "\n"
    disk.make_room()


@needs_root
def test_a_read_only_state_directory_is_said(server_2025, on_small_disk):
    daemon, disk = on_small_disk
    daemon.start()
    authorize(daemon, server_2025)
    assert daemon.stop() == 0
    before = sorted((file, file.read_bytes()) for file in daemon.state.rglob("*") if file.is_file())
    disk.read_only(True)
    try:
        done = daemon.run("misskey-authd", timeout=20)
        assert done.returncode == 1 and done.stdout == ""
        assert str(daemon.state) in done.stderr and "ead-only file system" in done.stderr
        assert daemon.token("me").returncode == 0
    finally:
        disk.read_only(False)
    assert sorted((file, file.read_bytes()) for file in daemon.state.rglob("*") if file.is_file()) == before


# A disk that fails although everything was secured, on any machine


def blocked(daemon, server):
    """A login whose answer is there while a directory stands in credentials.json's place."""
    server.misbehave(USERKEY, misskey.Delay(3))
    browser, token = accept(daemon, server, daemon.login("me", server=server.origin))
    assert browser.get(daemon.callback_url(token), follow=False)[0] == 303
    server.wait_for_calls(USERKEY)
    obstacle = daemon.state / "credentials.json"
    obstacle.mkdir()
    wait_for(lambda: daemon.account("me")["login"]["state"] == "storing", what="the attempt to store")
    wait_for(lambda: daemon.account("me")["login"]["problem"], what="the trouble")
    return browser, token, obstacle


def test_what_could_not_be_stored_is_kept_and_tried_again(server_2025, daemon):
    browser, token, obstacle = blocked(daemon, server_2025)
    problem = daemon.account("me")["login"]["problem"]
    assert problem["code"] == "NOT_STORED" and str(obstacle) in problem["message"]
    status, result, _, text = browser.get(daemon.callback_url(token))
    assert status == 200 and "longer than usual" in text and "credentials.json" in text
    assert "credentials.json" in daemon.log()
    assert daemon.token("me").returncode == 3
    obstacle.rmdir()
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert "You are logged in" in browser.get(result)[3]
    assert len(server_2025.calls(USERKEY)) == 1


def test_a_stop_tries_a_last_time_to_store(server_2025, daemon):
    _, _, obstacle = blocked(daemon, server_2025)
    obstacle.rmdir()
    assert daemon.stop() == 0
    assert daemon.token("me").stdout == daemon.credentials()["me"]["i"] + "\n"
    daemon.start()
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert len(server_2025.calls(USERKEY)) == 1


def test_what_is_lost_at_a_stop_is_said_and_costs_no_click(willing_server, daemon):
    browser, token, obstacle = blocked(daemon, willing_server)
    assert daemon.stop() == 0
    assert "is lost" in daemon.log()
    obstacle.rmdir()
    daemon.start()
    login = wait_for(lambda: daemon.account("me")["login"]["state"] == "consent" and daemon.account("me")["login"])
    assert "You are logged in" in PlainBrowser().get(login["start_url"])[3]
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"


def test_no_temporary_files_are_left(server_2025, daemon):
    login = daemon.login("me", server=server_2025.origin)
    assert not daemon.leftovers()
    server_2025.misbehave(USERKEY, misskey.NeverAnswer())
    browser, token = accept(daemon, server_2025, login)
    browser.get(daemon.callback_url(token), follow=False)
    server_2025.wait_for_calls(USERKEY)
    assert len(daemon.leftovers()) == 3  # the room for credentials.json, accounts/me/env and accounts/me/token
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in daemon.leftovers())
    daemon.kill()
    orphan = daemon.state / f".tmp-{'0' * 32}"
    orphan.write_text("from an earlier crash")
    kept = daemon.state / ".tmp-notes"
    kept.write_text("not of that form, so not ours")
    daemon.start()
    assert not orphan.exists() and kept.exists()
    kept.unlink()
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    wait_for(lambda: not daemon.leftovers(), what="the end of the reservation")
    consent(daemon, server_2025, daemon.login("me"))
    assert not daemon.leftovers()
