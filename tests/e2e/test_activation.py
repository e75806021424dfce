# SPDX-License-Identifier: MIT
"""Started by its sockets, ended when idle: nothing is lost in between."""

import http.client
import signal
import socket
import threading
import time

import pytest

from harness import PlainBrowser, UnixConnection, accept, authorize, free_port, wait_for
from misskey_server import Html

# No session has it.
NOBODYS = "00000000-0000-4000-8000-000000000000"


# ---- On demand ----

def test_nothing_runs_until_somebody_asks(activated):
    assert activated.starts == 0
    assert activated.control("GET", "/v1/status")[0] == 200
    assert activated.starts == 1
    activated.wait_for_end()
    assert activated.statuses == [0] and "nothing to do" in activated.log()


def test_the_callback_url_is_the_address_of_the_socket(activated):
    assert activated.control("GET", "/v1/status")[1]["callback_url"] == f"http://127.0.0.1:{activated.port}/callback"


def test_a_consent_is_awaited_by_nobody_and_the_redirect_starts_the_daemon(activated, server):
    login = activated.login("me", server=server.origin)
    browser, token = accept(activated, server, login)
    activated.wait_for_end()
    status, _, _, page = browser.get(activated.callback_url(token))
    assert status == 200 and "alice" in page
    assert activated.starts == 2
    assert activated.credentials()["me"]["state"] == "verified"


def test_the_start_page_and_the_result_page_start_the_daemon_too(activated, server_2025):
    login = activated.login("me", server=server_2025.origin)
    activated.wait_for_end()
    browser, token = accept(activated, server_2025, login)
    _, result, _, _ = browser.get(activated.callback_url(token))
    activated.wait_for_end()
    # Shown again, with the same outcome.
    assert "alice" in browser.get(result)[3]
    assert activated.starts == 3


def test_a_login_that_polls_keeps_the_daemon(activated, server_2025):
    activated.configure(daemon="poll_interval = 3s")
    login = activated.login("me", server=server_2025.origin, browser=False)
    server_2025.accept(login["consent_url"].rsplit("/", 1)[1], "alice")
    wait_for(lambda: activated.credentials().get("me", {}).get("state") == "verified", what="the poll")
    assert activated.starts == 1
    activated.wait_for_end()


def test_a_retry_that_is_due_keeps_the_daemon(activated, server_2025):
    """The consent was given, and the server is down just then: it is tried again, not left."""
    login = activated.login("me", server=server_2025.origin)
    browser, token = accept(activated, server_2025, login)
    server_2025.misbehave("auth/session/userkey", Html(503), None)
    assert browser.get(activated.callback_url(token), follow=False)[0] == 303
    # The third call comes later than an idle exit would.
    server_2025.wait_for_calls("auth/session/userkey", 3)
    server_2025.well_behaved()
    wait_for(lambda: activated.credentials().get("me", {}).get("state") == "verified", what="the exchange")
    assert activated.starts == 1


def test_a_client_that_waits_keeps_the_daemon(activated):
    """A stream of events is somebody who is connected."""
    connection = UnixConnection(activated.socket, 20)
    connection.request("GET", "/v1/events")
    reply = connection.getresponse()
    assert b"snapshot" in reply.readline()
    activated.stay()
    assert activated.starts == 1
    reply.close()
    connection.close()
    activated.wait_for_end()


def test_a_connection_without_a_request_does_not_keep_it_for_ever(activated):
    """It counts as somebody until its time for a request is over."""
    with socket.create_connection(("127.0.0.1", activated.port)):
        wait_for(lambda: activated.starts == 1, what="the start")
        activated.stay()
        activated.wait_for_end()


def test_without_a_passed_control_socket_it_stays(make_activated, server_2025):
    """Nothing could start it again for a client."""
    daemon = make_activated(servers=[server_2025]).listen(control=False)
    daemon.start()
    PlainBrowser().get(f"http://127.0.0.1:{daemon.port}/")
    daemon.stay()
    assert "--idle-exit is without effect" in daemon.log()
    assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"


def test_without_a_passed_callback_socket_a_redirect_is_waited_for(make_activated, server_2025):
    """The daemon made its own socket, so the redirect would not start it."""
    daemon = make_activated(servers=[server_2025])
    daemon.configure(daemon=f"listen = 127.0.0.1:{daemon.port}")
    daemon.listen(callback=False).start()
    login = daemon.login("me", server=server_2025.origin)
    browser, token = accept(daemon, server_2025, login)
    daemon.stay()
    assert daemon.starts == 1
    browser.get(daemon.callback_url(token))
    assert daemon.credentials()["me"]["state"] == "verified"
    daemon.wait_for_end()


