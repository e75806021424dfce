# SPDX-License-Identifier: MIT
"""Hooks of the daemon as a service: outside of its sandbox and control group, with what the session has."""

import json
import os
import re
import shutil
import time

import pytest

from harness import wait_for
from hook_recorder import Recorder, facts
from misskey_server import MisskeyServer
from service_story import AGENT, UNIT, Service


@pytest.fixture
def hook(manager):
    """A recorder in the user's home, which the service's sandbox hides or makes read-only."""
    directory = manager.home / "hooks"
    one = Recorder(directory)
    for path in (directory, one.program):
        os.chown(path, manager.user.pw_uid, manager.user.pw_gid)
    yield one
    (directory / "hold").unlink(missing_ok=True)
    wait_for(lambda: not list(directory.glob("*.begun")), what="the end of the hooks")
    shutil.rmtree(directory)


@pytest.fixture
def make_service(manager):
    made = []

    def make(daemon):
        made.append(Service(manager, daemon))
        return made[-1].start()

    yield make
    for service in made:
        service.stop()


@pytest.fixture
def server():
    with MisskeyServer(profile="2025") as one:
        yield one


def script(manager, name, text):
    """A program that the service's user may run."""
    program = manager.programs / name
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return program


def is_alive(pid):
    return os.path.exists(f"/proc/{pid}")


def test_it_runs_outside_of_the_sandbox_and_the_control_group(manager, make_service, hook, server):
    service = make_service(f"on_credential_changed = {hook.command('$HOME', '%h', '$$')}")
    service.authorize(server)
    (record, *_) = hook.wait(1)
    told = json.loads(record["stdin"])
    assert told["account"] == "me" and re.fullmatch("[0-9a-f]{64}", told["i"])
    assert facts(record)["MISSKEY_ACCOUNT"] == "me" and facts(record)["MISSKEY_USER"] == "alice"
    # Nothing of the words is expanded.
    assert record["argv"][2:] == ["$HOME", "%h", "$$"]
    assert AGENT in record["cgroup"] and UNIT not in record["cgroup"]
    (main,) = manager.show(UNIT, "MainPID")
    assert record["mounts"] == os.readlink(f"/proc/{manager.process.pid}/ns/mnt")
    assert "NoNewPrivs:\t0" in record["status"]
    assert (record["cwd"], record["umask"], record["core"][0]) == ("/", 0o077, 0)
    assert record["descriptors"]["0"].startswith("/memfd:") and record["descriptors"]["1"] == "/dev/null"
    assert set(record["descriptors"]) - {"3"} == {"0", "1", "2"}
    assert not {"NOTIFY_SOCKET", "LISTEN_FDS", "WATCHDOG_USEC"} & set(record["environ"])
    assert is_alive(main)


def test_its_environment_is_the_manager_s(manager, make_service, hook, server):
    """A display that came after the service was started, as it does at the start of a graphical session."""
    service = make_service(f"on_credential_changed = {hook.command()}")
    manager.systemctl("set-environment", "DISPLAY=:77")
    service.authorize(server)
    manager.systemctl("unset-environment", "DISPLAY")
    assert hook.wait(1)[0]["environ"]["DISPLAY"] == ":77"


def test_no_signal_is_ignored(manager, make_service, server):
    """A pipeline of a shell script ends when its reader does. (Python ignores SIGPIPE.)"""
    file = manager.home / "signals"
    service = make_service(f"on_credential_changed = {script(manager, 'signals', f'grep SigIgn: /proc/$$/status >{file}')}")
    service.authorize(server)
    wait_for(lambda: file.exists() and file.read_text())
    name, ignored = file.read_text().split()
    # Whatever posix_spawn(3) is told, glibc keeps two from its children, which are its own affair: 32 and 33.
    assert name == "SigIgn:" and int(ignored, 16) & ~(3 << 31) == 0


def test_no_secret_is_in_the_unit(manager, make_service, hook, server):
    hook.hold()
    service = make_service(f"on_credential_changed = {hook.command()}")
    service.authorize(server)
    (record, *_) = hook.wait(1)
    secrets = {token.hash for token in server.access_tokens} | {token.token for token in server.access_tokens}
    secrets |= {app.secret for app in server.apps.values()}
    assert any(secret in record["stdin"] for secret in secrets)
    shown = manager.systemctl("show", AGENT).stdout + manager.systemctl("status", "--full", AGENT).stdout
    assert str(hook.program) in shown
    with open(f"/proc/{record['pid']}/environ") as environ, open(f"/proc/{record['pid']}/cmdline") as cmdline:
        shown += environ.read() + cmdline.read()
    told = manager.home / ".local/state/misskey-authd/agent.json"
    wait_for(told.exists)
    shown += told.read_text()
    assert "MISSKEY_ACCOUNT=me" in shown
    assert not any(secret in shown for secret in secrets)
    hook.release()
    wait_for(lambda: not list(hook.directory.glob("*.begun")))
    wait_for(lambda: "hook on_credential_changed (account me): done after" in service.log())


