# SPDX-License-Identifier: MIT
"""misskey-authctl doctor: all is well; what can be wrong with the daemon, its unit, config and port, provoked for real."""

import json
import os
import pty
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import threading
from http.server import BaseHTTPRequestHandler

import pytest

import misskey_server as misskey
from doctoring import (
    GROUPS, MANAGER, RESTART, START, STOPPED, doctor, fake_systemctl, says, snapshot, units,
)
from harness import BIN, ROOT, authorize, free_port, wait_for

LINE = re.compile(r"^(ok     |note   |warning|error  )  ([a-z]{4,8}) {2,6}(\S.*)$")
REMEDY = re.compile(r"^ {19}→ (\S.*)$")


def without_systemd(daemon):
    """A PATH without systemctl."""
    return str(daemon.directory / "nothing")


# All is well


def wait_for_agent(daemon):
    """It takes the state directory's rights from others when it begins, as the daemon does."""
    wait_for(lambda: daemon.control("GET", "/v1/status")[1]["agent"], what="the agent")


def test_all_is_well(server, daemon):
    assert authorize(daemon, server)["outcome"] == "AUTHORIZED"
    wait_for((daemon.state / "agent.json").exists)
    before = snapshot(daemon)
    found = doctor(daemon)
    assert list(dict.fromkeys(finding["check"] for finding in found)) == GROUPS
    assert {finding["status"] for finding in found} == {"ok"}
    assert found.status == 0
    found.expect("daemon", "ok", f"process {daemon.process.pid}")
    version = {"11": "11.37.1-20240721044611", "2025": "2025.3.1"}[server.profile.name]
    found.expect("servers", "ok", f"{server.origin} runs misskey {version}")
    found.expect("accounts", "ok", f"me ({server.origin}): the credential works")
    found.expect("browser", "ok", "/bin/true")
    assert len(server.calls("meta")) == 1
    assert snapshot(daemon) == before, "it changes nothing"


def test_all_is_well_without_a_daemon(stopped):
    before = snapshot(stopped)
    found = doctor(stopped, PATH=fake_systemctl(stopped.directory, says(units(**STOPPED))))
    assert found.status == 1
    assert [finding["check"] for finding in found.bad()] == ["sockets", "units"]
    found.expect("sockets", "error", f"There is no control socket {stopped.socket}", START)
    found.expect("units", "warning", "misskey-authd.service does not run", START)
    found.expect("port", "ok", "127.0.0.1:41987 is free")
    found.expect("accounts", "ok", "me (http://127.0.0.1")
    assert snapshot(stopped) == before


def test_before_the_first_start(make_daemon):
    daemon = make_daemon()
    daemon.config_file.unlink()
    daemon.config_file.parent.rmdir()
    found = doctor(daemon)
    found.expect("files", "note", f"There is no {daemon.state} yet", START)
    found.expect("config", "ok", f"There is no {daemon.config_file}, so the defaults are used")
    found.expect("servers", "note", "There is no account yet", "misskey-authctl login")
    found.expect("clock", "note", "was not compared")
    assert not daemon.state.exists() and found.status == 1


def test_lines_for_people(server_2025, daemon):
    authorize(daemon, server_2025)
    daemon.configure(daemon="log_level = loud")
    done = daemon.authctl("doctor", PATH=fake_systemctl(daemon.directory, says(MANAGER)))
    assert done.returncode == 1 and done.stderr.splitlines() == [f"Asking {server_2025.origin}…", "1 error, 0 warnings."]
    checks = []
    for line in done.stdout.splitlines():
        assert LINE.match(line) or (checks and REMEDY.match(line)), line
        if LINE.match(line):
            # The third column begins where a remedy does, but for its arrow.
            assert line.index(LINE.match(line)[3]) == 19
            checks.append(LINE.match(line)[2])
    assert list(dict.fromkeys(checks)) == [check for check in GROUPS if check != "port"]
    assert "\nerror    config   " in done.stdout and "\n                   → Fix it, then: " in done.stdout


