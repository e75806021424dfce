# SPDX-License-Identifier: MIT
"""The daemon is killed, stopped and started at every step of a login: nothing is lost and nothing is asked twice."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import misskey_server as misskey
from harness import PlainBrowser, accept, authorize, consent, needs_root, session_token, wait_for

GENERATE, USERKEY, I = "auth/session/generate", "auth/session/userkey", "i"
# Far below what would otherwise be waited for: a pause (3.75 s at least), a client's time (10 s), a look-up (9 s).
SOON_S = 3.5


def begin_exchange(daemon, browser, token):
    """Brings the callback; the answer is the result page's address."""
    status, _, headers, _ = browser.get(daemon.callback_url(token), follow=False)
    assert status == 303
    return f"http://127.0.0.1:{daemon.port}{headers['Location']}"


# Killed


def test_killed_between_consent_and_callback(server, daemon):
    browser, token = accept(daemon, server, daemon.login("me", server=server.origin))
    daemon.kill()
    daemon.start()
    assert daemon.account("me")["login"]["state"] == "consent"
    status, _, _, text = browser.get(daemon.callback_url(token))
    assert status == 200 and "You are logged in" in text
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert len(server.calls(USERKEY)) == len(server.calls(GENERATE)) == len(server.calls("app/create")) == 1


def test_killed_before_the_page_was_opened(server, daemon):
    login = daemon.login("me", server=server.origin)
    daemon.kill()
    daemon.start()
    assert daemon.account("me")["login"]["start_url"] == login["start_url"]
    consent(daemon, server, login)
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"


def test_a_start_link_is_used_up_over_a_restart(server_2025, daemon):
    login = daemon.login("me", server=server_2025.origin)
    assert PlainBrowser().get(login["start_url"], follow=False)[0] == 303
    daemon.kill()
    daemon.start()
    assert PlainBrowser().get(login["start_url"], follow=False)[0] == 410


def test_killed_in_the_exchange_before_the_server_acted(server, daemon):
    server.misbehave(USERKEY, misskey.NeverAnswer())
    browser, token = accept(daemon, server, daemon.login("me", server=server.origin))
    result = begin_exchange(daemon, browser, token)
    server.wait_for_calls(USERKEY)
    daemon.kill()
    daemon.start()
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert [call.acted for call in server.calls(USERKEY)] == [False, True]
    assert len(server.calls(GENERATE)) == 1
    assert "You are logged in" in browser.get(result)[3]


def test_killed_in_the_exchange_after_the_server_acted(willing_server, daemon):
    server = willing_server
    server.misbehave(USERKEY, misskey.NeverAnswer("after"))
    browser, token = accept(daemon, server, daemon.login("me", server=server.origin))
    result = begin_exchange(daemon, browser, token)
    wait_for(lambda: [call.acted for call in server.calls(USERKEY)] == [True])
    daemon.kill()
    daemon.start()
    wait_for(lambda: daemon.account("me")["login"]["state"] == "consent", what="the new session")
    # The page of before the crash leads through the new session's consent, without a click.
    status, _, _, text = browser.get(result)
    assert status == 200 and "You are logged in" in text
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert len(server.calls(USERKEY)) == 3 and len(server.calls(GENERATE)) == 2
    assert len(server.access_tokens) == 1 and len(server.apps) == 1


def test_an_answer_that_is_lost_twice_over_a_restart_is_said(server, daemon):
    server.misbehave(USERKEY, misskey.NeverAnswer("after"), times=2)
    browser, token = accept(daemon, server, daemon.login("me", server=server.origin))
    result = begin_exchange(daemon, browser, token)
    server.wait_for_calls(USERKEY)
    daemon.kill()
    daemon.start()
    server.wait_for_calls(USERKEY, 2)
    server.well_behaved()
    daemon.kill()
    daemon.start()
    wait_for(lambda: daemon.account("me")["login"]["state"] == "consent")
    page = browser.get(result)[1]
    server.accept(page.rsplit("/", 1)[1], "alice")
    server.forget_sessions()
    # That a session was made anew already is known after the restarts, too.
    daemon.kill()
    daemon.start()
    assert "has lost this login" in browser.get(daemon.callback_url(page.rsplit("/", 1)[1]))[3]
    assert daemon.outcome("me")["outcome"] == "LOST"