def test_a_hook_is_told_of_a_problem_once(make_activated, tmp_path):
    """Not at every start: those are many."""
    told = tmp_path / "told"
    daemon = make_activated()
    taken = socket.create_server(("127.0.0.1", daemon.port))
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\necho $MISSKEY_CODE >>{told}\n")
    hook.chmod(0o755)
    config = f"on_error = {hook}\nlisten = 127.0.0.1:{daemon.port}"
    daemon.configure(daemon=config)
    daemon.listen(callback=False).start()
    for _ in range(2):
        assert daemon.control("GET", "/v1/status")[1]["problems"][0]["code"] == "PORT_TAKEN"
        daemon.wait_for_end()
    assert daemon.starts == 2 and told.read_text() == "PORT_TAKEN\n"
    # It is over, and comes back: that is news.
    taken.close()
    assert daemon.control("GET", "/v1/status")[1]["problems"] == []
    daemon.wait_for_end()
    with socket.create_server(("127.0.0.1", daemon.port)):
        assert daemon.control("GET", "/v1/status")[1]["problems"][0]["code"] == "PORT_TAKEN"
        daemon.wait_for_end()
    assert told.read_text() == "PORT_TAKEN\n" * 2


# ---- The hand-over ----

def ask_slowly(connection, path, pause):
    """A client may be slow between its connection and its request: it must not be cut off there."""
    try:
        connection.connect()
        time.sleep(pause)
        connection.request("GET", path)
        return connection.getresponse().status == 200
    finally:
        connection.close()


def ask_control(daemon, pause=0):
    return ask_slowly(UnixConnection(daemon.socket, 20), "/v1/status", pause)


def ask_callback(daemon, pause=0):
    return ask_slowly(http.client.HTTPConnection("127.0.0.1", daemon.port), "/", pause)


@pytest.mark.parametrize("ask", [ask_control, ask_callback])
def test_nobody_is_lost_in_the_moment_of_the_exit(activated, ask):
    """Clients come around the very moment in which the daemon ends, some just before, some just after."""
    assert ask(activated)
    for step in range(12):
        quiet_since = time.monotonic()
        # 1 s of idleness, give or take 30 ms.
        time.sleep(max(0, 0.97 + step * 0.005 - (time.monotonic() - quiet_since)))
        answers = []
        pauses = (0, 0.05, 0, 0.02, 0, 0.1)
        clients = [threading.Thread(target=lambda pause=pause: answers.append(ask(activated, pause))) for pause in pauses]
        for client in clients:
            client.start()
            time.sleep(0.006)
        for client in clients:
            client.join(60)
        assert answers == [True] * 6
    assert activated.starts > 1
    assert ask_control(activated) and ask_callback(activated)
    assert set(activated.statuses) <= {0}


# ---- What cannot work says so ----

def test_a_bad_config_is_answered_on_both_sockets(activated):
    activated.config_file.write_text("[daemon]\nlisten = nowhere\n")
    status, answer = activated.control("GET", "/v1/status")
    assert status == 200
    (problem,) = answer["problems"]
    assert problem["code"] == "BAD_CONFIG" and f"{activated.config_file}:2" in problem["message"]
    status, answer = activated.control("POST", "/v1/accounts/me/login", {"server": "misskey.example"})
    assert (status, answer["error"]["code"]) == (503, "BAD_CONFIG") and "config.ini:2" in answer["error"]["message"]
    status, _, headers, page = PlainBrowser().get(activated.callback_url(NOBODYS))
    assert status == 503 and "config.ini:2" in page and headers["Content-Security-Policy"]
    done = activated.authctl("login", "misskey.example")
    assert done.returncode == 1 and "config.ini:2" in done.stderr
    assert activated.starts == 1
    assert activated.log().count("config.ini:2") == 1, "said once, however many ask"


def test_doctor_says_a_bad_config_once(activated):
    activated.config_file.write_text("[daemon]\nlisten = nowhere\n")
    found = activated.authctl("doctor")
    assert found.returncode == 1 and found.stdout.count("config.ini:2") == 1


def test_a_config_that_was_fixed_is_noticed_by_the_next_client(activated):
    good = activated.config_file.read_text()
    activated.config_file.write_text("[daemon\n")
    assert activated.control("GET", "/v1/status")[1]["problems"][0]["code"] == "BAD_CONFIG"
    activated.config_file.write_text(good)
    assert activated.control("GET", "/v1/status")[1]["problems"] == []
    assert activated.starts == 1


def test_a_refusing_daemon_tries_again_at_sighup(activated):
    activated.options = ["--idle-exit", "1m"]
    good = activated.config_file.read_text()
    activated.config_file.write_text("[daemon\n")
    assert activated.control("GET", "/v1/status")[1]["problems"][0]["code"] == "BAD_CONFIG"
    for tries in (1, 2):
        wait_for(lambda tries=tries: activated.log().count("config.ini:1") == tries, what="the reason, once more")
        activated.process.send_signal(signal.SIGHUP)
    wait_for(lambda: activated.log().count("config.ini:1") == 3, what="the reason, once more")
    activated.config_file.write_text(good)
    activated.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "ready:" in activated.log(), what="the start")
    assert activated.starts == 1


def test_a_refusing_daemon_ends_when_nobody_asks(activated):
    activated.config_file.write_text("[daemon\n")
    assert activated.control("GET", "/v1/status")[0] == 200
    activated.wait_for_end()
    assert activated.statuses == [0]
    assert activated.control("GET", "/v1/status")[1]["problems"][0]["code"] == "BAD_CONFIG"
    assert activated.starts == 2