def test_lines_on_a_terminal(server_2025, daemon):
    """Where it stands is shown, and is gone when the findings come."""
    authorize(daemon, server_2025)
    reader, writer = pty.openpty()
    with subprocess.Popen(
        [BIN / "misskey-authctl", "doctor"], env=daemon.env, stdin=subprocess.DEVNULL, stdout=writer, stderr=writer
    ) as process:
        os.close(writer)
        text = b""
        try:
            while True:
                text += os.read(reader, 4096)
        except OSError:
            pass
    os.close(reader)
    assert process.returncode == 0
    shown, _, rest = text.decode().partition("\r\x1b[K")
    assert shown == f"Asking {server_2025.origin}…" and rest.startswith("\x1b[32mok\x1b[0m       sockets")
    assert rest.endswith("Nothing is wrong.\r\n")


def test_the_readme_shows_what_it_prints(server_2025, daemon):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example = re.search(r"\$ misskey-authctl doctor\n(.*?)\n    …\n", readme, re.S)[1]
    wait_for_agent(daemon)
    daemon.state.chmod(0o755)
    sockets = MANAGER.replace("127.0.0.1:41987", f"127.0.0.1:{daemon.port}")
    printed = daemon.authctl("doctor", PATH=fake_systemctl(daemon.directory, says(sockets))).stdout
    for real, shown in ((str(daemon.runtime), "/run/user/1000"), (str(daemon.home), "/home/alice"),
                        (f"process {daemon.process.pid}", "process 4711"), (f":{daemon.port}", ":41987")):
        printed = printed.replace(real, shown)
    printed = re.sub(r"Landlock ABI \d+, seccomp.*", "Landlock ABI 7, seccomp", printed)
    lines = [line.removeprefix("    ") for line in example.splitlines()]
    assert printed.splitlines()[: len(lines)] == lines


def test_a_full_standard_output(daemon):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [BIN / "misskey-authctl", "doctor"], env=daemon.env, stdout=full, stderr=subprocess.PIPE, timeout=60
        )
    assert done.returncode == 1 and b"No space left on device" in done.stderr


@pytest.mark.parametrize("names_itself", [True, False])
def test_terminals_are_safe(server_2025, daemon, names_itself):
    authorize(daemon, server_2025)
    evil = "\x1b]0;title\x07\u202e<b>" + "w" * 1000
    software = {"name": evil, "version": evil} if names_itself else {"name": evil}
    server_2025.misbehave("meta", misskey.Rewrite(lambda meta: {**meta, "version": evil}), None)
    server_2025.misbehave("nodeinfo/2.0", misskey.Status(200, json.dumps({"software": software})), None)
    done = daemon.authctl("doctor")
    said = "runs " if names_itself else "version is "
    assert said + r"\x1b]0;title\x07\u{202e}<b>www" in done.stdout and "w…" in done.stdout
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", done.stdout)
    assert "\\\\x1b" in daemon.authctl("doctor", "--json").stdout


# The sockets and the daemon


def test_no_runtime_directory(daemon):
    found = doctor(daemon, XDG_RUNTIME_DIR="")
    found.expect("sockets", "error", "XDG_RUNTIME_DIR is not set", f"loginctl enable-linger {os.getuid()}")
    assert found.status == 1 and not found.of("daemon")
    # Told where the socket is, it needs none.
    found = doctor(daemon, "--socket", str(daemon.socket), XDG_RUNTIME_DIR="")
    assert not found.bad() and len(found.of("daemon")) == 1


def test_a_path_that_is_too_long_for_a_socket(daemon):
    found = doctor(daemon, XDG_RUNTIME_DIR="/tmp/" + "x" * 100)
    found.expect("sockets", "error", "too long for a socket", "Set XDG_RUNTIME_DIR to a shorter path")


@pytest.mark.parametrize("fault, status", [("missing", 1), ("file", 1), ("mode", 8), ("owner", 8)])
def test_a_runtime_directory_that_cannot_be_trusted(daemon, fault, status):
    if fault == "owner" and os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    directory, message = daemon.directory / "elsewhere", "it is no directory"
    if fault == "file":
        directory.write_text("")
    elif fault == "missing":
        message = "No such file or directory"
    else:
        directory.mkdir(mode=0o700)
        directory.chmod(0o755 if fault == "mode" else 0o700)
        os.chown(directory, 65534 if fault == "owner" else -1, -1)
        message = "others have access to it" if fault == "mode" else "it belongs to another user"
    found = doctor(daemon, XDG_RUNTIME_DIR=str(directory))
    found.expect("sockets", "error", f"{directory}, cannot be trusted: {message}", "with the mode 0700")
    assert found.status == status


