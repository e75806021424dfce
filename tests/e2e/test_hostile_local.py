# SPDX-License-Identifier: MIT
"""Another user of the same machine, and what restored backups leave behind: nobody gets in, and nothing hangs."""

import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

from harness import (
    BIN, Daemon, PlainBrowser, UnixConnection, authorize, consent, needs_root, open_start, seconds_of, secrets_of,
    wait_for,
)

# Only root can become another user.
pytestmark = needs_root

NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
PYTHON = [*AS_NOBODY, "/usr/bin/python3", "-I", "-c"]


@pytest.fixture
def public():
    """A place that everybody can reach: what keeps others out of a home there is ours alone."""
    directory = Path(tempfile.mkdtemp(prefix="misskey.", dir="/tmp"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def open_daemon(public, server_2025):
    """A running daemon in that place."""
    daemon = Daemon(public)
    daemon.start()
    yield daemon
    if daemon.process:
        assert daemon.stop() == 0, daemon.log()


# What other users see of our processes

OBSERVER = """
import os, sys
seen = set()
while True:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for name in ("cmdline", "environ", "comm", "maps"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    text = file.read()
            except OSError:
                continue
            if text not in seen:
                seen.add(text)
                sys.stdout.buffer.write(text + b"\\n")
                sys.stdout.buffer.flush()
"""


@contextlib.contextmanager
def observer(file, command=PYTHON):
    """Writes all that it can read of any process into the file."""
    with file.open("wb") as output:
        program = subprocess.Popen([*command, OBSERVER], stdout=output)
    try:
        wait_for(lambda: file.stat().st_size, what="the observer")
        yield
        assert program.poll() is None
    finally:
        program.kill()
        program.wait()


def opener(directory, what="sleep 20"):
    """A browser that only writes down its page, and stays a while, so that it can be looked at."""
    file = directory / "opener"
    file.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >{directory}/page\n{what}\n')
    file.chmod(0o755)
    return {"DISPLAY": ":0", "BROWSER": str(file)}


def consent_as(server, page, username):
    """Another user opens the link and follows it to the end."""
    browser, token = open_start(page)
    server.accept(token, username)
    return browser, token


def test_no_secret_is_in_what_others_see_of_our_processes(server, open_daemon, tmp_path):
    """Through a login with its commands, browser and hook, and a command that has the credential."""
    daemon = open_daemon
    daemon.configure(daemon="on_credential_changed = /bin/sh -c 'cat >/dev/null; exec sleep 0.5'\n"
                            "on_consent_needed = /bin/sh -c 'cat >/dev/null; exec sleep 0.5'")
    daemon.restart()
    seen, root_sees = tmp_path / "seen", tmp_path / "root"
    with observer(seen), observer(root_sees, PYTHON[len(AS_NOBODY):]):
        login = subprocess.Popen(
            [BIN / "misskey-authctl", "login", server.origin, "--as", "me"], text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**daemon.env, **opener(daemon.directory)})
        wait_for(lambda: (daemon.directory / "page").exists() and (daemon.directory / "page").read_text())
        page = (daemon.directory / "page").read_text().strip()
        wait_for(lambda: page.encode() in seen.read_bytes(), what="a look at the browser")
        browser, token = consent_as(server, page, "alice")
        assert "You are logged in" in browser.get(daemon.callback_url(token))[3]
        assert login.communicate(timeout=60)[0] == "me\n"
        i = daemon.credentials()["me"]["i"].encode()
        with subprocess.Popen([BIN / "misskey-token", "me", "--exec", "sleep", "600"], env=daemon.env) as sleeper:
            # It is there to be seen: of the command that was given the credential, by its own user.
            wait_for(lambda: i in root_sees.read_bytes(), what="a look at the command")
            wait_for(lambda: b"sleep\x00600" in seen.read_bytes(), what="the other user's look at it")
            sleeper.kill()
        for command in (["list"], ["status"], ["verify", "me"], ["callback", "x"]):
            daemon.authctl(*command)
    secrets = secrets_of(daemon, [server]) | {token, *(cookie.value for cookie in browser.cookies)}
    assert len(secrets) == 5  # appSecret, accessToken, i, the session's token, the cookie
    text = seen.read_bytes()
    assert b"misskey-authctl" in text and b"misskey-authd" in text and b"misskey-token" in text and b"sleep" in text
    assert not [secret for secret in secrets if secret.encode() in text]


TRY_EVERYTHING = """
import ctypes, os, sys
pid, home, port_directory = int(sys.argv[1]), sys.argv[2], sys.argv[3]
def attempt(what, function, *arguments):
    try:
        result = function(*arguments)
    except OSError:
        return
    print(what, result)
def read(path):
    with open(path, "rb") as file:
        return file.read(1)
for name in ("mem", "maps", "environ", "auxv", "stack", "pagemap", "syscall", "io", "personality"):
    attempt(name, read, f"/proc/{pid}/{name}")
for name in ("fd", "fdinfo", "map_files"):
    attempt(name, os.listdir, f"/proc/{pid}/{name}")
for thread in os.listdir(f"/proc/{pid}/task"):
    attempt("task", read, f"/proc/{pid}/task/{thread}/mem")
for link in ("exe", "cwd", "root"):
    attempt(link, os.readlink, f"/proc/{pid}/{link}")
attempt("signal", os.kill, pid, 0)
libc = ctypes.CDLL(None, use_errno=True)
print("ptrace", 0) if libc.ptrace(16, pid, 0, 0) == 0 else None
state = home + "/.local/state/misskey-authd"
files = [f"{state}/{name}" for name in ("credentials.json", "registry.json", "lock", "accounts/me/env", "accounts/me/token")]
for path in files:
    attempt(path, read, path)
    attempt("stat " + path, os.stat, path)
    attempt("write " + path, os.open, path, os.O_WRONLY)
    attempt("link " + path, os.link, path, f"/tmp/{pid}.linked")
    attempt("unlink " + path, os.unlink, path)
for directory in (state, state + "/env", state + "/tokens", port_directory):
    attempt("list " + directory, os.listdir, directory)
    attempt("make " + directory, os.open, directory + "/planted", os.O_CREAT | os.O_WRONLY)
    attempt("rename " + directory, os.rename, directory, directory + ".old")
print(read(home + "/everybody's"))
"""


def test_another_user_gets_at_no_file_and_no_memory(server_2025, open_daemon):
    daemon = open_daemon
    daemon.env["LC_ALL"] = "C"
    authorize(daemon, server_2025)
    (daemon.home / "everybody's").write_text("x")
    for directory in (daemon.home, daemon.home / ".local", daemon.home / ".local/state"):
        directory.chmod(0o755)
    daemon.runtime.chmod(0o755)
    arguments = [str(daemon.process.pid), str(daemon.home), str(daemon.socket.parent)]
    done = subprocess.run([*PYTHON, TRY_EVERYTHING, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout == "b'x'\n"
    assert daemon.process.poll() is None and daemon.token("me").returncode == 0


# Who races for the start page


def login_that_is_raced(server, daemon, *options):
    """A person's `login`, whose link another user reads from the process list and takes first, with an account of his
    own. Returns what the person's browser then shows, and how the command ended."""
    seen = daemon.directory / "seen"
    with observer(seen):
        login = subprocess.Popen(
            [BIN / "misskey-authctl", "login", server.origin, "--as", "me", *options], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**daemon.env, **opener(daemon.directory)})
        start = f"http://127.0.0.1:{daemon.port}/start/".encode()
        wait_for(lambda: start in seen.read_bytes(), what="the link in a process list")
    page = (start + seen.read_bytes().partition(start)[2][:32]).decode()
    browser, token = consent_as(server, page, "bob")
    return login, page, browser, token


def test_a_start_link_that_was_raced_for_is_worth_nothing(server_2025, open_daemon):
    """The person's browser comes second, before the other has consented: the session is dead."""
    daemon = open_daemon
    login, page, other, token = login_that_is_raced(server_2025, daemon)
    status, _, _, text = PlainBrowser().get(page)
    assert status == 410 and "another user of this computer" in text
    # The person's terminal has a new link at once, which is not one to what the other knows, nor in any arguments.
    again = new_link(daemon, page)
    assert "stopped for safety" in other.get(daemon.callback_url(token))[3]
    assert token not in PlainBrowser().get(again, follow=False)[2]["Location"]
    assert not daemon.credentials() and not server_2025.calls("auth/session/userkey")
    errors = ""
    while again not in errors:
        line = login.stderr.readline()
        assert line, errors
        errors += line
    login.send_signal(signal.SIGINT)
    login.communicate(timeout=60)
    assert "The link was opened in two browsers" in errors
    assert f"Open the new link in one browser only: {again}\n" in errors
    assert (daemon.directory / "page").read_text().strip() == page


def test_who_wins_the_race_against_a_login_of_a_user_gets_nothing_stored(server_2025, open_daemon):
    """He is faster than the person's browser, and is redirected before that has begun: --user tells them apart."""
    daemon = open_daemon
    login, _, other, token = login_that_is_raced(server_2025, daemon, "--user", "alice")
    assert "@bob" in other.get(daemon.callback_url(token))[3]
    output, errors = login.communicate(timeout=60)
    assert (login.returncode, output) == (7, "") and "@bob" in errors and "@alice" in errors
    assert not daemon.credentials() and daemon.token("me").returncode == 3


def test_who_wins_the_race_against_a_second_login_gets_nothing_stored(server_2025, open_daemon):
    """After the first login an account is bound to its user."""
    daemon = open_daemon
    authorize(daemon, server_2025)
    before = daemon.credentials()
    login, _, other, token = login_that_is_raced(server_2025, daemon)
    assert "@bob" in other.get(daemon.callback_url(token))[3]
    output, errors = login.communicate(timeout=60)
    assert (login.returncode, output) == (7, "") and "@bob" in errors
    assert daemon.credentials() == before


def test_who_wins_the_race_against_a_first_login_is_named(server_2025, open_daemon):
    """Nothing tells bob from the person, but every output and page names the user whose credential is stored."""
    daemon = open_daemon
    login, page, other, token = login_that_is_raced(server_2025, daemon)
    assert "@bob" in other.get(daemon.callback_url(token))[3]
    output, errors = login.communicate(timeout=60)
    assert (login.returncode, output) == (0, "me\n") and "@bob" in errors
    assert "@bob" in daemon.authctl("list").stdout
    # The person's own browser comes too late, and says what that may mean.
    status, _, _, text = PlainBrowser().get(page)
    assert status == 410 and "was faster than you" in text and "misskey-authctl list" in text and "bob" not in text
    assert "opened again after the login was finished" in daemon.log()


# A spoiled login stays one, whatever comes after


def new_link(daemon, old, account="me"):
    """The link that took the place of one which was opened twice."""
    return wait_for(lambda: (lambda now: now["start_url"] != old and now["start_url"])(
        daemon.account(account)["login"]), what="a new link")


def spoiled(server, daemon):
    """Another user opened the link first, the person's browser second: the other's browser and the session's token."""
    link = daemon.login("me", server=server.origin)["start_url"]
    other, token = consent_as(server, link, "bob")
    assert PlainBrowser().get(link)[0] == 410
    return other, token


def test_a_spoiled_login_is_not_trusted_after_a_restart_without_the_port(server_2025, open_daemon):
    daemon = open_daemon
    daemon.configure(daemon="poll_interval = 1s")
    daemon.restart()
    _, token = spoiled(server_2025, daemon)
    daemon.kill()
    with listening(daemon.port):
        daemon.start()
        login = wait_for(lambda: (lambda now: now.get("consent_url") and now)(
            daemon.control("GET", "/v1/accounts/me/login")[1]), what="a new session")
        assert token not in login["consent_url"]
        new = login["consent_url"].rsplit("/", 1)[1]

        def asked():
            return [call.body["token"] for call in server_2025.calls("auth/session/userkey")]

        wait_for(lambda: asked().count(new) == 2, what="polls of the new session")
        assert token not in asked() and not daemon.credentials()
        server_2025.accept(new, "alice")
        assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert daemon.credentials()["me"]["user"]["username"] == "alice"


def test_a_spoiled_login_is_not_looked_at_by_the_next(server_2025, open_daemon):
    daemon = open_daemon
    other, token = spoiled(server_2025, daemon)
    for browser in (True, False):
        login = daemon.login("me", browser=browser)
        assert login["state"] == "consent" and token not in (login["consent_url"] or "")
        assert "stopped for safety" in other.get(daemon.callback_url(token))[3]
    assert token not in [call.body["token"] for call in server_2025.calls("auth/session/userkey")]
    assert not daemon.credentials()


def test_a_spoiled_login_is_told_with_a_new_link(server_2025, open_daemon):
    """The API, its events and the commands tell it until the new link is opened, also after a restart."""
    daemon = open_daemon
    link = daemon.login("me", server=server_2025.origin)["start_url"]
    other, token = consent_as(server_2025, link, "bob")
    connection = UnixConnection(daemon.socket, 20)
    connection.request("GET", "/v1/events")
    events = connection.getresponse()
    assert json.loads(events.readline())["event"] == "snapshot"
    assert PlainBrowser().get(link)[0] == 410
    told = json.loads(events.readline())["account"]["login"]
    assert told["problem"]["code"] == "START_RACED"
    connection.close()
    again = new_link(daemon, link)
    for _ in range(2):
        login = daemon.account("me")["login"]
        assert (login["state"], login["start_url"], login["problem"]["code"]) == ("consent", again, "START_RACED")
        for command in ("status", "list"):
            said = daemon.authctl(command).stderr
            assert f"me: The link was opened in two browsers. The new link: {again}\n" in said
            assert said.count("opened in two browsers") == 1
        daemon.restart()
    # Nothing comes of the old session, not even by its owner.
    assert "stopped for safety" in other.get(daemon.callback_url(token))[3]
    assert daemon.authctl("callback", daemon.callback_url(token)).returncode == 1
    browser, new = consent_as(server_2025, again, "alice")
    assert daemon.account("me")["login"]["problem"] is None
    assert "You are logged in" in browser.get(daemon.callback_url(new))[3]
    assert token not in [call.body["token"] for call in server_2025.calls("auth/session/userkey")]


def test_links_that_are_raced_for_again_and_again_end_the_login(server_2025, open_daemon):
    """Otherwise a user who reads each link could have sessions made without end. The next login starts afresh."""
    daemon = open_daemon
    for turn in (1, 2):
        link = daemon.login("me", server=server_2025.origin)["start_url"]
        for _ in range(3):
            for _ in range(2):
                PlainBrowser().get(link, follow=False)
            link = new_link(daemon, link)
        assert PlainBrowser().get(link, follow=False)[0] == 303
        assert PlainBrowser().get(link)[0] == 410
        end = daemon.outcome("me")
        assert end["outcome"] == "CANCELLED" and "opened in two browsers" in end["message"]
        assert "misskey-authctl login" in end["message"]
        assert len(server_2025.calls("auth/session/generate")) == 4 * turn


def test_the_next_login_gives_no_second_link_to_an_opened_session(server_2025, open_daemon):
    """Another user opened the link, the person's browser did not start: the next link is another session's."""
    daemon = open_daemon
    first = daemon.login("me", server=server_2025.origin)["start_url"]
    other, token = consent_as(server_2025, first, "bob")
    second = daemon.login("me")["start_url"]
    assert second != first
    assert token not in PlainBrowser().get(second, follow=False)[2]["Location"]
    assert "The login was cancelled" in other.get(daemon.callback_url(token))[3]
    assert not server_2025.calls("auth/session/userkey") and not daemon.credentials()


def test_the_browser_with_the_cookie_may_open_the_link_again(server_2025, open_daemon):
    daemon = open_daemon
    link = daemon.login("me", server=server_2025.origin)["start_url"]
    browser, token = consent_as(server_2025, link, "alice")
    status, _, headers, _ = browser.get(link, follow=False)
    assert status == 303 and headers["Location"].endswith(token)
    assert "Max-Age" not in headers["Set-Cookie"] and "HttpOnly" in headers["Set-Cookie"]
    assert "You are logged in" in browser.get(daemon.callback_url(token))[3]


def test_what_others_repeat_is_written_and_logged_once(server_2025, open_daemon):
    daemon = open_daemon
    link = daemon.login("me", server=server_2025.origin)["start_url"]
    _, token = open_start(link)
    assert PlainBrowser().get(daemon.callback_url(token))[0] == 403
    assert PlainBrowser().get(link)[0] == 410
    new_link(daemon, link)

    def said():
        return [line for line in daemon.log().splitlines() if "account me" in line]

    log, written = said(), (daemon.state / "registry.json").stat()
    for _ in range(20):
        assert PlainBrowser().get(link)[0] == 410
        assert "stopped for safety" in PlainBrowser().get(daemon.callback_url(token))[3]
    assert said() == log
    assert (daemon.state / "registry.json").stat() == written


# What stands in the state directory's files' places

VICTIM = "what must stay as it is\n"


def plant(kind, path, victim):
    """Puts something else in the file's place, which a backup, a package or a slip could."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    if kind == "symbolic link":
        path.symlink_to(victim)
    elif kind == "dangling link":
        path.symlink_to(victim.parent / "made by following")
    elif kind == "link to a directory":
        path.symlink_to(victim.parent)
    elif kind == "hard link":
        os.link(victim, path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        os.mknod(path, 0o600 | stat.S_IFSOCK)
    elif kind == "endless device":
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))
    else:
        path.mkdir()
        (path / "inside").write_text(VICTIM)


PLACES = ["credentials.json", "registry.json", "lock", "accounts", "accounts/me", "accounts/me/env", "accounts/me/token", f".tmp-{'0' * 32}"]
KINDS = ["symbolic link", "dangling link", "link to a directory", "hard link", "fifo", "socket", "endless device",
         "directory"]


@pytest.mark.parametrize("place", PLACES)
def test_what_is_planted_in_a_files_place_is_neither_followed_nor_waited_for(server_2025, stopped, place):
    """A start either puts it right or says that it stands there, at once; a login never goes where it leads."""
    daemon = stopped
    kept = daemon.directory / "kept"
    shutil.copytree(daemon.state, kept)
    outside = daemon.directory / "outside"
    for kind in KINDS:
        outside.mkdir(mode=0o755)
        victim = outside / "victim"
        victim.write_text(VICTIM)
        victim.chmod(0o644)
        plant(kind, daemon.state / place, victim)
        daemon.start(wait=False)
        wait_for(lambda: daemon.process.poll() is not None or answers(daemon), what=f"a start with a {kind} as {place}")
        if daemon.process.poll() is None:
            if not daemon.control("GET", "/v1/status")[1]["problems"]:
                try_to_log_in(daemon, server_2025, place)
            assert daemon.stop() == 0
        else:
            assert daemon.process.returncode == 8, daemon.log()
            daemon.process = None
        assert os.listdir(outside) == ["victim"]
        assert victim.read_text() == VICTIM and stat.S_IMODE(victim.stat().st_mode) == 0o644, kind
        shutil.rmtree(outside)
        shutil.rmtree(daemon.state)
        shutil.copytree(kept, daemon.state)
    daemon.start()
    assert daemon.control("GET", "/v1/status")[1]["problems"] == []
    assert daemon.account("me")["state"] == "verified"


def answers(daemon):
    try:
        return daemon.control("GET", "/v1/status")[0] == 200
    except OSError:
        return False


def try_to_log_in(daemon, server, place):
    """It succeeds, or waits and says what is in its way."""
    consent(daemon, server, daemon.login("me"))

    def end():
        login = daemon.account("me")["login"]
        return login["outcome"] or (login["problem"] or {}).get("message")

    said = wait_for(end, what=f"the end of a login with {place}")
    assert said == "AUTHORIZED" or f"{place} is not safe to use" in said


# Where another user sits in our places

LISTEN = """
import os, socket, sys
where = sys.argv[1]
family, address = (socket.AF_UNIX, where) if where[0] == "/" else (socket.AF_INET, ("127.0.0.1", int(where)))
listener = socket.socket(family)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(address)
if family == socket.AF_UNIX:
    os.chmod(address, 0o777)
listener.listen()
print("listening", flush=True)
while True:
    client, _ = listener.accept()
    client.settimeout(1)
    try:
        print("got", client.recv(65536), flush=True)
        client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 18\\r\\n\\r\\n{\\"accounts\\": []}  ")
    except OSError as error:
        print(error, flush=True)
    client.close()
"""


@contextlib.contextmanager
def listening(address, command=PYTHON):
    """Another user's program that listens there, answers, and prints what it is sent."""
    program = subprocess.Popen([*command, LISTEN, str(address)], stdout=subprocess.PIPE, text=True)
    try:
        assert program.stdout.readline() == "listening\n"
        yield program
    finally:
        program.kill()
        program.wait()
        program.stdout.close()


def got(program):
    """What it has been sent so far."""
    program.kill()
    return [line for line in program.stdout.read().splitlines() if line.startswith("got ") and line != "got b''"]


@pytest.mark.parametrize("command", [
    ["list"], ["status"], ["login", "http://127.0.0.1:1"], ["login", "--missing"], ["logout", "me"], ["verify"],
    ["watch"], ["callback", "0a8ad7d6-0d3b-4d4b-8d2a-0123456789ab"], ["reload"], ["doctor"],
], ids=" ".join)  # fmt: skip
def test_a_lookalike_of_the_control_socket_is_told_nothing(public, command):
    """Another user made the directory that XDG_RUNTIME_DIR leads to, as after `su`, and answers there."""
    daemon = Daemon(public)
    os.chown(daemon.runtime, NOBODY, NOBODY)
    daemon.runtime.chmod(0o777)
    subprocess.run([*AS_NOBODY, "mkdir", "-m", "777", str(daemon.socket.parent)], check=True)
    with listening(daemon.socket) as lookalike:
        done = daemon.authctl(*command)
        said = done.stderr + done.stdout
        assert done.returncode == 8 and f"{daemon.socket} is not yours" in said and "XDG_RUNTIME_DIR" in said
        assert got(lookalike) == []


def test_a_listener_of_the_own_user_is_told(public):
    """Shows that the test above can fail."""
    daemon = Daemon(public)
    daemon.socket.parent.mkdir(mode=0o700)
    with listening(daemon.socket, PYTHON[len(AS_NOBODY):]) as own:
        daemon.authctl("list")
        assert "GET /v1/accounts" in got(own)[0]


def test_a_daemon_makes_no_socket_in_a_directory_of_another_user(public):
    daemon = Daemon(public)
    daemon.socket.parent.mkdir(mode=0o777)
    os.chown(daemon.socket.parent, NOBODY, NOBODY)
    done = daemon.run("misskey-authd", timeout=60)
    assert done.returncode == 8 and str(daemon.socket.parent) in done.stderr and "another user" in done.stderr


def test_a_state_directory_that_leads_to_another_user_is_refused(public):
    daemon = Daemon(public)
    theirs = public / "theirs"
    theirs.mkdir(mode=0o755)
    (theirs / "file").write_text("")
    os.chown(theirs, NOBODY, NOBODY)
    daemon.state.parent.mkdir(parents=True)
    daemon.state.symlink_to(theirs)
    done = daemon.run("misskey-authd", timeout=60)
    assert done.returncode == 8 and str(daemon.state) in done.stderr and "another user" in done.stderr
    assert os.listdir(theirs) == ["file"] and stat.S_IMODE(theirs.stat().st_mode) == 0o755


def test_who_squats_on_the_callback_port_gets_no_token(server, make_daemon):
    """The port is another user's before the daemon starts: it is named, logins poll, and no browser is led there."""
    daemon = make_daemon(servers=[server])
    daemon.configure(daemon="poll_interval = 1s")
    with listening(daemon.port) as squatter:
        daemon.start()
        (problem,) = daemon.control("GET", "/v1/status")[1]["problems"]
        assert problem["code"] == "PORT_TAKEN" and f"127.0.0.1:{daemon.port}" in problem["message"]
        login = daemon.login("me", server=server.origin)
        assert login["start_url"] is None
        browser = PlainBrowser()
        assert browser.get(login["consent_url"])[0] == 200
        server.accept(login["consent_url"].rsplit("/", 1)[1], "alice")
        assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
        assert not any(app.callback_url for app in server.apps.values())
        assert got(squatter) == []


# Clients of the control socket that mean no good: as the same user, whom nothing else keeps out


def send_much(daemon, head, piece, count):
    """The head, and COUNT times the piece until the daemon has enough: how much it took, and what it answered."""
    sent, answer = 0, b""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(daemon.socket))
        try:
            client.sendall(head)
            for _ in range(count):
                client.sendall(piece)
                sent += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        with contextlib.suppress(ConnectionResetError):
            answer = client.recv(65536)
    return sent, answer


MEGABYTE = 1024 * 1024
POST = b"POST /v1/callback HTTP/1.1\r\nHost: localhost\r\n"
GET = b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n"
MUCH = {
    "a body": (POST + b"Content-Length: 104857600\r\n\r\n", b" " * MEGABYTE),
    "a body in chunks": (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n%b\r\n" % (b" " * MEGABYTE)),
    "a header": (GET + b"X: ", b"x" * MEGABYTE),
    "headers": (GET, b"X: y\r\n" * (MEGABYTE // 6)),
    "a line": (b"GET /", b"x" * MEGABYTE),
}
REFUSALS = (b"HTTP/1.1 413", b"HTTP/1.1 414", b"HTTP/1.1 431")


@pytest.fixture
def measured(server_2025, make_daemon):
    """A daemon whose memory can be looked at: the sanitizer keeps 256 MB of what was freed."""
    daemon = make_daemon(servers=[server_2025])
    daemon.env["ASAN_OPTIONS"] += ":quarantine_size_mb=1"
    return daemon.start()


def test_a_hundred_megabytes_are_not_taken(server_2025, measured):
    daemon = measured
    before = daemon.memory()
    for what, (head, piece) in MUCH.items():
        sent, answer = send_much(daemon, head, piece, 100)
        assert sent <= 3 * MEGABYTE, what
        assert not answer or answer.startswith(REFUSALS), what
        # The sanitizer gives back what was freed only every few seconds.
        assert daemon.memory() - before < 16 * MEGABYTE, what
    assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"


def test_a_thousand_clients_of_the_control_socket_block_no_command(server_2025, measured):
    daemon = measured

    def use():
        assert daemon.authctl("list").returncode == 0
        assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"

    usual = seconds_of(use)
    before = daemon.memory()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    with contextlib.ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for number in range(1000):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(str(daemon.socket))
            # Every other one waits for what comes.
            client.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n" if number % 2 else b"GET /v1/sta")
        assert seconds_of(use) < 5 + 3 * usual, "a connection that is not shed has ten seconds"
        assert daemon.memory() - before < 64 * MEGABYTE
