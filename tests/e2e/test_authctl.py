# SPDX-License-Identifier: MIT
"""misskey-authctl against a small control server: messages, exit statuses, reconnects, browser."""

import copy
import http.server
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import socketserver
import subprocess
import tempfile
import threading
import time
import urllib.parse

import pytest

from harness import START_ADVICE

PROGRAMS = pathlib.Path(os.environ.get("MISSKEY_BIN_DIR", "build/asan/bin")).absolute()
PROGRAM = PROGRAMS / "misskey-authctl"
NAME = "misskey.example"
SERVER = "https://misskey.example"
START = "http://127.0.0.1:41987/start/0123"
CONSENT = "https://misskey.example/auth/6fd1"

LOGIN = {"state": "consent", "revision": 3, "browser": True, "start_url": START,
         "consent_url": None, "open": True, "expires_at": "2036-11-22T12:30:00Z", "problem": None, "outcome": None,
         "message": None, "user": None, "expected_user": None}


def account(name=NAME, server=SERVER, state="absent", user=None, **more):
    return {"account": name, "server": server, "source": "login", "state": state,
            "user": {"id": "9abc", "username": user} if user else None, "expected_user": None,
            "permission": ["read:account"], "obtained_at": None, "verified_at": None, "login": None,
            **more}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *arguments):  # pylint: disable=redefined-builtin
        pass

    def reply(self, status, body):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def serve(self):
        self.close_connection = True
        size = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(size)) if size else None
        self.server.daemon.requests.append((self.command, self.path, body))
        try:
            answer = self.server.daemon.answer(self.command, self.path, body)
            if answer is not None:  # None: the connection is cut
                self.reply(*answer)
        except OSError:
            pass

    do_GET = do_POST = do_DELETE = serve