def test_a_control_socket_that_others_may_use(daemon):
    daemon.socket.chmod(0o666)
    daemon.socket.parent.chmod(0o755)
    found = doctor(daemon)
    found.expect("sockets", "error", f"Other users have access to {daemon.socket.parent} (mode 0755)",
                 f"chmod 700 '{daemon.socket.parent}'")
    finding = found.expect("sockets", "error", f"Other users have access to {daemon.socket} (mode 0666)",
                           "If one may have used it, withdraw the credentials on their servers. Then: chmod 600")
    assert found.status == 8 and found.of("daemon")
    assert os.system(finding["remedy"].partition("Then: ")[2]) == 0
    daemon.socket.parent.chmod(0o700)
    assert not doctor(daemon).bad()


def test_no_socket_in_its_place(daemon):
    assert daemon.stop() == 0
    daemon.socket.unlink(missing_ok=True)
    daemon.socket.write_text("")
    daemon.socket.chmod(0o600)
    found = doctor(daemon)
    found.expect("sockets", "error", f"{daemon.socket} is not a socket", f"mv '{daemon.socket}'")
    assert found.status == 8


def test_nobody_listens(daemon):
    daemon.kill()
    found = doctor(daemon)
    found.expect("daemon", "error", f"The daemon cannot be reached at {daemon.socket}: Connection refused", START)
    assert found.status == 1


def test_the_daemon_does_not_answer(daemon):
    os.kill(daemon.process.pid, signal.SIGSTOP)
    try:
        found = doctor(daemon)
    finally:
        os.kill(daemon.process.pid, signal.SIGCONT)
    found.expect("daemon", "error", "did not answer in time", f"journalctl --user -u misskey-authd; start it again: {RESTART}")


class Impostor(socketserver.ThreadingUnixStreamServer):
    """Answers everything at the control socket with one reply."""

    def __init__(self, path, status, body):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def address_string(self):
                return ""

            def log_message(self, *_):
                pass
        super().__init__(str(path), Handler)
        os.chmod(path, 0o600)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,)).start()
        return self

    def __exit__(self, *arguments):
        self.shutdown()
        super().__exit__(*arguments)


@pytest.mark.parametrize("status, body, expected", [
    (200, b"<html>", "does not speak the control API"),
    (404, b"", "is not misskey-authd (HTTP status 404)"),
    (200, b"{}", "is not misskey-authd (HTTP status 200)"),
])
def test_somebody_else_answers(make_daemon, status, body, expected):
    daemon = make_daemon()
    daemon.socket.parent.mkdir(mode=0o700)
    with Impostor(daemon.socket, status, body):
        doctor(daemon).expect("daemon", "error", expected, f"ss -lxp; end it, then: {RESTART}")


def test_another_version_with_a_problem_that_this_one_does_not_know(make_daemon):
    daemon = make_daemon()
    daemon.socket.parent.mkdir(mode=0o700)
    status = {"version": "9.9.9", "pid": 1, "callback_url": None, "config": None, "accounts": [],
              "state_directory": str(daemon.state), "problems": [{"code": "NEW", "message": "What is new."}]}
    with Impostor(daemon.socket, 200, json.dumps(status).encode()):
        found = doctor(daemon)
    found.expect("daemon", "warning", "misskey-authd 9.9.9 runs, but this is misskey-authctl", f"After an update: {RESTART}")
    found.expect("daemon", "warning", "What is new.", "journalctl --user -u misskey-authd")
    assert found.status == 0


# systemd


UNKNOWN = "not-found inactive "
IDLE = "loaded inactive enabled"


