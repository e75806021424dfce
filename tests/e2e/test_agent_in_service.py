# SPDX-License-Identifier: MIT
"""misskey-authd-agent as a unit: it comes and goes with the daemon, and never starts it."""

import os
import signal
import time

import pytest

from harness import wait_for
from hook_recorder import Recorder
from misskey_server import MisskeyServer
from service_story import AGENT, UNIT, Service

IDLE = f".config/systemd/user/{UNIT}.d/idle.conf"


@pytest.fixture
def hook(manager):
    one = Recorder(manager.home / "agent-hook")
    for path in (one.directory, one.program):
        os.chown(path, manager.user.pw_uid, manager.user.pw_gid)
    yield one
    manager.run("rm", "-r", one.directory)


@pytest.fixture
def make_service(manager):
    """A daemon that ends after a second without anything to do."""
    manager.write(IDLE, f"[Service]\nExecStart=\nExecStart={manager.programs}/misskey-authd --no-agent --idle-exit 1s\n")
    made = []

    def make(daemon=""):
        made.append(Service(manager, daemon))
        return made[-1].start()

    yield make
    for service in made:
        service.stop()
    (manager.home / IDLE).unlink()


def state(manager, unit):
    return manager.show(unit, "ActiveState")[0]


def wait_for_both(manager, wanted):
    wait_for(lambda: state(manager, UNIT) == state(manager, AGENT) == wanted, what=f"both to be {wanted}")


def test_it_ends_with_an_idle_daemon_and_comes_again(manager, make_service):
    service = make_service()
    for _ in range(3):
        wait_for_both(manager, "inactive")
        # By its socket.
        assert service.authctl("status").returncode == 0
        wait_for(lambda: state(manager, AGENT) == "active", what="the agent")
    # However soon.
    wait_for(lambda: state(manager, UNIT) == "inactive")
    assert service.authctl("status").returncode == 0
    wait_for(lambda: '"agent": true' in service.authctl("status", "--json").stdout, what="the agent again")


def test_it_never_starts_the_daemon(manager, make_service):
    service = make_service()
    wait_for_both(manager, "inactive")
    started = manager.systemctl("start", AGENT)
    assert started.returncode != 0
    starts = service.log().count("ready: ")
    time.sleep(1)
    assert state(manager, UNIT) == state(manager, AGENT) == "inactive" and service.log().count("ready: ") == starts


@pytest.mark.parametrize("victim", [UNIT, AGENT])
def test_after_a_crash_it_is_there_again(manager, make_service, hook, victim):
    with MisskeyServer(profile="2025") as server:
        service = make_service(f"on_credential_changed = {hook.command()}")
        wait_for(lambda: state(manager, AGENT) == "active")
        (pid,) = manager.show(victim, "MainPID")
        os.kill(int(pid), signal.SIGKILL)
        service.authorize(server)
        # Each question keeps the daemon, or starts it again.
        wait_for(lambda: service.authctl("status").returncode == 0 and hook.begun(), what="the hook")
    assert hook.told()[-1]["account"] == "me"


def test_with_nothing_to_do_it_ends_at_once(manager, make_service):
    make_service("notifications = no")
    wait_for(lambda: manager.show(AGENT, "ActiveState", "SubState", "Result") == ["inactive", "dead", "success"]
             and manager.show(AGENT, "ExecMainStatus") == ["0"])
    assert manager.show(AGENT, "NRestarts") == ["0"]


def test_stop_and_restart_are_for_both(manager, make_service):
    make_service()
    wait_for(lambda: state(manager, AGENT) == "active")
    (before,) = manager.show(AGENT, "MainPID")
    assert manager.systemctl("restart", UNIT).returncode == 0
    wait_for(lambda: state(manager, AGENT) == "active" and manager.show(AGENT, "MainPID") != [before])
    assert manager.systemctl("stop", UNIT).returncode == 0
    wait_for_both(manager, "inactive")


def test_a_daemon_that_has_refused_to_work_has_it_afterwards(manager, make_service, hook):
    service = make_service(f"on_error = {hook.program}")
    wait_for_both(manager, "inactive")
    config = manager.home / ".config/misskey-authd/config.ini"
    good = config.read_text(encoding="utf-8")
    config.write_text(good + "nonsense = 1\n", encoding="utf-8")
    assert service.authctl("list").returncode != 0
    wait_for(lambda: state(manager, AGENT) == "failed", what="the end of an agent without a config")
    config.write_text(good, encoding="utf-8")
    assert service.authctl("status").returncode == 0
    wait_for(lambda: '"agent": true' in service.authctl("status", "--json").stdout, what="the agent")