class Listener(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        pass


class FakeDaemon:
    """Speaks docs/control-api.md as far as it is told to. `hook` may take a request over."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.socket = self.directory / "misskey-authd/control.sock"
        self.socket.parent.mkdir()
        self.accounts = []
        self.login = None
        self.status = {"version": "0.1.0", "pid": 4711, "config": None, "problems": [],
                       "callback_url": "http://127.0.0.1:41987/callback",
                       "state_directory": str(self.directory / ".local/state/misskey-authd")}
        self.requests = []
        self.hook = lambda method, path, body: False
        self.changed = threading.Condition()
        self.listener = None

    def start(self):
        self.listener = Listener(str(self.socket), Handler)
        self.listener.daemon = self
        threading.Thread(target=self.listener.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.listener.shutdown()
        self.listener.server_close()
        self.socket.unlink()
        with self.changed:
            self.changed.notify_all()

    def update(self, **changes):
        with self.changed:
            self.login = {**(self.login or LOGIN), **changes}
            self.login["revision"] = (self.login["revision"] or 0) + 1
            self.changed.notify_all()

    def finish(self, outcome="AUTHORIZED", message=None, username="alice"):
        self.update(state="finished", outcome=outcome, message=message,
                    user={"id": "9abc", "username": username} if username else None)

    def poll(self, query):
        if self.login is None:
            return 404, {"error": {"code": "NOT_FOUND", "message": "There is no login."}}
        listener = self.listener
        deadline = time.monotonic() + float(query.get("wait", ["0"])[0])
        with self.changed:
            while (self.login and str(self.login["revision"]) == query.get("revision", [""])[0] and
                   self.login["state"] != "finished" and time.monotonic() < deadline):
                self.changed.wait(0.05)
                if not self.login or self.listener is not listener or not self.socket.exists():
                    return None
            return 200, copy.deepcopy(self.login)

    def answer(self, method, target, body):
        url = urllib.parse.urlsplit(target)
        taken = self.hook(method, url.path, body)
        if taken is not False:
            return taken
        if url.path == "/v1/status":
            return 200, {**self.status, "accounts": self.accounts}
        if url.path == "/v1/accounts":
            return 200, {"accounts": self.accounts}
        if method == "POST" and (url.path.endswith("/login") or url.path == "/v1/callback"):
            with self.changed:
                self.login = self.login or copy.deepcopy(LOGIN)
            return 200, {**self.login, **({"account": NAME, "server": SERVER} if "callback" in url.path else {})}
        if url.path.endswith("/login"):
            return self.poll(urllib.parse.parse_qs(url.query))
        for known in self.accounts:
            if url.path == "/v1/accounts/" + known["account"]:
                return 200, known
        return 404, {"error": {"code": "NO_SUCH_ACCOUNT", "message": "There is no account."}}

    def asked(self, method, part):
        return [r for r in self.requests if r[0] == method and part in r[1]]

    def wait_for(self, method, part, count=1):
        eventually(lambda: len(self.asked(method, part)) >= count)


def eventually(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


class Machine:
    """A directory for everything, a daemon, a browser that writes down what it is called with."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.daemon = FakeDaemon(directory)
        self.opened = self.directory / "opened"
        self.bin = self.directory / "bin"
        self.bin.mkdir()
        self.environment = {"PATH": str(self.bin), "XDG_RUNTIME_DIR": str(self.directory),
                            "HOME": str(self.directory)}
        self.processes = []

    def desktop(self, name="browser", **environment):
        self.environment.update(DISPLAY=":0", BROWSER=str(self.bin / name), **environment)
        self.program(name)

    def program(self, name, after=""):
        path = self.bin / name
        path.write_text(f'#!/bin/sh\nprintf "%s\\n" "{name}" "$@" >>{self.opened}\n{after}\n')
        path.chmod(0o755)

    def pages(self):
        return self.opened.read_text().split("\n")[:-1] if self.opened.exists() else []

    def start(self, *arguments, **options):
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        process = subprocess.Popen([PROGRAM, *arguments], env=self.environment, text=True,
                                   stdin=subprocess.DEVNULL, **options)
        self.processes.append(process)
        return process

    def run(self, *arguments, **options):
        process = self.start(*arguments, **options)
        output, errors = process.communicate(timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    def login(self, *arguments, finish=None):
        """A login that ends as FINISH says as soon as it is waited for."""
        process = self.start("login", *arguments)
        self.daemon.wait_for("GET", "wait=")
        self.daemon.finish(**(finish or {}))
        output, errors = process.communicate(timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.communicate()


@pytest.fixture(name="machine")
def machine_fixture():
    # Not tmp_path: a socket's path has 107 bytes at most.
    directory = tempfile.mkdtemp(prefix="authctl.")
    machine = Machine(directory)
    machine.daemon.start()
    yield machine
    machine.end()
    if machine.daemon.socket.exists():
        machine.daemon.stop()
    shutil.rmtree(directory)


def error(code, message="What happened. What to do."):
    return {"error": {"code": code, "message": message}}


# The command line

COMMANDS = ["login", "cancel", "logout", "rename", "list", "show", "status", "verify", "watch", "callback", "reload",
            "doctor", "help"]


@pytest.mark.parametrize("arguments", [[], *([command] for command in COMMANDS)])
def test_help_and_version_everywhere(machine, arguments):
    result = machine.run(*arguments, "--help")
    assert result.returncode == 0 and not result.stderr
    assert result.stdout.startswith("usage: misskey-authctl " + " ".join(arguments))
    result = machine.run(*arguments, "--version")
    assert (result.returncode, result.stdout) == (0, "misskey-authctl 0.1.0\n")
    assert not machine.daemon.requests


@pytest.mark.parametrize("arguments, message", [
    ([], "No command given."),
    (["lgoin"], "did you mean login?"),
    (["frobnicate"], "There is no command frobnicate."),
    (["login", "--no-brower"], "did you mean --no-browser?"),
    (["login", "-x"], "There is no option -x."),
    (["list", "--as", "x"], "There is no option --as."),
    (["--sockte", "x", "list"], "did you mean --socket?"),
    (["login", "--as"], "--as needs a value."),
    (["login", "--json=1"], "--json takes no value."),
    (["login", "--timeout", "soon"], "--timeout"),
    (["login", "--timeout", "0"], "--timeout"),
    (["login", "--missing", "--limit", "0"], "--limit"),
    (["login", "--missing", "--limit", "5x"], "--limit"),
    (["login", "a", "b"], "Unexpected argument: b"),
    (["list", "x"], "Unexpected argument: x"),
    (["callback"], "URL is missing after callback."),
    (["rename"], "OLD is missing after rename."),
    (["rename", "--json", "bot"], "NEW is missing after bot."),
])
def test_usage(machine, arguments, message):
    result = machine.run(*arguments)
    assert result.returncode == 2 and not result.stdout
    assert message in result.stderr
    said, advice = result.stderr.splitlines()
    command = arguments[0] if arguments and arguments[0] in COMMANDS else None
    assert advice.endswith(f"misskey-authctl help {command}" if command else "misskey-authctl help")
    assert said.startswith("misskey-authctl: ") and len(advice) <= 80
    assert not machine.daemon.requests


# Reaching the daemon

@pytest.mark.parametrize("arguments", [["list"], ["status"], ["login", NAME], ["callback", "x"]])
def test_no_daemon_is_5_and_says_how_to_start_it(machine, arguments):
    machine.daemon.stop()
    result = machine.run(*arguments)
    assert result.returncode == 5 and not result.stdout
    assert START_ADVICE in result.stderr
    assert str(machine.daemon.socket) in result.stderr


def test_socket_that_nobody_listens_on(machine):
    machine.daemon.listener.shutdown()
    machine.daemon.listener.server_close()
    result = machine.run("list")
    assert result.returncode == 5 and "Connection refused" in result.stderr


def test_connection_that_is_cut(machine):
    machine.daemon.hook = lambda *request: None
    assert machine.run("list").returncode == 5


RUNTIME_DIRECTORY = pathlib.Path(f"/run/user/{os.geteuid()}")


@pytest.fixture(name="runtime_directory")
def runtime_directory_fixture():
    """That of our user, empty."""
    if RUNTIME_DIRECTORY.exists() or not os.access(RUNTIME_DIRECTORY.parents[1], os.W_OK):
        pytest.skip(f"{RUNTIME_DIRECTORY} is somebody's, or cannot be made")
    made = [path for path in (RUNTIME_DIRECTORY.parent, RUNTIME_DIRECTORY) if not path.exists()]
    for path in made:
        path.mkdir(mode=0o755)
    RUNTIME_DIRECTORY.chmod(0o700)
    yield RUNTIME_DIRECTORY
    os.chown(RUNTIME_DIRECTORY, os.geteuid(), -1)
    for path in RUNTIME_DIRECTORY.iterdir():
        path.unlink()
    for path in reversed(made):
        path.rmdir()


def test_the_runtime_directory_is_found_without_the_environment(machine, runtime_directory):
    """As under cron, which sets hardly any variable."""
    (runtime_directory / "misskey-authd").symlink_to(machine.daemon.socket.parent)
    for value in (None, "", "relative"):
        machine.environment.pop("XDG_RUNTIME_DIR", None)
        if value is not None:
            machine.environment["XDG_RUNTIME_DIR"] = value
        assert machine.run("list").returncode == 0
    assert str(runtime_directory) in machine.run("doctor").stdout


@pytest.mark.parametrize("fault", ["mode", "owner"])
def test_a_runtime_directory_that_is_not_ours_alone_is_not_used(machine, runtime_directory, fault):
    (runtime_directory / "misskey-authd").symlink_to(machine.daemon.socket.parent)
    if fault == "mode":
        runtime_directory.chmod(0o755)
    else:
        os.chown(runtime_directory, 65534, -1)
    del machine.environment["XDG_RUNTIME_DIR"]
    assert machine.run("list").returncode == 5


@pytest.mark.skipif(RUNTIME_DIRECTORY.exists(), reason="it is found there")
def test_no_runtime_directory(machine):
    del machine.environment["XDG_RUNTIME_DIR"]
    result = machine.run("list")
    assert result.returncode == 5 and "--socket" in result.stderr
    assert machine.run("--socket", machine.daemon.socket, "list").returncode == 0
    assert machine.run("list", "--socket", machine.daemon.socket).returncode == 0


def test_socket_path_that_is_too_long(machine):
    result = machine.run("--socket", "/" + "x" * 107, "list")
    assert result.returncode == 5 and "too long" in result.stderr


def test_proxy_of_the_environment_is_not_asked(machine):
    machine.environment.update(http_proxy="http://127.0.0.1:9", ALL_PROXY="http://127.0.0.1:9")
    assert machine.run("list").returncode == 0


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b'{"accounts": [}', b'{"accounts": 1}'])
def test_answers_that_are_none(machine, body):
    machine.daemon.hook = lambda *request: (200, body)
    result = machine.run("list")
    assert result.returncode == 1 and result.stderr and not result.stdout


@pytest.mark.parametrize("code, status, exit_status", [
    ("NO_SUCH_ACCOUNT", 404, 3), ("NO_CREDENTIAL", 404, 4), ("CONFLICT", 409, 1),
    ("INVALID_REQUEST", 400, 1), ("INTERNAL", 500, 1)])
def test_errors_of_the_daemon(machine, code, status, exit_status):
    machine.daemon.hook = lambda method, *rest: method == "POST" and (status, error(code))
    result = machine.run("login", NAME)
    assert result.returncode == exit_status and not result.stdout
    assert "What happened. What to do." in result.stderr


def test_error_without_body(machine):
    machine.daemon.hook = lambda *request: (413, b"")
    result = machine.run("list")
    assert result.returncode == 1 and "413" in result.stderr


@pytest.mark.parametrize("code, exit_status", [
    ("STATE_DAMAGED", 8), ("UNSAFE_CONFIG", 8), ("BAD_CONFIG", 1), ("CANNOT_START", 1)])
def test_a_daemon_that_cannot_work_is_8_for_an_unsafe_file(machine, code, exit_status):
    # The message is for a person: whatever it says, the code decides.
    machine.daemon.hook = lambda *request: (503, error(code, "The state in credentials.json."))
    result = machine.run("list")
    assert result.returncode == exit_status and "credentials.json" in result.stderr


# list and status

def test_list_is_an_aligned_table(machine):
    machine.daemon.accounts = [account(), account("a", "http://127.0.0.1:3000", "verified", "ありす")]
    result = machine.run("list")
    assert result.returncode == 0 and not result.stderr
    assert result.stdout == (
        "ACCOUNT          STATE     USER     SERVER\n"
        "misskey.example  absent    -        https://misskey.example\n"
        "a                verified  @ありす  http://127.0.0.1:3000\n")


def test_list_as_json(machine):
    machine.daemon.accounts = [account(), account("b")]
    assert json.loads(machine.run("list", "--json").stdout) == machine.daemon.accounts


def test_empty_list_says_how_to_log_in(machine):
    result = machine.run("list")
    assert (result.returncode, result.stdout) == (0, "")
    assert "misskey-authctl login" in result.stderr
    assert json.loads(machine.run("list", "--json").stdout) == []


def test_status(machine):
    machine.daemon.accounts = [account(state="verified", user="alice")]
    machine.daemon.status["problems"] = [{"code": "PORT_TAKEN", "message": "Port 41987 is taken."}]
    machine.daemon.status["callback_url"] = None
    result = machine.run("status")
    assert result.returncode == 0 and not result.stderr
    for text in ("0.1.0", "4711", "none (logins work by polling)", "none (defaults)",
                 "/.local/state/misskey-authd", "Port 41987 is taken.",
                 "misskey.example  verified  @alice  https://misskey.example"):
        assert text in result.stdout
    assert json.loads(machine.run("status", "--json").stdout)["pid"] == 4711


def test_control_characters_never_reach_the_terminal(machine):
    evil = "x\x1b]0;evil\x07\x9b31m\u202e"
    machine.daemon.accounts = [account(state="verified", user=evil)]
    machine.daemon.status["problems"] = [{"code": "X", "message": evil}]
    for command in ("list", "status"):
        output = machine.run(command).stdout
        assert not set("\x1b\x07\x9b\u202e") & set(output) and "@x\\x1b" in output
    result = machine.login(NAME, finish={"outcome": "REFUSED", "message": evil})
    assert not set("\x1b\x07\x9b\u202e") & set(result.stderr)


# list and status: logins that have not ended

def in_seconds(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def pending(name=NAME, left=1709, waiting=0, **changes):
    """An account whose login waits for consent, for so many seconds more."""
    login = {**LOGIN, "expires_at": in_seconds(left), "waiting": waiting, **changes}
    return account(name, login=login)


@pytest.mark.parametrize("command", ["list", "status"])
def test_a_pending_login_is_in_the_table_and_told(machine, command):
    machine.daemon.accounts = [account("first", state="verified", user="alice"), pending("bot")]
    result = machine.run(command)
    assert result.returncode == 0
    assert result.stdout.endswith(
        "ACCOUNT  STATE     USER    SERVER                   LOGIN\n"
        "first    verified  @alice  https://misskey.example  -\n"
        "bot      absent    -       https://misskey.example  28 min left, 0 waiting\n")
    assert result.stderr == (
        "bot: a login at https://misskey.example waits for consent. It ends in 28 minutes, and no command waits for "
        "it.\n"
        "To go on with it: misskey-authctl login bot\n"
        "To end it: misskey-authctl cancel bot\n")


@pytest.mark.parametrize("facts, cell, said", [
    (dict(waiting=1), "28 min left, 1 waiting", "in 28 minutes, and 1 command waits for it."),
    (dict(waiting=2), "28 min left, 2 waiting", "in 28 minutes, and 2 commands wait for it."),
    (dict(left=119), "1 min left, 0 waiting", "in 1 minute, and"),
    (dict(left=3 * 86400 - 100), "71 h left, 0 waiting", "in 71 hours, and"),
    (dict(left=-5), "0 s left, 0 waiting", "in 0 seconds, and"),
    (dict(expires_at=None), "0 s left, 0 waiting", "in 0 seconds, and"),
    (dict(state="session", problem={"code": "SERVER", "message": "It is slow."}), "preparing, 0 waiting",
     f"{NAME}: a login at {SERVER} is being prepared.\n{NAME}: It is slow.\nTo go on with it: "),
    (dict(state="exchanging", waiting=1), "finishing, 1 waiting",
     f"{NAME}: a login at {SERVER} is being finished.\n"),
])
def test_where_a_pending_login_stands(machine, facts, cell, said):
    machine.daemon.accounts = [pending(**facts)]
    result = machine.run("list")
    assert result.stdout.splitlines()[1].endswith(f"  {cell}")
    assert said in result.stderr
    assert ("misskey-authctl cancel" in result.stderr) == ("finishing" not in cell)


def test_a_login_that_has_ended_is_in_no_table(machine):
    machine.daemon.accounts = [account(login={**LOGIN, "state": "finished", "outcome": "EXPIRED"})]
    result = machine.run("list")
    assert "LOGIN" not in result.stdout and not result.stderr


def test_many_pending_logins_are_counted(machine):
    machine.daemon.accounts = [pending(f"bot{number}") for number in range(100)]
    result = machine.run("list")
    assert result.stdout.count("28 min left, 0 waiting\n") == 100
    assert result.stderr == ("There are 100 pending logins.\n"
                             "To go on with one: misskey-authctl login ACCOUNT\n"
                             "To end one: misskey-authctl cancel ACCOUNT\n")


# cancel

def cancels(accounts):
    """A daemon that cancels, after which these are the ACCOUNTS."""
    def hook(machine):
        def answer(method, path, body):
            if method != "DELETE":
                return False
            machine.daemon.accounts = accounts
            return 200, {**LOGIN, "state": "finished", "outcome": "CANCELLED"}
        machine.daemon.hook = answer
    return hook


@pytest.mark.parametrize("left, said", [
    ([], ""),
    ([account("bot")], " The account had no credential, so it is gone."),
    ([account("bot", source="config")], " To begin another: misskey-authctl login bot"),
    ([account("bot", state="verified", user="alice")], " The account is as it was before."),
])
def test_cancel_says_what_is_left(machine, left, said):
    cancels(left)(machine)
    result = machine.run("cancel", "bot")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == f"The login of bot was cancelled.{said}\n"
    assert machine.daemon.asked("DELETE", "") == [("DELETE", "/v1/accounts/bot/login", None)]
    assert json.loads(machine.run("cancel", "bot", "--json").stdout)["outcome"] == "CANCELLED"


def test_cancel_of_no_login_is_a_failure(machine):
    machine.daemon.hook = lambda method, *rest: method == "DELETE" and (404, error("NOT_FOUND"))
    result = machine.run("cancel", "bot")
    assert result.returncode == 1 and not result.stdout and "What happened. What to do." in result.stderr


# show

SHOWN = """\
Account:      bot
Made by:      a login
Server:       https://misskey.example
State:        verified
User:         @alice
Permissions:  read:account, write:notes
Obtained:     2026-11-22 12:00:00 +0000
Verified:     2026-11-22 12:00:01 +0000
Last asked:   {asked}
App:          misskey-authd: bot on laptop
Method:       app authorization
Withdraw at:  https://misskey.example/settings/apps
Files:        {state}/credentials.json
              {state}/accounts/bot/env
              {state}/accounts/bot/token
"""


@pytest.fixture(name="bot")
def bot_fixture(machine):
    """A machine whose daemon has the account bot, with its files."""
    state = machine.directory / "state"
    for file in ("credentials.json", "accounts/bot/env", "accounts/bot/token"):
        (state / file).parent.mkdir(parents=True, exist_ok=True)
        (state / file).touch()
    machine.environment["TZ"] = "UTC0"
    machine.daemon.status["state_directory"] = str(state)
    machine.daemon.accounts = [account(
        "bot", state="verified", user="alice", permission=["read:account", "write:notes"],
        obtained_at="2026-11-22T12:00:00Z", verified_at="2026-11-22T12:00:01Z", asked_at="2026-11-30T08:00:00Z",
        method="app", app={"id": "9bcd", "name": "misskey-authd: bot on laptop"})]
    return machine


def test_show_is_all_about_one_account(bot):
    state = bot.directory / "state"
    result = bot.run("show", "bot")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == SHOWN.format(asked="2026-11-30 08:00:00 +0000", state=state)
    bot.daemon.accounts[0]["asked_at"] = None
    assert bot.run("show", "bot").stdout == SHOWN.format(asked="2026-11-22 12:00:01 +0000", state=state)
    bot.environment["TZ"] = "JST-9"
    assert "Obtained:     2026-11-22 21:00:00 +0900\n" in bot.run("show", "bot").stdout


def test_an_end_is_shown_and_one_that_has_passed_is_said(bot):
    said = ("bot: its credential expired at 2020-01-01T00:00:00Z. "
            "Log in again with: misskey-authctl login bot\n")
    bot.daemon.accounts[0]["expires_at"] = "2020-01-01T00:00:00Z"
    assert "Expires:      2020-01-01 00:00:00 +0000\n" in bot.run("show", "bot").stdout
    for command in (["show", "bot"], ["list"], ["status"]):
        assert said in bot.run(*command).stderr
    bot.daemon.accounts[0]["expires_at"] = "2120-01-01T00:00:00Z"
    assert "Expires:      2120-01-01 00:00:00 +0000\n" in bot.run("show", "bot").stdout
    assert bot.run("list").stderr == ""
    # What has no good credential has a more important note than that.
    bot.daemon.accounts[0].update(expires_at="2020-01-01T00:00:00Z", state="revoked")
    assert "expired" not in bot.run("list").stderr


def test_show_as_json_is_the_account_and_its_files(bot):
    state = bot.directory / "state"
    assert json.loads(bot.run("show", "bot", "--json").stdout) == {
        **bot.daemon.accounts[0], "settings_url": f"{SERVER}/settings/apps",
        "files": {"credentials": f"{state}/credentials.json", "env": f"{state}/accounts/bot/env",
                  "token": f"{state}/accounts/bot/token"}}


def test_show_of_an_account_that_is_only_a_login(bot):
    (bot.directory / "state/accounts/bot/token").unlink()
    login = {**LOGIN, "expires_at": in_seconds(1709), "waiting": 0}
    bot.daemon.accounts = [account("bot", login=login, expected_user="bob", source="config", app=None, asked_at=None)]
    result = bot.run("show", "bot")
    assert result.returncode == 0
    for line in ("Made by:      the config", "User:         - (must be @bob)", "App:          -",
                 "Login:        28 min left, 0 waiting"):
        assert line + "\n" in result.stdout
    assert "Withdraw" not in result.stdout and "/token" not in result.stdout
    assert "To end it: misskey-authctl cancel bot\n" in result.stderr
    assert json.loads(bot.run("show", "bot", "--json").stdout)["settings_url"] is None


def test_show_of_a_revoked_credential_has_nothing_to_withdraw(bot):
    bot.daemon.accounts[0]["state"] = "revoked"
    assert "Withdraw" not in bot.run("show", "bot").stdout


# rename

def test_rename_says_what_scripts_use_now(bot):
    def answer(method, path, body):
        return path.endswith("/rename") and (200, {**bot.daemon.accounts[0], "account": body["to"]})
    bot.daemon.hook = answer
    state = bot.directory / "state"
    result = bot.run("rename", "bot", "news")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == (
        "The account bot is called news now.\n"
        "A script uses it with: misskey-token news\n"
        f"Its files are now {state}/accounts/news/env and {state}/accounts/news/token.\n"
        "Change bot to news in your scripts and units, also in the paths of these files.\n")
    assert bot.daemon.asked("POST", "") == [("POST", "/v1/accounts/bot/rename", {"to": "news"})]
    assert json.loads(bot.run("rename", "bot", "news", "--json").stdout)["account"] == "news"


def test_rename_that_is_refused(bot):
    bot.daemon.hook = lambda method, *rest: method == "POST" and (409, error("CONFLICT"))
    result = bot.run("rename", "bot", "news")
    assert result.returncode == 1 and not result.stdout and "What happened. What to do." in result.stderr


def test_full_disk_is_a_failure(machine):
    machine.daemon.accounts = [account()]
    with open("/dev/full", "w", encoding="ascii") as full:
        result = machine.run("list", stdout=full)
    assert result.returncode == 1 and "standard output" in result.stderr


# login: whom it asks for

@pytest.mark.parametrize("arguments, name, body", [
    ([NAME], NAME, {"server": SERVER}),
    (["https://Misskey.Example/"], NAME, {"server": SERVER}),
    (["@alice@misskey.example"], "alice@misskey.example", {"server": SERVER, "user": "alice"}),
    (["alice@misskey.example"], "alice@misskey.example", {"server": SERVER, "user": "alice"}),
    (["https://misskey.example/@alice"], "alice@misskey.example", {"server": SERVER, "user": "alice"}),
    ([NAME, "--user", "alice"], "alice@misskey.example", {"server": SERVER, "user": "alice"}),
    (["ミスキー.example"], "xn--nckxa7i0e.example", {"server": "https://xn--nckxa7i0e.example"}),
    ([NAME, "--as", "bot", "--user", "@bot"], "bot", {"server": SERVER, "user": "bot"}),
    (["@bot@misskey.example", "--as", "bot"], "bot", {"server": SERVER, "user": "bot"}),
    (["--as", "bot", "http://127.0.0.1:3000"], "bot", {"server": "http://127.0.0.1:3000"}),
    (["127.0.0.1:3000"], "127.0.0.1:3000", {"server": "http://127.0.0.1:3000"}),
    ([NAME, "--permission", "write:notes account-read"], NAME,
     {"server": SERVER, "permission": "write:notes account-read"}),
    ([NAME, "--permission", "+write:drive,-read:drive"], NAME,
     {"server": SERVER, "permission": "+write:drive,-read:drive"}),
    (["known", "--user", "alice", "--replace"], "known", {"user": "alice", "replace": True}),
    (["known", "--if-needed"], "known", {"if_needed": True}),
    (["known"], "known", {}),
    (["known", "--as", "known"], "known", {}),
    (["--as", "known"], "known", {}),
    (["known", "--as", "second"], "second", {"server": "https://known.example"}),
    (["known", "--user", "alice"], "known", {"user": "alice"}),
])
def test_login_asks_for(machine, arguments, name, body):
    machine.daemon.accounts = [account("known", "https://known.example"), account("other", "https://other.example")]
    result = machine.login(*arguments)
    assert result.returncode == 0, result.stderr
    assert result.stdout == name + "\n"
    (_, path, sent), = machine.daemon.asked("POST", "")
    assert path == f"/v1/accounts/{name}/login"
    assert sent == {"browser": False, **body}


def people():
    """alice's account, bob's of two names, and one that is carol's by the config, on one server; dave's elsewhere."""
    return [account("work", SERVER, "verified", "alice"), account("bob", SERVER, "verified", "bob"),
            account("second", SERVER, "revoked", "Bob"), account("shop", SERVER, expected_user="carol"),
            account("away", "https://other.example", "verified", "dave")]


@pytest.mark.parametrize("arguments, name, body", [
    (["@alice@misskey.example"], "work", {"user": "alice"}),
    (["ALICE@misskey.example"], "work", {"user": "ALICE"}),
    (["https://misskey.example/@Alice"], "work", {"user": "Alice"}),
    (["@carol@misskey.example"], "shop", {"user": "carol"}),
    ([NAME, "--user", "alice"], "work", {"user": "alice"}),
    # a user without an account here gets no other user's
    (["@dave@misskey.example"], "dave@misskey.example", {"server": SERVER, "user": "dave"}),
    (["@alice@other.example"], "alice@other.example", {"server": "https://other.example", "user": "alice"}),
    # the only account on a server
    (["other.example"], "away", {}),
    (["https://other.example/"], "away", {}),
    # --as is the name, whoever is there
    (["@alice@misskey.example", "--as", "new"], "new", {"server": SERVER, "user": "alice"}),
    (["other.example", "--as", "new"], "new", {"server": "https://other.example"}),
])
def test_login_finds_the_account_that_is_meant(machine, arguments, name, body):
    machine.daemon.accounts = people()
    result = machine.login(*arguments)
    assert (result.returncode, result.stdout) == (0, name + "\n"), result.stderr
    (_, path, sent), = machine.daemon.asked("POST", "")
    assert path == f"/v1/accounts/{name}/login"
    assert sent == {"browser": False, **body}


def test_the_account_of_the_servers_name_is_meant_by_it(machine):
    machine.daemon.accounts = [*people(), account(NAME, SERVER, "verified", "eve")]
    for written in (NAME, "https://misskey.example", "MISSKEY.example"):
        assert machine.login(written).stdout == NAME + "\n"


@pytest.mark.parametrize("arguments, named", [
    ([NAME], "work (@alice), bob (@bob), second (@Bob), shop (@carol)"),
    (["@bob@misskey.example"], "bob (@bob), second (@Bob)"),
])
def test_one_of_several_accounts_has_to_be_named(machine, arguments, named):
    machine.daemon.accounts = people()
    result = machine.run("login", *arguments)
    assert result.returncode == 2 and not result.stdout
    assert result.stderr == (f"misskey-authctl: Which account on {SERVER}? There are: {named}. Type the account's name "
                             "instead of the server's.\n")
    assert not machine.daemon.asked("POST", "")


def test_a_name_too_long_for_an_account_needs_as(machine):
    result = machine.run("login", "@" + "a" * 20 + "@" + "b" * 50 + ".example")
    assert result.returncode == 2 and "--as" in result.stderr


def test_another_users_credential_is_not_replaced(machine):
    said = ("The account bot has a credential of @alice, not of @bob. Nothing was changed.")
    machine.daemon.hook = lambda method, *rest: method == "POST" and (409, error("OTHER_USER", said))
    result = machine.run("login", NAME, "--as", "bot", "--user", "bob")
    assert result.returncode == 7 and said in result.stderr and not result.stdout


@pytest.mark.parametrize("given, said", [
    ("write:notee", ["write:notee; did you mean write:notes?"]),
    ("+write:drive,-read:drvie", ["read:drvie; did you mean read:drive?"]),
    ("read:admin:emojis,x", ["did you mean read:admin:emoji?", "no permission x."]),
    ("read:account,write:admin:user-note", []),
])
def test_unknown_permissions_are_warned_of(machine, given, said):
    """A fork of Misskey may have it, so it is asked for all the same."""
    result = machine.login(NAME, "--permission", given)
    assert result.returncode == 0
    warned = [line for line in result.stderr.splitlines() if "has no permission" in line]
    assert len(warned) == len(said) and all(text in line for text, line in zip(said, warned))


@pytest.mark.parametrize("given", ["+write:drive,read:drive", "read:drive,-write:drive", "+", "+a;b"])
def test_a_permission_that_is_no_list_is_refused(machine, given):
    result = machine.run("login", NAME, "--permission", given)
    assert result.returncode == 2 and "--permission: `" in result.stderr
    assert not machine.daemon.requests


def test_names_of_permissions_are_printed_without_a_daemon(machine):
    machine.daemon.stop()
    result = machine.run("login", "--permission", "help")
    assert result.returncode == 0 and not result.stderr
    assert {"read:account", "write:admin:user-note"} < set(result.stdout.split()) and len(result.stdout.split()) > 80


def test_a_login_that_is_not_needed_ends_at_once(machine):
    machine.daemon.accounts = [account(state="verified", user="alice")]
    machine.daemon.login = {**LOGIN, "state": "finished", "outcome": "AUTHORIZED", "start_url": None,
                            "user": {"id": "9abc", "username": "alice"}}
    result = machine.run("login", NAME, "--if-needed")
    assert (result.returncode, result.stdout) == (0, NAME + "\n")
    assert f"Already signed in to {SERVER} as @alice (account {NAME}).\n" in result.stderr
    assert json.loads(machine.run("login", NAME, "--if-needed", "--json").stdout)["state"] == "verified"


def test_a_login_that_was_needed_is_followed(machine):
    result = machine.login(NAME, "--if-needed")
    assert result.returncode == 0 and f"\nSigned in to {SERVER} as @alice" in result.stderr


# login: where this shell differs from the daemon

FILES_ELSEWHERE = "This shell looks for credentials in "


def test_files_of_another_place_are_said_before_the_command_that_would_not_find_them(machine):
    machine.environment["XDG_STATE_HOME"] = str(machine.directory / "elsewhere")
    lines = machine.login(NAME).stderr.splitlines()
    where = [n for n, line in enumerate(lines) if line.startswith(FILES_ELSEWHERE)]
    assert len(where) == 1 and lines[where[0] + 1].startswith("A script uses it with:")
    assert lines[where[0]] == (
        f"{FILES_ELSEWHERE}{machine.directory}/elsewhere/misskey-authd, but the daemon keeps them in "
        f"{machine.directory}/.local/state/misskey-authd. For this shell: export "
        f"XDG_STATE_HOME='{machine.directory}/.local/state'")


def test_the_same_files_are_no_reason_to_say_anything(machine):
    assert FILES_ELSEWHERE not in machine.login(NAME).stderr
    (machine.directory / ".local/state/misskey-authd").mkdir(parents=True)
    (machine.directory / "link").symlink_to(".local/state")
    machine.environment["XDG_STATE_HOME"] = str(machine.directory / "link")
    machine.daemon.login = None
    assert FILES_ELSEWHERE not in machine.login(NAME).stderr


@pytest.mark.parametrize("reads, said", [("/etc/xdg/misskey-authd/config.ini", "reads the config /etc/xdg"),
                                         (None, "has no config")])
def test_a_config_that_only_this_shell_names_is_said(machine, reads, said):
    config = machine.directory / "it's/misskey-authd/config.ini"
    config.parent.mkdir(parents=True)
    config.touch()
    machine.daemon.status["config"] = reads
    machine.environment["XDG_CONFIG_HOME"] = str(machine.directory / "it's")
    errors = machine.login(NAME).stderr
    assert said in errors and str(config) in errors
    assert f"systemctl --user set-environment XDG_CONFIG_HOME='{machine.directory}/it'\\''s'" in errors
    machine.daemon.status["config"], machine.daemon.login = str(config), None
    assert str(config) not in machine.login(NAME).stderr


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_a_proxy_that_only_this_shell_has_is_said_when_the_server_was_not_reached(machine, variable):
    unreachable = {"outcome": "UNREACHABLE", "message": "The server could not be reached.", "username": None}
    machine.daemon.status["proxy"] = False
    machine.environment[variable] = "http://127.0.0.1:9"
    result = machine.login(NAME, finish=unreachable)
    assert result.returncode == 6
    assert f"systemctl --user import-environment {variable}; then:" in result.stderr
    machine.daemon.login = None
    assert "import-environment" not in machine.login(NAME).stderr
    machine.daemon.login, machine.daemon.status["proxy"] = None, True
    assert "import-environment" not in machine.login(NAME, finish=unreachable).stderr


def test_login_without_argument_is_the_only_account(machine):
    machine.daemon.accounts = [account("only")]
    assert machine.login().stdout == "only\n"


@pytest.mark.parametrize("arguments, message", [
    ([], "one, two"),
    (["--as", "three"], "Name its server too"),
    (["https://misskey.example/path"], "path"),
    (["http://misskey.example"], "http"),
    (["http://[::1]:3000"], "--as"),
    ([NAME, "--as", "../x"], "--as"),
    ([NAME, "--permission", "a;b"], "--permission"),
    (["@alice@misskey.example", "--user", "bob"], "--user"),
    ([NAME, "--user", "@"], "--user"),
])
def test_login_that_cannot_be_meant(machine, arguments, message):
    machine.daemon.accounts = [account("one"), account("two")]
    result = machine.run("login", *arguments)
    assert result.returncode == 2 and not result.stdout
    assert message in result.stderr
    assert not machine.daemon.asked("POST", "")


def test_login_without_argument_and_accounts(machine):
    result = machine.run("login")
    assert result.returncode == 2 and "misskey-authctl login misskey.example" in result.stderr


# login: the page

def test_login_opens_the_start_page(machine):
    machine.desktop()
    result = machine.login(NAME)
    assert (result.returncode, result.stdout) == (0, NAME + "\n")
    assert f"Opened your browser. If nothing appeared: {START}\n" in result.stderr
    assert f"Signed in to {SERVER} as @alice (account {NAME}).\n" in result.stderr
    assert f"misskey-token {NAME}\n" in result.stderr
    # The config has the last word.
    assert "browser" not in machine.daemon.asked("POST", "")[0][2]
    eventually(lambda: machine.pages() == ["browser", START])


POLLED = {**LOGIN, "browser": False, "start_url": None, "consent_url": CONSENT, "open": False}


@pytest.mark.parametrize("case", ["option", "last option", "no desktop", "no such browser", "text browser", "SSH"])
def test_login_without_a_browser_shows_the_consent_page(machine, case):
    machine.desktop("w3m" if case == "text browser" else "browser")
    environment, options = machine.environment, []
    if case in ("no desktop", "no such browser", "text browser"):
        del environment["DISPLAY"]
    if case == "no desktop":
        del environment["BROWSER"]
    elif case == "no such browser":
        environment["BROWSER"] = "/nonexistent/browser"
    elif case == "SSH":
        environment["SSH_CONNECTION"] = "192.0.2.1 50000 192.0.2.2 22"
    elif case == "option":
        options = ["--no-browser"]
    elif case == "last option":
        options = ["--browser", "--no-browser"]
    machine.daemon.login = POLLED
    result = machine.login(NAME, *options)
    assert result.returncode == 0
    assert f"Open this page on any device and press Accept: {CONSENT}\n" in result.stderr
    assert machine.daemon.asked("POST", "")[0][2]["browser"] is False
    assert machine.pages() == []


def test_the_config_may_want_no_browser(machine):
    machine.desktop()
    machine.daemon.login = POLLED
    result = machine.login(NAME)
    assert "browser" not in machine.daemon.asked("POST", "")[0][2]
    assert f"Open this page on any device and press Accept: {CONSENT}\n" in result.stderr and machine.pages() == []


@pytest.mark.parametrize("ssh", [False, True])
def test_a_browser_that_is_asked_for(machine, ssh):
    """The option counts more than SSH and the config."""
    machine.desktop(**({"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"} if ssh else {}))
    machine.login(NAME, "--browser")
    assert machine.daemon.asked("POST", "")[0][2]["browser"] is True
    eventually(lambda: machine.pages() == ["browser", START])


def test_a_browser_that_is_asked_for_where_there_is_none(machine):
    """Its port may be forwarded: the link is shown."""
    result = machine.login(NAME, "--browser")
    assert machine.daemon.asked("POST", "")[0][2]["browser"] is True
    assert f"Open this page in a browser and press Accept: {START}\n" in result.stderr and machine.pages() == []


def test_the_variable_is_enough_of_a_desktop(machine):
    """As wslview and an editor's helper have it."""
    machine.desktop("my browser")
    del machine.environment["DISPLAY"]
    machine.login(NAME)
    eventually(lambda: machine.pages() == ["my browser", START])


def test_joined_login_opens_nothing(machine):
    machine.desktop()
    machine.daemon.login = {**LOGIN, "open": False}
    result = machine.login(NAME)
    assert START in result.stderr and machine.pages() == []


def test_wayland_is_a_desktop_too(machine):
    machine.desktop()
    del machine.environment["DISPLAY"]
    machine.environment["WAYLAND_DISPLAY"] = "wayland-0"
    machine.login(NAME)
    eventually(lambda: machine.pages() == ["browser", START])


@pytest.mark.parametrize("value, expected", [
    ("{bin}/no-such:{bin}/second", ["second", START]),
    ("{bin}/second --new %s -x", ["second", "--new", START, "-x"]),
    ("{bin}/second %%s%c;$(x)", ["second", "%s:;$(x)", START]),
    (":", ["xdg-open", START]),
    (None, ["xdg-open", START]),
    ("{bin}/no-such", ["xdg-open", START]),
    ("'{bin}/my browser' \"a b\"", ["my browser", "a b", START]),
])
def test_choice_of_the_browser(machine, value, expected):
    machine.desktop()
    machine.program("second")
    machine.program("my browser")
    machine.program("xdg-open")
    machine.program("x-www-browser")
    del machine.environment["BROWSER"]
    if value is not None:
        machine.environment["BROWSER"] = value.format(bin=machine.bin)
    result = machine.login(NAME)
    eventually(lambda: machine.pages() == expected)
    named = f"BROWSER names {machine.bin}/no-such, and there is no such program. Using {machine.bin}/second instead.\n"
    named = named.replace(f"{machine.bin}/second", "xdg-open") if expected[0] == "xdg-open" else named
    assert ("BROWSER names" in result.stderr) == (named in result.stderr) == ("no-such" in (value or ""))


def test_last_browsers_of_the_list(machine):
    machine.environment["DISPLAY"] = ":0"
    for name in ("x-www-browser", "sensible-browser", "wslview"):
        machine.program(name)
        machine.login(NAME)
        eventually(lambda name=name: machine.pages() == [name, START])
        machine.opened.unlink()
        machine.daemon.login = None
        machine.daemon.requests.clear()


def test_browser_that_cannot_be_started(machine):
    machine.environment["DISPLAY"] = ":0"
    result = machine.login(NAME)
    assert result.returncode == 0
    assert f"Open the page by hand: {START}\n" in result.stderr
    assert "No browser was found" in result.stderr


def test_browser_is_detached_and_not_waited_for(machine):
    machine.desktop()
    facts = machine.directory / "facts"
    machine.program("browser", after=f"""
        streams=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2)
        exec 9>{facts}.new
        cut -d' ' -f1,6 </proc/self/stat >&9
        echo "$streams" >&9
        grep SigIgn /proc/$$/status >&9
        grep PPid /proc/$$/status >&9
        mv {facts}.new {facts}
        exec sleep 600""")
    machine.environment["PATH"] += ":/usr/bin:/bin"
    result = machine.login(NAME)
    assert result.returncode == 0
    eventually(facts.exists)
    numbers, *streams, ignored, parent = facts.read_text().splitlines()
    session = int(numbers.split()[1])
    assert session != os.getsid(0)
    assert streams == ["/dev/null"] * 3
    assert int(ignored.split()[1], 16) & (1 << (signal.SIGPIPE - 1)) == 0
    assert int(parent.split()[1]) not in (os.getpid(), machine.processes[0].pid)
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            process = int(path.parent.name)
            if path.read_bytes() == b"sleep\x00600\x00" and os.getsid(process) == session:
                os.kill(process, signal.SIGKILL)
        except OSError:
            pass


@pytest.mark.parametrize("status, tried_next", [(1, False), (3, True), (4, True), (126, True), (127, True), (0, False)])
def test_browser_that_ends_at_once(machine, status, tried_next):
    """The next is tried if the first says that it has opened nothing: a start link works once."""
    machine.desktop()
    machine.program("browser", after=f"exit {status}")
    machine.program("xdg-open")
    result = machine.run("login", NAME, "--timeout", "1s")
    assert result.returncode == 4
    expected = ["browser", START] + (["xdg-open", START] if tried_next else [])
    eventually(lambda: machine.pages() == expected)
    assert ("by hand" in result.stderr) == (status == 1)


def test_failure_of_a_browser_is_told_while_the_login_is_waited_for(machine):
    machine.desktop()
    machine.program("browser", after="exit 4")
    told = []

    def hook(method, path, body):
        if not path.endswith("/browser"):
            return False
        told.append(body)
        return 200, {**LOGIN, "browser_problem": body["problem"]}
    machine.daemon.hook = hook
    process = machine.start("login", NAME)
    eventually(lambda: told)
    machine.daemon.finish()
    errors = process.communicate(timeout=60)[1]
    problem = f"{machine.bin}/browser ended at once with exit status 4."
    assert told == [{"problem": problem}]
    assert f"{problem} Open the page by hand: {START}\n" in errors and process.returncode == 0


def test_browser_that_failed_but_opened_the_page_is_no_trouble(machine):
    machine.desktop()
    machine.program("browser", after="exit 1")
    machine.daemon.hook = lambda method, path, body: path.endswith("/browser") and (200, {**LOGIN, "browser_problem": None})
    process = machine.start("login", NAME)
    machine.daemon.wait_for("POST", "/browser")
    machine.daemon.finish()
    assert "by hand" not in process.communicate(timeout=60)[1]


def test_slow_browser_does_not_delay_the_login(machine):
    machine.desktop()
    machine.environment["PATH"] += ":/usr/bin:/bin"
    gate = machine.directory / "gate"
    gate.touch()
    machine.program("browser", after=f"while [ -e {gate} ]; do sleep 0.1; done; exit 4")
    assert machine.login(NAME).returncode == 0
    gate.unlink()


@pytest.mark.parametrize("url", ["--help", "file:///etc/passwd", "javascript:x", "http://a/b c"])
def test_strange_page_is_never_opened(machine, url):
    machine.desktop()
    machine.daemon.login = {**LOGIN, "start_url": url}
    result = machine.login(NAME)
    assert "by hand" in result.stderr and machine.pages() == []


def test_no_wait_prints_the_page(machine):
    machine.desktop()
    result = machine.run("login", NAME, "--no-wait")
    assert (result.returncode, result.stdout) == (0, START + "\n")
    assert machine.pages() == []
    result = machine.run("login", NAME, "--no-wait", "--json")
    assert json.loads(result.stdout) == {"account": NAME, "server": SERVER, "url": START,
                                         "expires_at": LOGIN["expires_at"]}


def test_no_wait_reports_a_login_that_failed_at_once(machine):
    machine.daemon.finish("UNREACHABLE", "No route.", None)
    result = machine.run("login", NAME, "--no-wait")
    assert result.returncode == 6 and not result.stdout and "No route." in result.stderr


def test_no_wait_prints_no_control_characters(machine):
    machine.daemon.login = {**LOGIN, "start_url": None, "consent_url": "https://x/\x1b[2J"}
    result = machine.run("login", NAME, "--no-wait")
    assert result.returncode == 6 and not result.stdout and "\x1b" not in result.stderr


# login --missing

def missing(*names, **more):
    return [account(name, source="config", **more) for name in names]


@pytest.mark.parametrize("options, asked, left", [
    ([], 5, "bot5, bot6"), (["--limit", "1"], 1, "bot1, bot2, bot3, bot4, bot5, bot6"), (["--limit", "7"], 7, None)])
def test_missing_has_a_limit(machine, options, asked, left):
    machine.daemon.accounts = missing(*(f"bot{number}" for number in range(7)))
    machine.daemon.finish()
    result = machine.run("login", "--missing", *options)
    assert result.returncode == 0 and len(result.stdout.splitlines()) == asked
    assert (f"Without a credential are left: {left}. Go on with: misskey-authctl login --missing\n" in result.stderr) or not left
    assert ("left" in result.stderr) == bool(left)


def test_who_ignores_a_page_gets_no_other(machine):
    machine.daemon.accounts = missing("a", "b", "c")
    machine.daemon.finish("EXPIRED", "The login timed out: nobody approved it.", None)
    result = machine.run("login", "--missing")
    assert result.returncode == 4 and len(machine.daemon.asked("POST", "/login")) == 1
    assert "Without a credential are left: b, c." in result.stderr


def test_the_limit_is_of_missing_alone(machine):
    result = machine.run("login", NAME, "--limit", "3")
    assert result.returncode == 2 and "goes with --missing alone" in result.stderr


@pytest.mark.parametrize("option", [["--no-browser"], ["--no-wait"], ["--json"], ["--timeout", "1m"]])
@pytest.mark.parametrize("what", ["--missing", NAME])
def test_unattended_prints_nothing(machine, what, option):
    result = machine.run("login", what, "--unattended", *option)
    assert result.returncode == 2 and "--unattended opens pages and prints nothing" in result.stderr
    assert not machine.daemon.requests


@pytest.mark.parametrize("login", [
    {**LOGIN, "page_given": True},
    {**LOGIN, "state": "exchanging", "page_given": True},
    {**LOGIN, "state": "session", "page_given": False},
    {**LOGIN, "browser": False, "start_url": None, "consent_url": CONSENT, "page_given": False},
])  # fmt: skip
def test_unattended_leaves_logins_alone_that_are_under_way(machine, login):
    machine.desktop()
    machine.daemon.accounts = missing("a", login=login) + [account("b")]
    result = machine.run("login", "--missing", "--unattended")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert not machine.daemon.asked("POST", "")


@pytest.mark.parametrize("login", [
    {**LOGIN, "page_given": False}, {**LOGIN, "state": "finished", "outcome": "EXPIRED", "page_given": False}])
def test_unattended_opens_what_nobody_has(machine, login):
    machine.desktop()
    machine.daemon.accounts = missing(NAME, login=login)
    result = machine.run("login", "--missing", "--unattended")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == f"Opened the page to consent for the account {NAME}.\n"
    eventually(lambda: machine.pages() == ["browser", START])


def test_unattended_opens_one_account(machine):
    """What the notification of a login that waits runs."""
    machine.desktop()
    machine.daemon.accounts = missing(NAME, login={**LOGIN, "page_given": False})
    result = machine.run("login", NAME, "--unattended")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == f"Opened the page to consent for the account {NAME}.\n"
    eventually(lambda: machine.pages() == ["browser", START])


def test_unattended_without_a_desktop_asks_nobody(machine):
    result = machine.run("login", NAME, "--unattended")
    assert (result.returncode, result.stdout) == (0, "") and "There is no desktop here" in result.stderr
    assert not machine.daemon.requests


def test_unattended_shows_no_address(machine):
    machine.desktop()
    machine.program("browser", after="exit 1")
    machine.daemon.accounts = missing(NAME)
    result = machine.run("login", "--missing", "--unattended")
    assert result.returncode == 1 and not result.stdout
    assert f"{NAME} could not be opened: {machine.bin}/browser ended at once with exit status 1. Go on with:" in result.stderr
    assert "/start/" not in result.stderr


def test_unattended_without_a_callback_port(machine):
    machine.desktop()
    machine.daemon.accounts = missing(NAME)
    machine.daemon.status["callback_url"] = None
    result = machine.run("login", "--missing", "--unattended")
    assert result.returncode == 1 and "misskey-authctl status" in result.stderr
    assert not machine.daemon.asked("POST", "")


def test_list_and_status_show_the_page_that_could_not_be_opened(machine):
    machine.daemon.accounts = missing(NAME, login={**LOGIN, "browser_problem": "No browser \x1b[2J was found."})
    for command in ("list", "status"):
        result = machine.run(command)
        assert result.returncode == 0 and START not in result.stdout
        assert f"account {NAME} could not be opened: No browser \\x1b[2J was found. Open it by hand: {START}\n" in result.stderr


# login: waiting and its end

@pytest.mark.parametrize("outcome, exit_status", [
    ("WRONG_USER", 7), ("EXPIRED", 4), ("LOST", 4), ("REJECTED", 6), ("UNREACHABLE", 6),
    ("REFUSED", 6), ("BAD_REPLY", 6), ("ELSEWHERE", 6), ("LOCAL", 1), ("NEVER_HEARD_OF", 1)])
def test_failed_login(machine, outcome, exit_status):
    result = machine.login(NAME, "--json", finish={"outcome": outcome, "message": "Do this."})
    assert result.returncode == exit_status and not result.stdout
    assert "misskey-authctl: Do this.\n" in result.stderr


@pytest.mark.parametrize("outcome, state", [
    ("AUTHORIZED", "verified"), ("UNVERIFIED", "unverified")])
def test_success_as_json(machine, outcome, state):
    result = machine.login(NAME, "--json", finish={"outcome": outcome})
    assert result.returncode == 0
    assert json.loads(result.stdout) == {"account": NAME, "server": SERVER, "state": state,
                                         "user": {"id": "9abc", "username": "alice"}}
    assert ("could not be asked" in result.stderr) == (state == "unverified")


def test_success_without_a_known_user(machine):
    result = machine.login(NAME, "--json", finish={"username": None})
    assert json.loads(result.stdout)["user"] is None
    assert f"Signed in to {SERVER} (account {NAME})." in result.stderr


def test_states_and_problems_are_plain_lines_once(machine):
    process = machine.start("login", NAME)
    machine.daemon.wait_for("GET", "wait=")
    for number in range(3):
        machine.daemon.update(state="exchanging",
                              problem={"code": "HTTP_503", "message": "The server is busy."})
        machine.daemon.wait_for("GET", "wait=", number + 2)
    machine.daemon.update(problem={"code": "X", "message": "Another trouble."})
    machine.daemon.wait_for("GET", "wait=", 5)
    machine.daemon.update(state="verifying", problem=None)
    machine.daemon.wait_for("GET", "wait=", 6)
    machine.daemon.finish()
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 0
    assert [line for line in errors.splitlines() if "…" in line or "." == line[-1]][:5] == [
        "Waiting for consent…", "The server is busy.", f"Fetching the credential from {SERVER}…",
        "Another trouble.", f"Asking {SERVER} whether the credential works…"]
    assert "\x1b" not in errors and "\r" not in errors


def test_polls_with_wait_and_revision(machine):
    process = machine.start("login", NAME)
    machine.daemon.wait_for("GET", "wait=25&revision=3")
    machine.daemon.update(state="exchanging")
    machine.daemon.wait_for("GET", "wait=25&revision=4")
    machine.daemon.finish()
    process.communicate(timeout=60)


def test_replies_that_come_at_once_do_not_make_it_spin(machine):
    machine.daemon.hook = (lambda method, path, body:
                           method == "GET" and path.endswith("/login") and (200, LOGIN))
    machine.start("login", NAME)
    machine.daemon.wait_for("GET", "wait=")
    time.sleep(1.5)
    assert len(machine.daemon.asked("GET", "wait=")) < 10


def test_live_line_on_a_terminal(machine):
    ours, theirs = pty.openpty()
    process = machine.start("login", NAME, stderr=theirs)
    os.close(theirs)
    machine.daemon.wait_for("GET", "wait=")
    machine.daemon.finish()
    process.wait(timeout=60)
    text = b""
    try:
        while chunk := os.read(ours, 4096):
            text += chunk
    except OSError:
        pass
    os.close(ours)
    text = text.decode()
    assert "Waiting for consent…\r\x1b[KSigned in" in text
    assert text.count("Waiting") == 1


def test_renewed_session_opens_its_new_page(machine):
    machine.desktop()
    process = machine.start("login", NAME)
    machine.daemon.wait_for("GET", "wait=")
    eventually(lambda: machine.pages() == ["browser", START])  # nobody waits for a browser that was started
    machine.daemon.update(start_url=START + "-2", open=True)
    machine.daemon.wait_for("GET", "wait=", 2)
    eventually(lambda: machine.pages() == ["browser", START, "browser", START + "-2"])
    machine.daemon.finish()
    errors = process.communicate(timeout=60)[1]
    assert len(re.findall("Opened your browser", errors)) == 2


def test_a_link_in_place_of_one_that_was_opened_twice_is_only_shown(machine):
    """Which browser is the right one the person knows, and what is opened is in arguments that others can read."""
    machine.desktop()
    process = machine.start("login", NAME)
    machine.daemon.wait_for("GET", "wait=")
    problem = {"code": "START_RACED", "message": "The link was opened in two browsers."}
    machine.daemon.update(start_url=START + "-2", open=True, problem=problem)
    machine.daemon.wait_for("GET", "wait=", 2)
    machine.daemon.finish()
    errors = process.communicate(timeout=60)[1]
    assert f"{problem['message']}\nOpen the new link in one browser only: {START}-2\n" in errors
    assert machine.pages() == ["browser", START]


def test_renewed_session_that_is_open_elsewhere_is_only_shown(machine):
    """The page that waits in the browser went on to the new session."""
    machine.desktop()
    process = machine.start("login", NAME)
    machine.daemon.wait_for("GET", "wait=")
    machine.daemon.update(start_url=START + "-2", open=False)
    machine.daemon.wait_for("GET", "wait=", 2)
    machine.daemon.finish()
    errors = process.communicate(timeout=60)[1]
    assert f"Opened your browser. If nothing appeared: {START}\n" in errors
    assert f"Open this page in a browser and press Accept: {START}-2\n" in errors
    eventually(lambda: machine.pages() == ["browser", START])


def test_timeout_leaves_the_login_pending(machine):
    begun = time.monotonic()
    result = machine.run("login", NAME, "--timeout", "3")
    assert time.monotonic() - begun > 2.9
    assert result.returncode == 4 and not result.stdout
    assert "still pending" in result.stderr and f"misskey-authctl login {NAME}" in result.stderr


def test_timeout_bounds_a_start_that_is_never_answered(machine):
    release = threading.Event()
    machine.daemon.hook = (lambda method, path, body:
                           method == "POST" and (release.wait(20) and None))
    result = machine.run("login", NAME, "--timeout", "2")
    release.set()
    assert result.returncode == 4


def test_timeout_over_a_server_that_never_answered_is_the_servers_fault(machine):
    trouble = {"code": "X", "message": "The server could not be reached; trying again."}
    machine.daemon.login = {**LOGIN, "state": "registering", "start_url": None, "problem": trouble}
    result = machine.run("login", NAME, "--timeout", "1")
    assert result.returncode == 6 and not result.stdout
    assert trouble["message"] in result.stderr.splitlines()[-2]
    assert result.stderr.splitlines()[-1] == (
        f"misskey-authctl: {SERVER} did not answer in time. The login is still pending; go on with: misskey-authctl "
        f"login {NAME}")


@pytest.mark.parametrize("state", ["registering", "session", "exchanging", "verifying"])
def test_timeout_over_a_start_that_the_server_holds_up_is_too(machine, state):
    release = threading.Event()
    machine.daemon.login = {**LOGIN, "state": state, "start_url": None}
    machine.daemon.hook = lambda method, *_: method == "POST" and (release.wait(20) and None)
    result = machine.run("login", NAME, "--timeout", "2")
    release.set()
    assert result.returncode == 6 and "did not answer in time" in result.stderr


def test_slow_start_shows_what_keeps_it(machine):
    """The daemon answers a start when there is a page: with the server down, that takes long."""
    machine.daemon.login = {**LOGIN, "state": "registering", "start_url": None,
                            "problem": {"code": "X", "message": "No connection; trying again."}}
    ready = threading.Event()

    def hook(method, path, body):
        if method == "POST" and not ready.wait(8):
            return None
        return False

    machine.daemon.hook = hook
    process = machine.start("login", NAME)
    machine.daemon.wait_for("GET", "/login?")
    machine.daemon.update(state="consent", start_url=START, problem=None)
    ready.set()
    machine.daemon.wait_for("GET", "wait=25")
    machine.daemon.finish()
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 0
    assert "No connection; trying again.\n" in errors and f"Registering with {SERVER}…\n" in errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption_leaves_the_login_pending(machine, number):
    process = machine.start("login", NAME)
    machine.daemon.wait_for("GET", "wait=")
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 1 and not output
    assert "still pending" in errors and f"misskey-authctl login {NAME}\n" in errors


# The daemon restarts

def test_restart_is_survived(machine):
    machine.desktop()
    process = machine.start("login", NAME)
    machine.daemon.wait_for("GET", "wait=")
    machine.daemon.stop()
    time.sleep(1)
    machine.daemon.start()
    machine.daemon.wait_for("GET", "wait=", 2)
    machine.daemon.finish()
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, NAME + "\n")
    assert "trying again" in errors
    assert len(machine.daemon.asked("POST", "")) == 1
    eventually(lambda: machine.pages() == ["browser", START])


def test_forgotten_login_is_joined_again(machine):
    machine.daemon.accounts = [account(obtained_at="2020-01-01T00:00:00Z", state="verified")]
    process = machine.start("login", "https://misskey.example")
    machine.daemon.wait_for("GET", "wait=")
    machine.daemon.stop()
    machine.daemon.login = None
    machine.daemon.start()
    machine.daemon.wait_for("POST", "/login", 2)
    machine.daemon.wait_for("GET", "revision=3", 2)
    machine.daemon.finish()
    output, _ = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, NAME + "\n")
    first, second = machine.daemon.asked("POST", "")
    assert first == second


