# SPDX-License-Identifier: MIT
"""misskey-authctl enable and disable, on a real user manager: what they say about listening ports is true."""

import os
import re
import shutil
import socket
import stat
import subprocess

import pytest

from harness import free_port, open_start, wait_for
from misskey_server import MisskeyServer
from user_manager import SOURCES, UNITS, UserManager, why_not

SERVICE, CALLBACK, CONTROL = "misskey-authd.service", "misskey-authd-callback.socket", "misskey-authd-control.socket"
AGENT, LOGIN, TIMER = "misskey-authd-agent.service", "misskey-authd-login.service", "misskey-authd-verify.timer"
ALL = (SERVICE, CALLBACK, CONTROL, AGENT, LOGIN, TIMER)
DROP_INS = f".config/systemd/user/{CALLBACK}.d"
STATE, CONFIG = ".local/state/misskey-authd", ".config/misskey-authd"


class Person:
    """A person who has installed misskey-authd and types `misskey-authctl enable`."""

    def __init__(self, manager):
        self.manager = manager
        self.home = manager.home
        self.port = free_port()

    def enable(self, *options):
        return self.manager.authctl("enable", *options)

    def enabled(self, *options):
        """The port that `enable` says."""
        done = self.enable(*options)
        assert done.returncode == 0, done.stderr
        address, path = done.stdout.splitlines()
        assert path == f"{self.manager.runtime}/misskey-authd/control.sock"
        host, port = address.split(":")
        assert host == "127.0.0.1"
        return int(port)

    def disabled(self):
        done = self.manager.authctl("disable")
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        return re.findall(r"^Kept: (.*)$", done.stderr, re.M)

    def follow(self, done):
        """Does what the last line of the message says, as it stands there."""
        assert done.returncode == 1 and done.stdout == "", done.stdout
        command = done.stderr.splitlines()[-1].rsplit(": ", 1)[1]
        path = f"{self.manager.programs}:{self.manager.env['PATH']}"
        return self.manager.run("sh", "-c", command, PATH=path, ASAN_OPTIONS="detect_leaks=0")

    def log_in(self, account="me"):
        """A whole login, by a redirect that has systemd start the daemon."""
        with MisskeyServer(profile="2025") as server:
            page = self.manager.authctl("login", server.origin, "--as", account, "--no-wait", DISPLAY=":1")
            assert page.returncode == 0, page.stderr
            start = page.stdout.strip()
            browser, token = open_start(start)
            server.accept(token, "alice")
            self.manager.systemctl("stop", SERVICE)
            status, _, _, text = browser.get(f"{start.partition('/start/')[0]}/callback?token={token}")
            assert status == 200 and "@alice" in text, text
            assert "verified  @alice" in self.manager.authctl("list").stdout
            return start

    def states(self, name):
        shown = self.manager.systemctl("show", f"--property={name}", *ALL).stdout
        return dict(zip(ALL, re.findall(rf"^{name}=(.*)$", shown, re.M)))

    def mode(self, path):
        return oct(stat.S_IMODE((self.home / path).stat().st_mode))

    def clean(self):
        shutil.rmtree(self.home / DROP_INS, ignore_errors=True)
        verbs = " ".join(f"systemctl --user {verb} {' '.join(ALL)};" for verb in ("unmask", "stop", "disable"))
        self.manager.run("sh", "-c", f"{verbs} systemctl --user reset-failed")
        self.manager.forget()


@pytest.fixture
def person(manager):
    one = Person(manager)
    one.manager.forget()
    yield one
    one.clean()


