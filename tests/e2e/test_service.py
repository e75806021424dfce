# SPDX-License-Identifier: MIT
"""The service and its sockets under a real user manager: started on demand, restarted, never lost."""

import os
import signal
import socket
import subprocess
import threading
import time

import pytest

import browser
from harness import PlainBrowser, accept, free_port, read_page, wait_for
from misskey_server import Delay, MisskeyServer
from user_manager import UserManager

SOCKETS = ("misskey-authd-callback.socket", "misskey-authd-control.socket")
SERVICE = "misskey-authd.service"
DROP_INS = ".config/systemd/user/{}.d/{}.conf"


class Unit:
    """The service of a user's manager, with its sockets on a port of its own."""

    def __init__(self, manager):
        self.manager = manager
        self.port = free_port()
        self.state = manager.home / ".local/state/misskey-authd"
        self.written = []

    def override(self, unit, name, text):
        path = DROP_INS.format(unit, name)
        self.manager.write(path, text)
        self.written.append(self.manager.home / path)

    def prepare(self, idle_exit="1s", more=""):
        """Drop-ins for a free port and a short idle exit."""
        self.override(SOCKETS[0], "port", f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{self.port}\n")
        program = self.manager.programs / "misskey-authd"
        self.override(SERVICE, "time", f"[Service]\nExecStart=\nExecStart={program} --no-agent --idle-exit {idle_exit}\n{more}")
        self.reload()

    def reload(self):
        assert self.manager.systemctl("daemon-reload").returncode == 0

    def listen(self):
        started = self.manager.systemctl("start", *SOCKETS)
        assert started.returncode == 0, started.stderr
        return self

    def take_away(self):
        self.manager.systemctl("stop", *SOCKETS, SERVICE)
        for file in self.written:
            file.unlink(missing_ok=True)
        self.reload()
        self.manager.systemctl("reset-failed")
        self.manager.forget()

    # What it is like

    def states(self, *units):
        return [self.manager.show(unit, "ActiveState")[0] for unit in units or SOCKETS]

    def pid(self):
        return int(self.manager.show(SERVICE, "MainPID")[0])

    def wait_for_end(self, seconds=60):
        wait_for(lambda: self.states(SERVICE) == ["inactive"], seconds, "the idle exit")

    # Clients

    def authctl(self, *arguments, **env):
        return self.manager.authctl(*arguments, **env)

    def ask_control(self, timeout=20):
        """As the user: for root the daemon is not there."""
        done = self.authctl("status", "--json")
        return done.returncode == 0 and '"version"' in done.stdout

    def ask_callback(self, timeout=20):
        return PlainBrowser().get(f"http://127.0.0.1:{self.port}/")[0] == 200

    def begin_login(self, server, account="me"):
        """A login that waits for its redirect: a browser that has opened the page, and the token."""
        begun = self.authctl("login", server.origin, "--as", account, "--no-wait", DISPLAY=":9")
        assert begun.returncode == 0 and "/start/" in begun.stdout, begun.stderr + begun.stdout
        return accept(self, server, {"start_url": begun.stdout.strip()})

    def redirect(self, client, token):
        status, _, _, page = client.get(f"http://127.0.0.1:{self.port}/callback?token={token}")
        assert status == 200, page
        return page

    def is_verified(self, account="me"):
        shown = self.manager.run(self.manager.programs / "misskey-token", account, "--env")
        return "MISSKEY_TOKEN=" in shown.stdout


@pytest.fixture
def unit(manager):
    one = Unit(manager)
    manager.forget()
    one.prepare()
    try:
        yield one
    finally:
        one.take_away()


# ---- On demand ----

def test_a_first_start(unit):
    """There is no state and no config of misskey-authd, and nothing runs until somebody asks."""
    assert not unit.state.exists()
    unit.listen()
    assert unit.states() == ["active", "active"] and unit.states(SERVICE) == ["inactive"]
    assert unit.ask_control()
    assert unit.states(SERVICE) == ["active"]
    assert (unit.state.stat().st_mode & 0o777, unit.state.stat().st_uid) == (0o700, unit.manager.user.pw_uid)
    assert (unit.state / "lock").exists()
    unit.wait_for_end()
    assert unit.manager.show(SERVICE, "Result", "ExecMainStatus") == ["success", "0"]


def test_the_control_socket_is_the_users_alone(unit):
    unit.listen()
    path = unit.manager.runtime / "misskey-authd/control.sock"
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("profile", ["11", "2025"])
def test_the_redirect_starts_a_cold_daemon(unit, profile):
    unit.listen()
    with MisskeyServer(profile=profile) as server:
        client, token = unit.begin_login(server)
        unit.wait_for_end()
        assert "alice" in unit.redirect(client, token)
        assert unit.is_verified()


@pytest.mark.parametrize("profile", ["11", "2025"])
def test_a_real_browser_finds_a_cold_daemon_twice(unit, profile, tmp_path):
    """Once for the start link, once for the redirect: the person notices nothing of it."""
    reason = browser.why_not()
    if reason:
        pytest.skip(reason)
    unit.listen()
    chromedriver = browser.Chromedriver()
    window = browser.Browser(chromedriver, tmp_path)
    try:
        with MisskeyServer(profile=profile) as server:
            begun = unit.authctl("login", server.origin, "--as", "me", "--no-wait", DISPLAY=":9")
            unit.wait_for_end()
            window.open(begun.stdout.strip())
            window.sign_in()
            unit.wait_for_end()
            window.accept()
            window.wait_for_heading("You are logged in")
            assert "@alice" in window.text and unit.is_verified()
    finally:
        window.quit()
        chromedriver.stop()


def test_the_service_starts_its_sockets(unit):
    assert unit.manager.systemctl("start", SERVICE).returncode == 0
    assert unit.states() == ["active", "active"]
    assert f"127.0.0.1:{unit.port}" in unit.manager.show(SERVICE, "StatusText")[0]


def test_what_is_enabled_is_there_after_a_new_login(unit):
    """The session ends and begins again while a consent is pending."""
    assert unit.manager.systemctl("enable", SERVICE).returncode == 0
    unit.listen()
    with MisskeyServer(profile="2025") as server:
        client, token = unit.begin_login(server)
        unit.manager.restart()
        wait_for(lambda: unit.states() == ["active", "active"], what="the sockets of the new session")
        assert "alice" in unit.redirect(client, token)
        assert unit.is_verified()
    unit.manager.systemctl("disable", SERVICE, *SOCKETS)


# ---- The hand-over ----

@pytest.mark.parametrize("ask", [Unit.ask_control, Unit.ask_callback])
def test_nobody_is_lost_when_it_ends(unit, ask):
    """Clients come around the moment of the exit, again and again; the sockets survive it."""
    unit.listen()
    pids = set()
    for step in range(8):
        assert ask(unit)
        pids.add(unit.pid())
        time.sleep(0.8 + step * 0.03)
        answers = []
        clients = [threading.Thread(target=lambda: answers.append(ask(unit))) for _ in range(5)]
        for client in clients:
            client.start()
            time.sleep(0.05)
        for client in clients:
            client.join(60)
        assert answers == [True] * 5
    assert unit.states() == ["active", "active"]
    assert unit.ask_control() and unit.ask_callback()


def test_idle_exits_in_quick_succession_do_not_take_the_sockets_down(unit):
    unit.listen()
    for _ in range(7):
        assert unit.ask_callback()
        unit.wait_for_end()
    assert unit.states() == ["active", "active"]
    assert unit.ask_control()


# ---- Failures ----

def test_the_watchdog_restarts_a_loop_that_stands_still(unit):
    unit.prepare(idle_exit="1h", more="WatchdogSec=3\nRestartSec=100ms\n")
    unit.listen()
    with MisskeyServer(profile="2025") as server:
        client, token = unit.begin_login(server)
        first = unit.pid()
        time.sleep(7)
        assert unit.pid() == first, "a loop that goes round is left alone"
        os.kill(first, signal.SIGSTOP)
        wait_for(lambda: unit.pid() not in (0, first), what="another process")
        assert unit.manager.show(SERVICE, "NRestarts") == ["1"]
        assert "alice" in unit.redirect(client, token)
    assert unit.states() == ["active", "active"] and unit.is_verified()


STATES = ["app/create", "auth/session/generate", "auth/session/userkey", "i"]


@pytest.mark.parametrize("endpoint", STATES)
def test_a_sigkill_loses_no_login(unit, endpoint):
    """Killed while the server thinks about its answer; systemd starts it again, and the login comes to its end."""
    unit.prepare(idle_exit="1h", more="RestartSec=100ms\n")
    unit.listen()
    with MisskeyServer(profile="2025") as server:
        early = endpoint in STATES[:2]
        if not early:
            client, token = unit.begin_login(server)
        server.misbehave(endpoint, Delay(3, "after"))
        calls = len(server.calls(endpoint))
        if early:
            begin = [unit.manager.programs / "misskey-authctl", "login", server.origin, "--as", "me", "--no-wait"]
            asking = threading.Thread(target=unit.manager.run, args=begin)
        else:
            asking = threading.Thread(target=lambda: client.get(
                f"http://127.0.0.1:{unit.port}/callback?token={token}", follow=False))
        asking.start()
        wait_for(lambda: len(server.calls(endpoint)) > calls, what=f"the call of {endpoint}")
        killed = unit.pid()
        os.kill(killed, signal.SIGKILL)
        asking.join(30)
        wait_for(lambda: unit.pid() not in (0, killed), what="another process")
        # An answer that was lost on its way is not given twice: a page is opened once more, as before there was one.
        if endpoint != "i":
            client, token = unit.begin_login(server)
            unit.redirect(client, token)
        wait_for(unit.is_verified, what="the credential")
    assert unit.states() == ["active", "active"]


def test_a_sigkill_while_the_consent_is_awaited(unit):
    unit.prepare(more="RestartSec=1h\n")
    unit.listen()
    with MisskeyServer(profile="2025") as server:
        client, token = unit.begin_login(server)
        os.kill(unit.pid(), signal.SIGKILL)
        wait_for(lambda: unit.states(SERVICE) != ["active"], what="the end")
        unit.manager.systemctl("stop", SERVICE)  # the wait for the restart is over
        assert "alice" in unit.redirect(client, token)


def test_a_crash_loop_is_slow_and_the_sockets_outlive_it(unit):
    """A program that cannot work at all, and clients who want it all the time."""
    unit.prepare(more="RestartSec=1\nExecStart=\nExecStart=/bin/false\n")
    unit.listen()
    waiting = [socket.create_connection(("127.0.0.1", unit.port)) for _ in range(30)]
    answers = []
    client = threading.Thread(target=lambda: answers.append(unit.ask_callback()))
    started = time.monotonic()
    client.start()
    wait_for(lambda: int(unit.manager.show(SERVICE, "NRestarts")[0]) >= 3, what="three restarts")
    assert time.monotonic() - started > 2
    assert unit.states() == ["active", "active"]
    for one in waiting:
        one.close()
    unit.prepare()
    client.join(60)
    assert answers == [True], "who came during the loop is answered after it"
    assert unit.ask_control() and unit.states() == ["active", "active"]


def test_the_units_own_restart_is_not_faster(unit):
    """What the test above takes for granted of the unit as it is shipped."""
    unit.listen()
    assert unit.ask_control()
    assert unit.manager.show(SERVICE, "RestartUSec", "StartLimitIntervalUSec", "WatchdogUSec") == ["5s", "0", "30s"]


def test_a_bad_config_is_answered_and_then_fixed(unit):
    unit.listen()
    unit.manager.write(".config/misskey-authd/config.ini", "[daemon]\nlog_level = loud\n")
    for _ in range(8):
        shown = unit.authctl("login", "misskey.example")
        assert shown.returncode == 1 and "config.ini:2" in shown.stderr
    assert "config.ini:2" in unit.manager.show(SERVICE, "StatusText")[0]
    unit.manager.write(".config/misskey-authd/config.ini", "[daemon]\nlog_level = debug\n")
    assert "config.ini" not in unit.authctl("login", "127.0.0.1:1", "--no-wait").stderr
    assert unit.states() == ["active", "active"]


def test_a_restart_while_somebody_waits(unit):
    """`login` is told that the daemon stops; the login goes on."""
    unit.prepare(idle_exit="1h")
    unit.listen()
    with MisskeyServer(profile="2025") as server:
        waiter = subprocess.Popen(
            unit.manager.as_user(unit.manager.programs / "misskey-authctl", "login", server.origin, "--as", "me"), text=True, cwd="/",
            env={**unit.manager.env, "ASAN_OPTIONS": "detect_leaks=0", "DISPLAY": ":9", "BROWSER": "/bin/true"}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        client, token = accept(unit, server, read_page(waiter)[1])
        assert unit.manager.systemctl("restart", SERVICE).returncode == 0
        unit.redirect(client, token)
        said = waiter.communicate(timeout=60)[1]
        assert "stop" in said or waiter.returncode == 0, said
    assert unit.is_verified()


# ---- Sockets that are missing or wrong ----

def test_a_port_that_another_program_has(unit):
    """The callback socket's unit fails; logins poll, and what to do is said."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", unit.port))
        taken.listen()
        assert unit.manager.systemctl("start", SOCKETS[0]).returncode != 0
        unit.manager.write(".config/misskey-authd/config.ini", f"[daemon]\nlisten = 127.0.0.1:{unit.port}\n")
        assert unit.manager.systemctl("start", SOCKETS[1]).returncode == 0
        shown = unit.authctl("status")
        assert shown.returncode == 0 and "misskey-authctl enable --port PORT" in shown.stdout
        with MisskeyServer(profile="2025") as server:
            begun = unit.authctl("login", server.origin, "--as", "me", "--no-wait")
            assert "/auth/" in begun.stdout
            server.accept(begun.stdout.strip().rsplit("/", 1)[1], "alice")
            wait_for(unit.is_verified, what="the credential by polling")


def test_without_a_control_socket_unit(unit):
    """Masked: the daemon makes its own socket, in the directory that the service has for it."""
    unit.override(SERVICE, "alone", f"[Unit]\nWants=\n[Service]\nSockets=\nSockets={SOCKETS[0]}\n")
    unit.manager.systemctl("mask", "--runtime", SOCKETS[1])
    try:
        unit.reload()
        assert unit.manager.systemctl("start", SERVICE).returncode == 0
        assert unit.ask_control() and unit.ask_callback()
        assert unit.manager.systemctl("stop", SERVICE).returncode == 0
    finally:
        unit.manager.systemctl("unmask", "--runtime", SOCKETS[1])


def test_a_control_socket_of_a_wrong_type(unit):
    unit.override(SOCKETS[1], "wrong", "[Socket]\nListenStream=\nListenDatagram=%t/misskey-authd/control.sock\n")
    unit.reload()
    unit.listen()
    status, _, _, page = PlainBrowser().get(f"http://127.0.0.1:{unit.port}/callback?token=0")
    assert status in (400, 503)
    status, _, _, page = PlainBrowser().get(
        f"http://127.0.0.1:{unit.port}/callback?token=00000000-0000-4000-8000-000000000000")
    assert status == 503 and "misskey-authd-control.socket" in page
    assert unit.states() == ["active", "active"]


# ---- Two users ----

def test_two_users_of_one_machine(unit):
    """The second has to do without the port, and is told how to have another."""
    unit.listen()
    other = UserManager(suffix="b")
    second = Unit(other)
    try:
        assert other.start()
        other.install_programs()
        other.install_units()
        second.port = unit.port
        second.prepare()
        assert other.systemctl("start", SOCKETS[0]).returncode != 0
        other.write(".config/misskey-authd/config.ini", f"[daemon]\nlisten = 127.0.0.1:{unit.port}\n")
        assert other.systemctl("start", SOCKETS[1]).returncode == 0
        assert "misskey-authctl enable --port" in second.authctl("status").stdout
        # The first user's daemon is not the second's.
        assert second.manager.run("ls", unit.state).returncode != 0
        other.systemctl("stop", SERVICE)
        second.port = free_port()
        second.prepare()
        second.listen()
        other.write(".config/misskey-authd/config.ini", "")
        with MisskeyServer(profile="2025") as server:
            for one in (unit, second):
                client, token = one.begin_login(server)
                assert "alice" in one.redirect(client, token)
                assert one.is_verified()
    finally:
        other.stop()