def test_login_that_ended_during_the_restart_is_not_started_again(machine):
    process = machine.start("login", NAME)
    machine.daemon.wait_for("GET", "wait=")
    machine.daemon.stop()
    machine.daemon.login = None
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    machine.daemon.accounts = [account(state="verified", user="alice", obtained_at=now)]
    machine.daemon.start()
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, NAME + "\n")
    assert "as @alice" in errors
    assert len(machine.daemon.asked("POST", "")) == 1


def test_login_that_is_forgotten_for_ever_ends(machine):
    answer = 404, error("NOT_FOUND")
    machine.daemon.hook = (lambda method, path, body:
                           method == "GET" and path.endswith("/login") and answer)
    result = machine.run("login", NAME)
    assert result.returncode == 1 and f"misskey-authctl login {NAME}" in result.stderr


def test_daemon_that_stays_away(machine):
    process = machine.start("login", NAME)
    machine.daemon.wait_for("GET", "wait=")
    machine.daemon.stop()
    begun = time.monotonic()
    errors = process.communicate(timeout=60)[1]
    assert time.monotonic() - begun > 10
    assert process.returncode == 5
    assert START_ADVICE in errors and "still pending" in errors


# callback

def test_callback_waits_for_the_outcome(machine):
    machine.daemon.accounts = [account()]
    url = "http://127.0.0.1:41987/callback?token=0f9a"
    process = machine.start("callback", url)
    machine.daemon.wait_for("GET", "wait=")
    command_line = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
    machine.daemon.finish()
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, NAME + "\n")
    assert f"Signed in to {SERVER} as @alice" in errors
    assert machine.daemon.asked("POST", "")[0] == ("POST", "/v1/callback", {"url": url})
    assert b"0f9a" not in command_line
    assert START not in errors


def test_callback_that_finished_at_once(machine):
    machine.daemon.finish("WRONG_USER", "It was bob.")
    result = machine.run("callback", "0f9a")
    assert result.returncode == 7 and "It was bob." in result.stderr


def test_callback_for_no_session(machine):
    machine.daemon.hook = (lambda method, *rest:
                           method == "POST" and (404, error("NO_SUCH_SESSION")))
    result = machine.run("callback", "0f9a")
    assert result.returncode == 1 and not result.stdout and "What happened" in result.stderr


def test_callback_never_starts_a_login(machine):
    process = machine.start("callback", "0f9a")
    machine.daemon.wait_for("GET", "wait=")
    machine.daemon.stop()
    machine.daemon.login = None
    machine.daemon.start()
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 1 and f"misskey-authctl login {NAME}" in errors
    assert not machine.daemon.asked("POST", "/login")