@pytest.mark.parametrize("states, with_daemon, status, message, remedy", [
    ({"service": UNKNOWN}, True, "note", "systemd does not know misskey-authd.service", f"Install misskey-authd, then: {START}"),
    ({"service": UNKNOWN}, False, "warning", "does not know", START),
    ({"service": "masked inactive masked"}, False, "warning", "misskey-authd.service is masked", "unmask misskey-authd.service"),
    ({"service": "bad-setting inactive "}, False, "error", "cannot read", "status misskey-authd.service"),
    ({"service": "loaded failed enabled"}, False, "error", "misskey-authd.service has failed",
     f"journalctl --user -u misskey-authd -n 20; then: {RESTART}"),
    (STOPPED, True, "note", "its sockets do not listen: the daemon was started without systemd", f"End that daemon, then: {START}"),
    (STOPPED, False, "warning", "misskey-authd.service does not run, and its sockets do not listen", START),
    # The service is started when it is needed.
    ({"service": IDLE}, False, "ok", "systemd listens on both sockets, and starts misskey-authd.service", None),
    ({"callback": "loaded failed enabled"}, True, "error", "misskey-authd-callback.socket has failed: it does not listen",
     f"journalctl --user -u misskey-authd-callback.socket -n 20; then: {START}"),
    ({"control": "loaded failed enabled"}, True, "error", "misskey-authd-control.socket has failed",
     f"journalctl --user -u misskey-authd-control.socket -n 20; then: {START}"),
    ({"callback": "loaded inactive enabled"}, True, "warning", "misskey-authd-callback.socket does not listen",
     START),
    ({"control": IDLE, "service": IDLE}, False, "warning", "misskey-authd-control.socket does not listen", START),
    ({"control": "masked inactive masked"}, True, "warning", "misskey-authd-control.socket is masked",
     f"systemctl --user unmask misskey-authd-control.socket && {START}"),
    ({"callback": UNKNOWN}, True, "note", "systemd does not know misskey-authd-callback.socket", "Install misskey-authd"),
    ({"callback": "loaded active disabled"}, True, "note", "listens, but will not after the next start",
     START),
])  # fmt: skip
def test_units(daemon, states, with_daemon, status, message, remedy):
    if not with_daemon:
        assert daemon.stop() == 0
    found = doctor(daemon, PATH=fake_systemctl(daemon.directory, says(units(**{**states, "login": UNKNOWN, "timer": UNKNOWN}))))
    found.expect("units", status, message, remedy)
    assert len(found.of("units")) == 1


@pytest.mark.parametrize("name, unit, remedy", [
    ("login", "misskey-authd-login.service", "If you want that: misskey-authctl enable --at-login"),
    ("timer", "misskey-authd-verify.timer", "If you want that: misskey-authctl enable --verify-daily"),
])  # fmt: skip
def test_units_that_a_person_may_want(daemon, name, unit, remedy):
    def found(state):
        return doctor(daemon, PATH=fake_systemctl(daemon.directory, says(units(**{name: state}))))
    found("loaded inactive disabled").expect("units", "note", f"{unit} is not enabled: it ", remedy)
    found("loaded failed enabled").expect("units", "warning", f"{unit} has failed", f"journalctl --user -u {unit}")
    for state in (UNKNOWN, "masked inactive masked"):
        assert not [finding for finding in found(state).of("units") if unit in finding["message"]]


@pytest.mark.parametrize("script, message", [
    ("echo 'Failed to connect to bus: No medium found' >&2; exit 1",
     "There is no systemd user manager to start the daemon: Failed to connect to bus: No medium found"),
    ("exit 1", "systemd's user manager does not answer: systemctl --user failed"),
    ("kill -9 $$", "systemctl --user failed"),
    # What it started holds the pipe open, and must not be waited for either.
    ("sleep 60 & sleep 60", "systemctl --user took too long"),
])
def test_no_user_manager(daemon, script, message):
    found = doctor(daemon, PATH=fake_systemctl(daemon.directory, script))
    found.expect("units", "note", message, "loginctl enable-linger")


def test_no_systemd(daemon):
    found = doctor(daemon, PATH=without_systemd(daemon))
    found.expect("units", "note", "There is no systemd here", "Start misskey-authd with your session")


def test_the_real_systemctl(daemon):
    if not shutil.which("systemctl"):
        pytest.skip("there is no systemctl")
    assert len(doctor(daemon, PATH=os.environ["PATH"]).of("units")) == 1


# The config and the port