def test_killed_right_after_the_credential_was_stored(server, daemon):
    server.misbehave(I, misskey.NeverAnswer())
    browser, token = accept(daemon, server, daemon.login("me", server=server.origin))
    result = begin_exchange(daemon, browser, token)
    server.wait_for_calls(I)
    stored = daemon.credentials()["me"]
    assert stored["state"] == "unverified"
    daemon.kill()
    # What was stored works while the daemon is away.
    assert daemon.token("me").stdout == stored["i"] + "\n"
    daemon.start()
    end = daemon.outcome("me")
    assert (end["outcome"], end["user"]["username"]) == ("AUTHORIZED", "alice")
    assert len(server.calls(USERKEY)) == 1 and len(server.calls(GENERATE)) == 1
    assert daemon.credentials()["me"] == {**stored, "state": "verified",
                                          "verified_at": daemon.credentials()["me"]["verified_at"]}
    assert "You are logged in" in browser.get(result)[3]
    assert daemon.registry()["sessions"] == []


def test_killed_again_and_again(server, daemon):
    """At any moment of many logins: each ends with a credential that works."""
    for delay in (0, 0.002, 0.005, 0.01, 0.02):
        login = daemon.login("me", server=server.origin)
        if login["state"] == "consent":
            browser, token = accept(daemon, server, login)
            begin_exchange(daemon, browser, token)
        time.sleep(delay)  # what the kill interrupts is meant to differ
        daemon.kill()
        daemon.start()
        state = wait_for(lambda: (daemon.account("me").get("login") or {"state": "finished"})["state"] in
                         ("consent", "finished") and daemon.account("me")["state"])
        if state == "absent":
            continue
        assert daemon.token("me").returncode == 0
        assert not daemon.leftovers() or daemon.account("me")["login"]["state"] != "finished"
    for call in server.calls(USERKEY):
        assert len([each for each in server.calls(USERKEY)
                    if each.body == call.body and each.status == 200 and not each.abandoned]) <= 1
    # Whatever is pending at the end can be finished.
    login = daemon.login("me", server=server.origin)
    if login["state"] == "consent":
        consent(daemon, server, login)
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"


@pytest.mark.parametrize("polled", [False, True])
def test_an_exchange_that_may_have_ended_the_daemon_waits(server_2025, daemon, polled):
    """After one kill it goes on at once, after more only after a pause, in which everybody is served."""
    server_2025.misbehave(USERKEY, misskey.NeverAnswer(), None)
    login = daemon.login("me", server=server_2025.origin, browser=not polled)
    if not polled:
        browser, token = accept(daemon, server_2025, login)
        begin_exchange(daemon, browser, token)
    server_2025.wait_for_calls(USERKEY, 1)
    daemon.kill()
    daemon.start()
    server_2025.wait_for_calls(USERKEY, 2, timeout=SOON_S)
    daemon.kill()
    started = time.monotonic()
    daemon.start()
    assert daemon.registry()["sessions"][0]["resumes"] == 2
    server_2025.well_behaved()
    if polled:
        server_2025.accept(session_token(server_2025), "alice")
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    _, _, third = server_2025.calls(USERKEY)
    assert third.time - started > 1


def test_an_orderly_end_is_no_reason_to_wait(server_2025, daemon):
    server_2025.misbehave(USERKEY, misskey.NeverAnswer(), None)
    daemon.login("me", server=server_2025.origin, browser=False)
    for count in (1, 2, 3, 4):
        server_2025.wait_for_calls(USERKEY, count, timeout=60 if count == 1 else SOON_S)
        assert daemon.stop() == 0
        daemon.start()


def test_a_pending_session_survives_many_restarts(server, daemon):
    browser, token = accept(daemon, server, daemon.login("me", server=server.origin))
    before = daemon.account("me")["login"]
    for restart in (daemon.kill, daemon.stop, daemon.kill, daemon.stop):
        restart()
        daemon.start()
        after = daemon.account("me")["login"]
        assert (after["state"], after["start_url"], after["expires_at"]) == (
            "consent", before["start_url"], before["expires_at"])
    assert "You are logged in" in browser.get(daemon.callback_url(token))[3]
    assert len(server.calls(USERKEY)) == 1


def test_authctl_goes_on_over_a_restart(server_2025, daemon):
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(daemon.authctl, "login", server_2025.origin, "--as", "me", DISPLAY=":0", BROWSER="true")
        wait_for(lambda: "waiting for consent" in daemon.log())
        login = daemon.account("me")["login"]
        daemon.restart()
        consent(daemon, server_2025, login)
        done = waiting.result()
    assert (done.returncode, done.stdout) == (0, "me\n"), done.stderr