@pytest.mark.parametrize("verb", ["restart", "stop"])
def test_it_survives_the_service(manager, make_service, hook, server, verb):
    hook.hold()
    service = make_service(f"on_credential_changed = {hook.command()}")
    service.authorize(server)
    (record, *_) = hook.wait(1)
    (before,) = manager.show(UNIT, "MainPID")
    assert manager.systemctl(verb, UNIT).returncode == 0
    assert manager.show(UNIT, "MainPID") != [before]
    assert is_alive(record["pid"])
    assert "(account me): not waited for, because the daemon stops" in service.log()
    hook.release()
    wait_for(lambda: not is_alive(record["pid"]))
    assert list(hook.directory.glob("*.done"))


def test_it_keeps_the_daemon_from_ending_when_idle(manager, make_service, hook, server):
    """One event alone: nothing waits behind it."""
    manager.write(f".config/systemd/user/{UNIT}.d/idle.conf",
                  f"[Service]\nExecStart=\nExecStart={manager.programs}/misskey-authd --no-agent --idle-exit 1s\n")
    try:
        hook.hold()
        make_service(f"on_consent_needed = {hook.command()}")
        # With a display: a session that is polled would keep the daemon too.
        page = manager.authctl("login", server.origin, "--as", "me", "--no-wait", DISPLAY=":77")
        assert page.returncode == 0, page.stderr
        hook.wait(1)
        time.sleep(2.5)
        assert manager.show(UNIT, "ActiveState") == ["active"]
        hook.release()
        wait_for(lambda: manager.show(UNIT, "ActiveState") == ["inactive"], what="the idle exit")
    finally:
        (manager.home / f".config/systemd/user/{UNIT}.d/idle.conf").unlink()


def test_a_time_limit_is_enforced(manager, make_service, server):
    """A hook that ignores SIGTERM is killed with its children."""
    pids = manager.home / "pids"
    program = script(manager, "stubborn", f"trap '' TERM; sleep 1000 & echo $$ $! >{pids}.new; mv {pids}.new {pids}; wait")
    service = make_service(f"on_credential_changed = {program}\nhook_time = 1s")
    service.authorize(server)
    wait_for(pids.exists)
    processes = pids.read_text().split()
    began = time.monotonic()
    wait_for(lambda: "because it took longer than hook_time allows" in service.log())
    assert time.monotonic() - began > 4
    assert re.search(r"hook on_credential_changed \(account me\): was ended after [5-8]\.\d s", service.log())
    wait_for(lambda: not any(is_alive(pid) for pid in processes))
    pids.unlink()


@pytest.mark.parametrize("text, said", [
    ("exit 7", r"failed with exit status 7 after \d+\.\d s"),
    # Long enough that systemd sees it run: otherwise the number could be its own.
    ("sleep 0.5; exit 203", r"failed with exit status 203 after \d+\.\d s"),
    ("kill -SEGV $$", r"was ended by signal 11 \(Segmentation fault\) after \d+\.\d s"),
])
def test_a_failure_is_said(manager, make_service, server, text, said):
    service = make_service(f"on_credential_changed = {script(manager, 'failing', text)}")
    service.authorize(server)
    wait_for(lambda: re.search(rf"hook on_credential_changed \(account me\): {said}\n", service.log()), what=said)


def test_what_cannot_be_executed_is_said(manager, make_service, server):
    service = make_service("on_credential_changed = /nowhere/at/all")
    service.authorize(server)
    said = "hook on_credential_changed (account me): /nowhere/at/all cannot be started: No such file or directory"
    wait_for(lambda: said in service.log())
    assert "done after" not in service.log()


def test_without_a_bus_it_is_run_all_the_same(manager, make_service, hook, server):
    manager.write(f".config/systemd/user/{AGENT}.d/bus.conf",
                  "[Service]\nEnvironment=DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere/bus\n")
    try:
        service = make_service(f"on_credential_changed = {hook.command()}")
        service.authorize(server)
        assert hook.wait(1)[0]["environ"]["HOME"] == str(manager.home)
        assert "systemd does not tell its environment: No such file or directory" in service.log()
    finally:
        (manager.home / f".config/systemd/user/{AGENT}.d/bus.conf").unlink()