def test_a_bad_config(daemon):
    daemon.configure(daemon="log_levle = info")
    for _ in range(2):
        found = doctor(daemon, PATH=without_systemd(daemon))
        found.expect("config", "error", f"{daemon.config_file}:3: `log_levle`: ", "misskey-authd --check-config")
        assert found.status == 1 and not found.of("port")
        if daemon.process:
            assert daemon.stop() == 0


def test_a_config_that_others_may_write(daemon):
    daemon.config_file.chmod(0o666)
    found = doctor(daemon)
    found.expect("config", "error", f"{daemon.config_file} is not safe to use: other users can write it (mode 0666)", RESTART)
    assert found.status == 8


def test_a_config_elsewhere(daemon):
    assert daemon.stop() == 0
    elsewhere = daemon.directory / "it's here.ini"
    shutil.copy(daemon.config_file, elsewhere)
    daemon.start("-c", str(elsewhere))
    found = doctor(daemon)
    found.expect("config", "ok", f"{elsewhere} is good")
    found.expect("config", "note", f"does not use the usual config, {daemon.config_file}, but {elsewhere}")
    assert found.status == 0
    elsewhere.write_text("nonsense")
    finding = doctor(daemon).expect("config", "error", f"{elsewhere}:1: ", "--check-config -c ")
    # The command finds the same.
    command = finding["remedy"].removeprefix("Fix it, then: ").partition(" && ")[0]
    assert subprocess.run(["sh", "-c", command], env=daemon.env, capture_output=True, check=False).returncode == 1


def test_a_config_that_came_later(daemon):
    assert daemon.stop() == 0
    text = daemon.config_file.read_text()
    daemon.config_file.unlink()
    daemon.start()
    daemon.config_file.write_text(text)
    doctor(daemon).expect("config", "warning", f"runs without a config, though there is {daemon.config_file}", RESTART)


@pytest.mark.parametrize("is_directory", [False, True])
def test_a_ca_file_that_cannot_be_read(daemon, is_directory):
    ca_file = daemon.directory / "ca.pem"
    if is_directory:
        ca_file.mkdir()
    daemon.configure(daemon=f"ca_file = {ca_file}")
    found = doctor(daemon)
    reason = "Is a directory" if is_directory else "No such file or directory"
    found.expect("config", "error", f"ca_file names, {ca_file}, cannot be read: {reason}", f"correct ca_file in {daemon.config_file}")


def test_a_port_that_is_taken(make_daemon):
    daemon = make_daemon()
    with socket.create_server(("127.0.0.1", daemon.port)):
        remedy = f"listen = 127.0.0.1:PORT, then: {RESTART}"
        doctor(daemon, PATH=without_systemd(daemon)).expect("port", "warning", f"127.0.0.1:{daemon.port} is taken by another program", remedy)
        daemon.start()
        found = doctor(daemon, PATH=without_systemd(daemon))
        found.expect("port", "warning", f"127.0.0.1:{daemon.port} is taken by another program", remedy)
        assert found.status == 0
    doctor(daemon, PATH=without_systemd(daemon)).expect("port", "warning", "was taken when the daemon started, and is free now", RESTART)


def test_a_port_that_was_changed(daemon):
    old, daemon.port = daemon.port, free_port()
    daemon.configure()
    doctor(daemon, PATH=without_systemd(daemon)).expect("port", "warning", f"127.0.0.1:{old}, but the config says {daemon.port}",
                          f"A changed port needs a restart: {RESTART}")


def test_any_port(make_daemon):
    daemon = make_daemon()
    daemon.config_file.write_text("[daemon]\nlisten = 127.0.0.1:0\n")
    doctor(daemon, PATH=without_systemd(daemon)).expect("port", "ok", "Any free port of 127.0.0.1 will be used")
    daemon.start()
    doctor(daemon, PATH=without_systemd(daemon)).expect("port", "ok", "The daemon waits for browsers at 127.0.0.1:")


def test_the_port_of_the_socket_unit(daemon, server_2025):
    """The config's does not count there."""
    states = units(callback="loaded failed enabled").replace(":41987", f":{free_port()}")
    port = int(re.search(r"127.0.0.1:(\d+)", states)[1])
    assert daemon.stop() == 0
    path = fake_systemctl(daemon.directory, says(states))
    doctor(daemon, PATH=path).expect("port", "ok", f"127.0.0.1:{port} is free")
    with socket.create_server(("127.0.0.1", port)):
        doctor(daemon, PATH=path).expect("port", "warning", f"127.0.0.1:{port} is taken by another program",
                                         "To take another port: misskey-authctl enable --port ")