def test_a_session_whose_time_is_over_at_the_start_has_expired(server_2025, make_daemon):
    daemon = make_daemon(servers=[server_2025])
    daemon.start()
    browser, token = accept(daemon, server_2025, daemon.login("me", server=server_2025.origin))
    daemon.restart_after_sessions()
    end = daemon.outcome("me")
    host = server_2025.origin.partition("//")[2]
    assert end["outcome"] == "EXPIRED" and f"misskey-authctl login {host} --as me" in end["message"]
    assert "has expired" in browser.get(daemon.callback_url(token))[3]
    assert not server_2025.calls(USERKEY)


# Two at once


def second(daemon, **env):
    return daemon.run("misskey-authd", timeout=60, **env)


def test_a_second_daemon_on_the_same_state_is_refused(server, daemon, tmp_path):
    login = daemon.login("me", server=server.origin)
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    done = second(daemon, XDG_RUNTIME_DIR=str(other))
    assert done.returncode == 1 and done.stdout == ""
    assert "another misskey-authd uses" in done.stderr and str(daemon.state) in done.stderr
    consent(daemon, server, login)
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"


def test_a_second_daemon_on_the_same_socket_is_refused(server_2025, daemon, tmp_path):
    done = second(daemon, XDG_STATE_HOME=str(tmp_path / "other"))
    assert done.returncode == 1 and done.stdout == ""
    assert "another misskey-authd" in done.stderr and str(daemon.socket) in done.stderr
    assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"


def test_two_daemons_with_homes_of_their_own_do_not_meet(server_2025, make_daemon):
    one, two = (make_daemon(name, servers=[server_2025]).start() for name in ("one", "two"))
    for daemon, user in ((one, "alice"), (two, "bob")):
        assert authorize(daemon, server_2025, username=user)["user"]["username"] == user
    assert one.credentials()["me"]["i"] != two.credentials()["me"]["i"]


def test_a_control_socket_that_nobody_listens_on_is_replaced(server_2025, daemon):
    daemon.kill()
    assert daemon.socket.is_socket()
    daemon.start()
    assert daemon.socket.stat().st_mode & 0o777 == 0o600
    assert daemon.stop() == 0
    assert not daemon.socket.exists()
    daemon.socket.write_text("left by something else")
    daemon.start()
    assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"


# Stopped


@contextlib.contextmanager
def quick_end(daemon):
    """Whatever is under way, SIGTERM ends the daemon at once, with 0: nothing that lasts is waited for."""
    daemon.env["ASAN_OPTIONS"] = "detect_leaks=0:exitcode=99"  # the search for leaks is not part of the end
    if daemon.process:
        daemon.restart()
    yield
    started = time.monotonic()
    assert daemon.stop() == 0, daemon.log()
    assert time.monotonic() - started < SOON_S


def test_stopped_while_idle(server_2025, daemon):
    with quick_end(daemon):
        authorize(daemon, server_2025)


@pytest.mark.parametrize("signal_name", ["SIGINT", "SIGTERM"])
def test_signals_that_end(daemon, signal_name):
    daemon.process.send_signal(getattr(signal, signal_name))
    assert daemon.process.wait(60) == 0
    daemon.process = None
    assert not daemon.socket.exists()


def test_stopped_in_an_exchange_that_is_never_answered(server, daemon):
    with quick_end(daemon):
        server.misbehave(USERKEY, misskey.NeverAnswer())
        browser, token = accept(daemon, server, daemon.login("me", server=server.origin))
        result = begin_exchange(daemon, browser, token)
        server.wait_for_calls(USERKEY)
    daemon.start()
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert "You are logged in" in browser.get(result)[3]


def test_stopped_before_there_was_a_page(server, daemon):
    with ThreadPoolExecutor() as pool:
        with quick_end(daemon):
            server.misbehave(GENERATE, misskey.NeverAnswer())
            answer = pool.submit(daemon.control, "POST", "/v1/accounts/me/login", {"server": server.origin})
            server.wait_for_calls(GENERATE)
        status, body = answer.result()
        assert (status, body["error"]["code"]) == (503, "STOPPING")
    daemon.start()
    assert authorize(daemon, server)["outcome"] == "AUTHORIZED"
    assert len(server.calls("app/create")) == 1