def accepts(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_from_the_installation_to_a_login_and_back(person):
    person.manager.write(f"{DROP_INS}/override.conf", f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{free_port()}\n")
    assert person.enabled("--port", str(person.port)) == person.port
    assert person.states("UnitFileState") == {SERVICE: "enabled", CALLBACK: "enabled", CONTROL: "enabled", AGENT: "static",
                                              LOGIN: "disabled", TIMER: "disabled"}
    assert f"127.0.0.1:{person.port}" in person.log_in()
    # Once more changes nothing, not even the process.
    before = person.manager.show(SERVICE, "MainPID")
    assert person.enabled() == person.port and person.manager.show(SERVICE, "MainPID") == before != ["0"]
    kept = person.disabled()
    assert kept == [str(person.home / path) for path in (STATE, CONFIG, DROP_INS)]
    assert set(person.states("ActiveState").values()) == {"inactive"} and not accepts(person.port)
    assert "enabled" not in person.states("UnitFileState").values()
    assert not list((person.home / ".config/systemd/user").glob("*.wants/*"))
    # It was kept: the port too.
    assert person.enabled() == person.port and "@alice" in person.manager.authctl("list").stdout


def test_after_the_next_start_of_the_session_it_listens_or_does_not(person):
    person.enabled("--port", str(person.port))
    person.manager.restart()
    # The daemon looks for pending logins and ends.
    assert person.manager.show(SERVICE, "ActiveState") != ["inactive"] and accepts(person.port)
    person.disabled()
    person.manager.restart()
    assert set(person.states("ActiveState").values()) == {"inactive"} and not accepts(person.port)


def test_what_is_wanted_besides(person):
    person.enabled("--port", str(person.port), "--at-login", "--verify-daily")
    found = person.states("UnitFileState")
    assert (found[LOGIN], found[TIMER]) == ("enabled", "enabled")
    assert person.states("ActiveState")[TIMER] == "active" and person.states("ActiveState")[LOGIN] == "inactive"
    # What is not said is left as it is.
    person.enabled()
    assert person.states("UnitFileState") == found
    person.disabled()
    assert not {"enabled"} & set(person.states("UnitFileState").values())


def test_another_port_while_the_daemon_runs(person):
    person.enabled("--port", str(person.port))
    person.log_in()
    assert person.manager.show(SERVICE, "ActiveState") == ["active"]
    other = free_port()
    assert person.enabled("--port", str(other)) == other
    assert accepts(other) and not accepts(person.port)
    assert f"127.0.0.1:{other}" in person.log_in("again")


@pytest.mark.parametrize("runs", [False, True])
def test_a_port_that_is_anothers(person, runs):
    if runs:
        person.enabled("--port", str(free_port()))
    before = person.states("ActiveState"), person.states("UnitFileState")
    # The kernel's choice: the next one is not what other tests take.
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = taken.getsockname()[1]
        done = person.enable("--port", str(wanted), "--verify-daily")
        assert f"Another program has the port 127.0.0.1:{wanted}." in done.stderr
        # Nothing was changed.
        assert (person.states("ActiveState"), person.states("UnitFileState")) == before
        done = person.follow(done)
    assert done.returncode == 0, done.stderr
    port = int(done.stdout.splitlines()[0].split(":")[1])
    assert port > wanted and accepts(port) and person.states("UnitFileState")[TIMER] == "enabled"
    person.log_in()


def test_a_port_that_was_written_by_hand(person):
    """systemd has not read it yet."""
    person.enabled("--port", str(person.port))
    person.manager.systemctl("stop", CALLBACK)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = taken.getsockname()[1]
        person.manager.write(f"{DROP_INS}/port.conf", f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{wanted}\n")
        assert f"Another program has the port 127.0.0.1:{wanted}." in person.enable().stderr


def test_a_port_for_root(person):
    done = person.enable("--port", "80")
    assert "127.0.0.1:80 cannot be used: Permission denied." in done.stderr
    assert person.follow(done).returncode == 0


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", ""])
def test_a_port_that_is_none(person, port):
    done = person.enable("--port", port)
    assert done.returncode == 2 and f"--port: `{port}` must be a number from 1 to 65535." in done.stderr


def test_a_socket_that_was_stopped_while_the_service_runs(person):
    """Its port is still the service's."""
    person.enabled("--port", str(person.port))
    for unit in (CALLBACK, CONTROL):
        person.manager.systemctl("start", SERVICE)
        person.manager.systemctl("stop", unit)
        assert person.manager.show(SERVICE, "ActiveState") == ["active"]
        assert person.enabled() == person.port
    person.log_in()


def test_a_daemon_that_was_started_by_hand(person):
    person.manager.write(f"{CONFIG}/config.ini", f"[daemon]\nlisten = 127.0.0.1:{person.port}\n")
    daemon = subprocess.Popen(
        person.manager.as_user(person.manager.programs / "misskey-authd"), cwd="/", stderr=subprocess.DEVNULL,
        env={**person.manager.env, "ASAN_OPTIONS": "detect_leaks=0"})
    wait_for(lambda: person.manager.authctl("status").returncode == 0, what="the daemon")
    done = person.enable("--port", str(person.port))
    assert f"without systemd (process {daemon.pid})." in done.stderr
    done = person.follow(done)
    assert daemon.wait(20) == 0 and done.returncode == 0, done.stderr
    assert person.enabled("--port", str(person.port)) == person.port
    person.log_in()


def test_a_unit_that_is_masked(person):
    file = person.home / f".config/systemd/user/{CONTROL}"
    text = file.read_text()
    file.unlink()
    assert person.manager.systemctl("mask", CONTROL).returncode == 0
    try:
        done = person.enable()
        assert f"{CONTROL} is masked: it cannot start." in done.stderr
        assert done.stderr.endswith(f"systemctl --user unmask {CONTROL} && misskey-authctl enable\n")
        person.disabled()
        person.manager.systemctl("unmask", CONTROL)
        done = person.enable()
        assert f"systemd does not know {CONTROL}." in done.stderr
        assert done.stderr.endswith("Install misskey-authd, then: misskey-authctl enable\n")
    finally:
        person.manager.systemctl("unmask", CONTROL)
        person.manager.write(f".config/systemd/user/{CONTROL}", text)
    # systemd has not been told that the file is there.
    person.enabled("--port", str(person.port))


@pytest.mark.parametrize("word", ["enable", "disable"])
def test_without_a_user_manager(person, word):
    done = person.manager.authctl(word, XDG_RUNTIME_DIR="/nowhere", DBUS_SESSION_BUS_ADDRESS="unix:path=/nowhere")
    assert done.returncode == 1 and "There is no systemd user manager to start the daemon: " in done.stderr
    assert "loginctl enable-linger" in done.stderr
    done = person.manager.run("/usr/bin/env", "PATH=/nowhere", person.manager.programs / "misskey-authctl", word)
    assert done.returncode == 1 and "There is no systemd here" in done.stderr


def test_an_override_of_the_port_is_named(person):
    person.manager.write(f"{DROP_INS}/zz.conf", f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{free_port()}\n")
    done = person.enable("--port", str(person.port))
    assert done.returncode == 1 and f"systemctl --user cat {CALLBACK}" in done.stderr


# disable


def test_what_an_older_installation_enabled(person):
    """The service itself, and units that are there no longer."""
    person.enabled("--port", str(person.port))
    assert person.manager.systemctl("enable", "--now", SERVICE, TIMER).returncode == 0
    assert person.manager.systemctl("enable", LOGIN).returncode == 0
    for target, unit in (("default.target", AGENT), ("timers.target", TIMER)):
        link = person.home / f".config/systemd/user/{target}.wants/{unit}"
        link.parent.mkdir(exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(f"/usr/lib/systemd/user/removed/{unit}")
    person.disabled()
    assert not list((person.home / ".config/systemd/user").glob("*.wants/*"))
    assert set(person.states("ActiveState").values()) == {"inactive"} and not accepts(person.port)


def test_nothing_to_disable(person):
    assert person.disabled() == []
    assert person.disabled() == []


def test_what_is_enabled_for_everybody(person):
    wants = ["/etc/systemd/user/sockets.target.wants", "/etc/systemd/user/default.target.wants"]
    made = [directory for directory in wants if not os.path.isdir(directory)]
    link = f"{wants[0]}/{CALLBACK}"
    unit = f"/etc/systemd/user/{CALLBACK}"
    shutil.move(person.home / f".config/systemd/user/{CALLBACK}", unit)
    for directory in made:
        os.makedirs(directory)
    os.symlink(unit, link)
    try:
        person.enabled("--port", str(person.port))
        done = person.manager.authctl("disable")
        assert f"{CALLBACK} is enabled for all users of this computer." in done.stderr
        assert person.follow(done).returncode == 0
        person.disabled()
        person.manager.restart()
        assert not accepts(person.port)
    finally:
        os.unlink(link)
        person.manager.systemctl("unmask", CALLBACK)
        shutil.move(unit, person.home / f".config/systemd/user/{CALLBACK}")
        for directory in made:
            os.rmdir(directory)


# What was removed


def test_a_state_that_was_removed_while_it_was_disabled(person):
    person.enabled("--port", str(person.port))
    person.log_in()
    for path in person.disabled():
        shutil.rmtree(path)
    person.enabled("--port", str(person.port))
    assert "alice" not in person.manager.authctl("list").stdout
    person.log_in()
    assert person.mode(STATE) == "0o700"


@pytest.mark.skipif("BindPaths=" in (SOURCES / f"{SERVICE}.in").read_text(),
                    reason="the sandbox shows the directories that are there when the service starts")
def test_a_state_that_was_removed_while_it_listens(person):
    person.enabled("--port", str(person.port))
    person.log_in()
    person.manager.systemctl("stop", SERVICE)
    for path in (STATE, CONFIG):
        shutil.rmtree(person.home / path, ignore_errors=True)
    person.log_in()
    assert person.mode(STATE) == "0o700"


# Other managers


def make_manager(suffix, **options):
    reason = why_not()
    if reason:
        pytest.skip(reason)
    return UserManager(suffix, **options)


def begin(manager, units=".config/systemd/user"):
    if not manager.start():
        pytest.skip("a user manager does not start here")
    manager.install_programs()
    manager.install_units(units)


def test_with_a_umask_that_forbids_nothing():
    manager = make_manager("-umask", prepare=lambda: os.umask(0))
    try:
        begin(manager)
        person = Person(manager)
        person.enabled("--port", str(person.port))
        person.log_in()
        made = [manager.home / path for path in (".local", ".local/state", STATE, DROP_INS)]
        for directory in (*made, manager.runtime / "misskey-authd"):
            assert person.mode(directory) == "0o700", directory
        assert not [path for path in manager.home.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o022]
    finally:
        manager.stop()


def test_a_system_user_does_not_take_the_port(person):
    """As a login screen's: what an administrator enabled for everybody is enabled for it too."""
    manager = make_manager("-system", system=True)
    try:
        begin(manager)
        other = Person(manager)
        done = other.enable("--port", str(person.port), "--at-login", "--verify-daily")
        assert done.returncode == 1 and "systemd does not start misskey-authd for system users." in done.stderr
        manager.restart()
        for unit in (CALLBACK, CONTROL, TIMER):
            assert manager.show(unit, "UnitFileState", "ActiveState", "ConditionResult") == ["enabled", "inactive", "no"]
        for unit in (SERVICE, LOGIN):
            assert manager.systemctl("start", unit).returncode == 0
            assert manager.show(unit, "ActiveState", "ConditionResult") == ["inactive", "no"]
        assert not accepts(person.port)
        assert person.enabled("--port", str(person.port)) == person.port
    finally:
        manager.stop()


def test_a_configuration_elsewhere():
    """The manager's counts, whatever the shell says."""
    manager = make_manager("-config")
    manager.env["XDG_CONFIG_HOME"] = str(manager.home / "settings")
    try:
        begin(manager, ".local/share/systemd/user")
        person = Person(manager)
        for at in (manager.env["XDG_CONFIG_HOME"], str(manager.home / ".config")):
            done = manager.authctl("enable", "--port", str(person.port), XDG_CONFIG_HOME=at)
            assert done.returncode == 0 and done.stdout.startswith(f"127.0.0.1:{person.port}\n"), done.stderr
            person.port = free_port()
        assert (manager.home / f"settings/systemd/user/{CALLBACK}.d/port.conf").exists()
        assert not (manager.home / DROP_INS).exists()
        kept = person.disabled()
        assert f"{manager.home}/settings/systemd/user/{CALLBACK}.d" in kept
    finally:
        manager.stop()


def test_every_unit_is_in_the_table():
    source = (SOURCES.parent / "cli/units/units.c").read_text()
    assert set(UNITS) <= set(re.findall(r'"(misskey-authd[\w.-]*)"', source))