# Accounts and the browser


@pytest.mark.parametrize("state, status, message, remedy", [
    ("verified", "ok", "the credential works", None),
    ("unverified", "warning", "the server could not be asked yet whether it works", "misskey-authctl verify me"),
    ("revoked", "error", "the server does not accept the credential any more", "misskey-authctl login me"),
    ("suspended", "error", "the server has suspended the user", "when it is over: misskey-authctl verify me"),
])  # fmt: skip
def test_accounts(server_2025, stopped, state, status, message, remedy):
    file = stopped.state / "credentials.json"
    good = file.read_text()
    content = json.loads(good)
    content["accounts"]["me"]["state"] = state
    if state == "revoked":
        content["accounts"]["me"]["i"] = None
    file.write_text(json.dumps(content))
    stopped.start()
    for _ in range(2):  # by the daemon's word, and by that of accounts/
        found = doctor(stopped)
        found.expect("accounts", status, f"me ({server_2025.origin}): {message}", remedy)
        if stopped.process:
            assert found.status == (status == "error")
            assert stopped.stop() == 0
    file.write_text(good)
    stopped.start()


def test_an_account_without_a_login(server_2025, make_daemon):
    daemon = make_daemon(config=f"[account me]\nserver = {server_2025.origin}\n", servers=[server_2025]).start()
    found = doctor(daemon)
    found.expect("accounts", "note", "nobody has logged in yet", "misskey-authctl login me")
    assert found.status == 0


def test_no_desktop(daemon):
    for browser in ("", "w3m", "/nonexistent/browser"):
        found = doctor(daemon, DISPLAY="", WAYLAND_DISPLAY="", BROWSER=browser)
        found.expect("browser", "note", "There is no desktop here")
    # What BROWSER names may know a desktop that this environment does not.
    doctor(daemon, DISPLAY="").expect("browser", "ok", "with /bin/true")
    doctor(daemon, DISPLAY="", WAYLAND_DISPLAY="wayland-0").expect("browser", "ok", "with /bin/true")


def test_browsers(daemon):
    directory = daemon.directory / "browsers"
    directory.mkdir()

    def found(browser):
        return doctor(daemon, PATH=f"/nonexistent::{directory}", BROWSER=browser)

    found("missing %s:/nonexistent/browser").expect(
        "browser", "warning", "BROWSER names missing, /nonexistent/browser, and there is no such program", "Correct it")
    for browser in ("", "missing %s:/nonexistent/browser"):
        found(browser).expect("browser", "warning", "No command that opens a browser was found", "Install xdg-utils")
    (directory / "x-www-browser").write_text("")
    found("").expect("browser", "warning", "No command that opens a browser", "export BROWSER=firefox")
    (directory / "x-www-browser").chmod(0o755)
    found("missing %s").expect("browser", "ok", "with x-www-browser")
    shutil.copy(directory / "x-www-browser", directory / "fire fox")
    shutil.copy(directory / "x-www-browser", directory / "firefox")
    found("missing:firefox --new %s").expect("browser", "ok", "with firefox")
    found("missing:firefox --new %s").expect("browser", "warning", "BROWSER names missing, and", "export BROWSER=firefox")
    assert "BROWSER names" not in str(found("firefox:missing"))
    found(f"{directory}/fire fox").expect("browser", "ok", f"with {directory}/fire fox")
    found("'fire fox' -x").expect("browser", "ok", "with fire fox")
    found("a " * 40).expect("browser", "warning", "BROWSER cannot be used", "Make it shorter")


def test_logins_that_open_no_browser(daemon):
    found = doctor(daemon, SSH_CONNECTION="192.0.2.1 50000 192.0.2.2 22")
    found.expect("browser", "note", "This is an SSH session")
    assert "misskey-authctl login --browser" in str(found.of("browser"))
    daemon.configure(daemon="browser = no")
    doctor(daemon).expect("browser", "note", "The config has `browser = no`")