def test_stopped_with_clients_that_wait(server, daemon):
    """A long poll and a result page get an answer, and the page leads on after the next start."""
    with ThreadPoolExecutor() as pool:
        with quick_end(daemon):
            server.misbehave(USERKEY, misskey.NeverAnswer())
            browser, token = accept(daemon, server, daemon.login("me", server=server.origin))
            result = begin_exchange(daemon, browser, token)
            server.wait_for_calls(USERKEY)
            poll = pool.submit(daemon.control, "GET", "/v1/accounts/me/login?wait=60")
            page = pool.submit(browser.get, result)
            idle = [socket.create_connection(("127.0.0.1", daemon.port)) for _ in range(3)]
            wait_for(lambda: count_connections(daemon) >= 4, what="the connections")
            wait_for(lambda: has_control_client(daemon), what="the long poll's connection")
        status, body = poll.result()
        assert (status, body["error"]["code"]) == (503, "STOPPING")
        status, _, headers, text = page.result()
        assert status == 200 and "Finishing the login" in text and "refresh" in text
    for each in idle:
        each.close()
    daemon.start()
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert "You are logged in" in browser.get(result)[3]


def count_connections(daemon):
    """Established connections at the callback port, as the kernel lists them."""
    lines = open("/proc/net/tcp", encoding="ascii").read().splitlines()[1:]
    fields = [line.split() for line in lines]
    return sum(each[1].endswith(f":{daemon.port:04X}") and each[3] == "01" for each in fields)


def has_control_client(daemon):
    """Whether somebody is connected to the control socket: 03 is the state in which a connection is."""
    fields = [line.split() for line in Path("/proc/net/unix").read_text(encoding="ascii").splitlines()]
    return any(each[5] == "03" and each[-1] == str(daemon.socket) for each in fields)


def test_a_client_that_never_ends_its_request_does_not_hold_up_the_end(daemon):
    with quick_end(daemon):
        half = [socket.create_connection(("127.0.0.1", daemon.port)) for _ in range(3)]
        for each in half:
            each.sendall(b"GET /callback HTTP/1.1\r\nHost: ")
        control = socket.socket(socket.AF_UNIX)
        control.connect(str(daemon.socket))
        control.sendall(b"POST /v1/accounts/me/login HTTP/1.1\r\nContent-Length: 100\r\n\r\n{")
    for each in (*half, control):
        each.close()


class SilentResolver:
    """A DNS server that takes every question and answers none."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # A resolver's port is always 53; the loopback network has room for many of them.
        self.address = f"127.{os.getpid() % 250 + 2}.{threading.get_native_id() % 250 + 2}.53"
        self.socket.bind((self.address, 53))
        self.socket.settimeout(10)

    def wait_for_question(self):
        return self.socket.recv(512)


@pytest.fixture
def silent_resolver():
    resolver = SilentResolver()
    yield resolver
    resolver.socket.close()


@needs_root
def test_stopped_while_a_name_is_looked_up_in_vain(make_daemon, silent_resolver, tmp_path):
    resolv = tmp_path / "resolv.conf"
    resolv.write_text(f"nameserver {silent_resolver.address}\n")
    names = tmp_path / "nsswitch.conf"
    names.write_text("hosts: dns\n")
    daemon = make_daemon()
    mounts = [(resolv, "/etc/resolv.conf"), (names, "/etc/nsswitch.conf")]
    script = " && ".join(f'mount --bind "{ours}" {theirs}' for ours, theirs in mounts)
    daemon.wrapper = ["unshare", "--mount", "sh", "-c", f'{script} && exec "$@"', "sh"]
    if subprocess.run([*daemon.wrapper, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no mount namespace can be made here")
    daemon.env["ASAN_OPTIONS"] = "detect_leaks=0:exitcode=99"
    daemon.start()
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(daemon.control, "POST", "/v1/accounts/me/login", {"server": "silent.example"})
        assert b"silent" in silent_resolver.wait_for_question()
        # Others are served meanwhile.
        started = time.monotonic()
        assert daemon.control("GET", "/v1/status")[0] == 200
        assert time.monotonic() - started < SOON_S
        started = time.monotonic()
        assert daemon.stop() == 0, daemon.log()
        assert time.monotonic() - started < SOON_S
        assert answer.result()[0] == 503


def test_the_browser_sees_the_daemon_come_back(server, daemon):
    """A callback that finds nobody is repeated by the person's reload."""
    browser, token = accept(daemon, server, daemon.login("me", server=server.origin))
    assert daemon.stop() == 0
    with pytest.raises((urllib.error.URLError, http.client.HTTPException, OSError)):
        browser.get(daemon.callback_url(token))
    daemon.start()
    assert "You are logged in" in browser.get(daemon.callback_url(token))[3]