def test_a_config_that_others_can_write_is_refused(activated):
    activated.config_file.chmod(0o666)
    assert activated.control("GET", "/v1/status")[1]["problems"][0]["code"] == "UNSAFE_CONFIG"
    done = activated.authctl("login", "misskey.example")
    assert done.returncode == 8 and "chmod" in done.stderr


def test_damaged_state_is_answered_on_both_sockets(activated, server_2025):
    assert authorize(activated, server_2025)["outcome"] == "AUTHORIZED"
    activated.wait_for_end()
    file = activated.state / "credentials.json"
    good = file.read_bytes()
    file.write_text("{")
    assert activated.control("GET", "/v1/status")[1]["problems"][0]["code"] == "STATE_DAMAGED"
    assert str(file) in PlainBrowser().get(activated.callback_url(NOBODYS))[3]
    activated.wait_for_end()
    file.write_bytes(good)
    assert activated.control("GET", "/v1/status")[1]["problems"] == []


def test_a_state_directory_of_another_daemon_is_answered(activated, make_daemon):
    """Somebody has started one by hand, with another control socket."""
    other = make_daemon("other")
    other.env["XDG_STATE_HOME"] = str(activated.home / ".local/state")
    other.start()
    problem = activated.control("GET", "/v1/status")[1]["problems"][0]
    assert problem["code"] == "CANNOT_START" and "another misskey-authd" in problem["message"]
    assert other.stop() == 0
    assert activated.control("GET", "/v1/status")[1]["problems"] == []


def test_sigterm_ends_one_that_refuses(activated):
    activated.config_file.write_text("[daemon\n")
    assert activated.control("GET", "/v1/status")[0] == 200
    activated.process.terminate()
    activated.wait_for_end(2)
    assert activated.statuses == [0]


# ---- Sockets that are not what they should be ----

def wrong_control(daemon):
    daemon.socket.parent.mkdir(mode=0o700)
    one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    one.bind(str(daemon.socket))
    return one


def wrong_callback(address, port):
    one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    one.bind((address, port))
    one.listen(5)
    return one


def test_a_control_socket_of_a_wrong_type_is_said_in_the_browser(make_activated):
    daemon = make_activated().listen(control=False)
    daemon.sockets["control"] = wrong_control(daemon)
    daemon.start()
    status, _, _, page = PlainBrowser().get(daemon.callback_url(NOBODYS))
    assert status == 503 and "misskey-authd-control.socket" in page
    daemon.sockets.pop("control").close()


@pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.2", "::1"])
def test_a_callback_socket_of_another_address_is_not_used(make_activated, address):
    """Only 127.0.0.1 is: with any other the browser would not come back, or others could come."""
    daemon = make_activated().listen(callback=False)
    daemon.configure(daemon=f"listen = 127.0.0.1:{free_port()}")
    daemon.sockets["callback"] = wrong_callback(address, daemon.port)
    daemon.start()
    status = daemon.control("GET", "/v1/status")[1]
    codes = {problem["code"] for problem in status["problems"]}
    assert codes & {"SOCKET_UNUSABLE", "PORT_TAKEN"}
    url = status["callback_url"]
    assert url is None or not url.endswith(f":{daemon.port}/callback")


def test_two_callback_sockets_are_one_too_many(make_activated):
    """A drop-in that adds an address instead of replacing it."""
    daemon = make_activated().listen()
    other = wrong_callback("127.0.0.1", free_port())
    daemon.sockets["unknown"] = other
    daemon.names = "callback:control:callback"
    daemon.start()
    status = daemon.control("GET", "/v1/status")[1]
    assert status["callback_url"] == f"http://127.0.0.1:{daemon.port}/callback"
    (problem,) = status["problems"]
    assert problem["code"] == "SOCKET_UNUSABLE" and "ListenStream=" in problem["message"]


def test_a_socket_of_an_unknown_name_is_left_alone(make_activated):
    daemon = make_activated().listen()
    daemon.sockets["something"] = wrong_callback("127.0.0.1", free_port())
    daemon.start()
    assert daemon.control("GET", "/v1/status")[1]["problems"] == []


def test_the_configs_port_does_not_count_and_that_is_said(make_activated):
    daemon = make_activated()
    daemon.configure(daemon=f"listen = 127.0.0.1:{free_port()}")
    daemon.start()
    status = daemon.control("GET", "/v1/status")[1]
    assert status["callback_url"] == f"http://127.0.0.1:{daemon.port}/callback"
    (problem,) = status["problems"]
    assert problem["code"] == "LISTEN_IGNORED" and "enable --port" in problem["message"]
    daemon.configure(daemon=f"listen = 127.0.0.1:{daemon.port}")
    status, answer = daemon.control("POST", "/v1/reload")
    assert (status, answer["needs_restart"]) == (200, False)
    assert daemon.control("GET", "/v1/status")[1]["problems"] == []
