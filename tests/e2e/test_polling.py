# SPDX-License-Identifier: MIT
"""Logins without a redirect: the daemon asks the server, in any browser on any device."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

import misskey_server as misskey
from harness import authorize, wait_for

USERKEY = "auth/session/userkey"


@pytest.fixture
def polling(make_daemon, request):
    """A running daemon that polls every second, with its callback port."""
    servers = [request.getfixturevalue(name) for name in ("server", "server_2025") if name in request.fixturenames]
    daemon = make_daemon(servers=servers)
    daemon.configure(daemon="poll_interval = 1s")
    return daemon.start()


@pytest.fixture
def taken(make_daemon, server):
    """A running daemon whose callback port another program has."""
    daemon = make_daemon(servers=[server])
    daemon.configure(daemon="poll_interval = 1s")
    with socket.socket() as other:
        other.bind(("127.0.0.1", daemon.port))
        other.listen()
        yield daemon.start()


def session_token(login):
    return login["consent_url"].rsplit("/", 1)[1]


def test_a_session_is_asked_for_at_the_interval_until_consent(server, polling):
    login = polling.login("me", server=server.origin, browser=False)
    assert login["start_url"] is None and login["consent_url"].startswith(server.origin + "/auth/")
    first, second = server.wait_for_calls(USERKEY, 2)
    # The default is 3.75 s at least.
    assert 0.7 < second.time - first.time < 3.7 and first.status == 400
    server.accept(session_token(login), "alice")
    assert polling.outcome("me")["outcome"] == "AUTHORIZED"
    assert [call.status for call in server.calls(USERKEY)].count(200) == 1
    # Two polls of another session later nobody has asked for this one again.
    calls = [call.body["token"] for call in server.calls(USERKEY)]
    polling.login("other", server=server.origin, browser=False)
    later = server.wait_for_calls(USERKEY, len(calls) + 2)[len(calls):]
    assert calls[0] not in [call.body["token"] for call in later]


def test_the_address_of_a_login_that_a_poll_has_ended(server, polling):
    """The browser elsewhere shows its address, and meanwhile the daemon has asked."""
    for user, status, said in (("alice", 0, "Signed in to {} as @alice (account me)."), ("bob", 7, "signed in as @bob")):
        login = polling.login("me", server=server.origin, browser=False)
        token = session_token(login)
        server.accept(token, user)
        ended = polling.outcome("me")
        for restarts in (False, True):
            if restarts:
                polling.restart()
            for address in (token, polling.callback_url(token)):
                result = polling.authctl("callback", address)
                assert result.returncode == status, result.stderr
                assert said.format(server.origin) in result.stderr
                assert result.stdout == ("me\n" if status == 0 else "")
                assert not ended["message"] or ended["message"] in result.stderr


def test_the_address_of_a_login_that_was_cancelled_or_whose_credential_is_gone(server, polling):
    login = polling.login("other", server=server.origin, browser=False)
    assert polling.authctl("cancel", "other").returncode == 0
    result = polling.authctl("callback", session_token(login))
    assert result.returncode == 4, result.stderr
    assert "The login of other was cancelled" in result.stderr and f"login {server.origin[7:]} --as other" in result.stderr
    login = polling.login("me", server=server.origin, browser=False)
    server.accept(session_token(login), "alice")
    assert polling.outcome("me")["outcome"] == "AUTHORIZED"
    waits = polling.login("me", browser=False)
    result = polling.authctl("callback", "--json", session_token(login))
    assert result.returncode == 0 and json.loads(result.stdout)["user"]["username"] == "alice", result.stderr
    assert waits["consent_url"] not in result.stdout + result.stderr
    assert polling.authctl("logout", "me").returncode == 0
    result = polling.authctl("callback", session_token(login))
    assert result.returncode == 1 and "No pending login waits for this address." in result.stderr


def test_the_address_of_a_login_that_another_has_followed(server_2025, polling):
    def begin(name):
        return session_token(polling.login(name, server=server_2025.origin, browser=False))

    def is_unknown(token):
        result = polling.authctl("callback", token)
        return result.returncode == 1 and "No pending login waits for this address." in result.stderr

    cancelled = begin("other")
    assert polling.authctl("cancel", "other").returncode == 0
    begin("other")
    assert is_unknown(cancelled)
    tokens = [begin("me")]
    server_2025.accept(tokens[0], "alice")
    assert polling.outcome("me")["outcome"] == "AUTHORIZED"
    tokens.append(begin("me"))
    server_2025.accept(tokens[1], "alice")
    assert polling.outcome("me")["outcome"] == "AUTHORIZED"
    assert polling.authctl("callback", tokens[1]).returncode == 0
    assert is_unknown(tokens[0])


def test_polls_of_several_logins_stay_below_the_limit_of_a_server(make_daemon):
    """Sharkey allows two a second, and here four logins are polled every second."""
    with misskey.MisskeyServer(profile="sharkey") as server:
        daemon = make_daemon(servers=[server])
        daemon.configure(daemon="poll_interval = 1s")
        daemon.start()
        names = [f"account{n}" for n in range(4)]
        logins = [daemon.login(name, server=server.origin, browser=False) for name in names]
        wait_for(lambda: all(daemon.account(name)["login"]["state"] == "consent" for name in names), what="the pages")
        server.wait_for_calls(USERKEY, len(names) + 2)
        assert {call.body["token"] for call in server.calls(USERKEY)} == {session_token(login) for login in logins}
        daemon.restart()
        for login in logins:
            server.accept(session_token(login), "alice")
        assert {daemon.outcome(name)["outcome"] for name in names} == {"AUTHORIZED"}
        assert 429 not in [call.status for call in server.calls(USERKEY)]


def test_a_login_with_a_browser_is_not_polled(server_2025, polling):
    polling.login("me", server=server_2025.origin)
    polling.login("other", server=server_2025.origin, browser=False)
    server_2025.wait_for_calls(USERKEY, 2)
    assert len({call.body["token"] for call in server_2025.calls(USERKEY)}) == 1


@pytest.mark.parametrize("fault", [misskey.Html(502), misskey.Cut()], ids=["502", "cut"])
def test_a_poll_that_fails_is_a_missed_poll(server_2025, polling, fault):
    login = polling.login("me", server=server_2025.origin, browser=False)
    server_2025.misbehave(USERKEY, fault)
    server_2025.wait_for_calls(USERKEY)
    server_2025.accept(session_token(login), "alice")
    assert polling.outcome("me")["outcome"] == "AUTHORIZED"


def test_polls_that_fail_come_as_seldom_as_configured(server_2025, polling):
    """Without a maximum the fourth pause would be 6 s at least."""
    polling.configure(daemon="poll_interval = 1s\npoll_interval_max = 1s")
    polling.restart()
    server_2025.misbehave(USERKEY, misskey.Html(502), times=5)
    polling.login("me", server=server_2025.origin, browser=False)
    times = [call.time for call in server_2025.wait_for_calls(USERKEY, 5)]
    assert times[4] - times[3] < 5.5


def test_a_poll_and_a_callback_never_overlap(server_2025, polling):
    """The callback waits for the poll's answer, and then asks at once: it knows of a newer consent."""
    login = polling.login("me", server=server_2025.origin, browser=False)
    server_2025.misbehave(USERKEY, misskey.Delay(6, "after"))
    server_2025.wait_for_calls(USERKEY)
    # The next poll would come too late for the outcome to be awaited.
    polling.configure(daemon="poll_interval = 5m\npoll_interval_max = 5m")
    assert polling.control("POST", "/v1/reload")[0] == 200
    server_2025.accept(session_token(login), "alice")
    assert polling.control("POST", "/v1/callback", {"url": polling.callback_url(session_token(login))})[0] == 200
    assert polling.outcome("me")["outcome"] == "AUTHORIZED"
    poll, callback = server_2025.calls(USERKEY)
    assert (poll.status, callback.status) == (400, 200)
    assert callback.time - poll.time >= 6


def test_a_callback_whose_poll_got_the_answer_is_not_asked_again(server_2025, polling):
    login = polling.login("me", server=server_2025.origin, browser=False)
    server_2025.accept(session_token(login), "alice")
    server_2025.misbehave(USERKEY, misskey.Delay(3, "after"))
    server_2025.wait_for_calls(USERKEY)
    polling.control("POST", "/v1/callback", {"url": session_token(login)})
    assert polling.outcome("me")["outcome"] == "AUTHORIZED"
    assert len(server_2025.calls(USERKEY)) == 1


def test_a_poll_whose_answer_was_lost_leads_to_a_new_page(server, polling):
    login = polling.login("me", server=server.origin, browser=False)
    server.accept(session_token(login), "alice")
    server.misbehave(USERKEY, misskey.Cut("after"))
    renewed = wait_for(lambda: (lambda now: now["consent_url"] not in (None, login["consent_url"]) and now)(
        polling.control("GET", "/v1/accounts/me/login")[1]))
    server.accept(session_token(renewed), "alice")
    assert polling.outcome("me")["outcome"] == "AUTHORIZED"
    assert len(server.calls("app/create")) == 1


def test_a_polled_session_survives_a_restart(server, polling):
    login = polling.login("me", server=server.origin, browser=False)
    server.wait_for_calls(USERKEY)
    polling.kill()
    polling.start()
    server.accept(session_token(login), "alice")
    assert polling.outcome("me")["outcome"] == "AUTHORIZED"


def test_a_taken_port_is_said_and_logins_poll(server, taken):
    status = taken.control("GET", "/v1/status")[1]
    assert status["callback_url"] is None
    (problem,) = status["problems"]
    assert problem["code"] == "PORT_TAKEN" and f"127.0.0.1:{taken.port}" in problem["message"]
    assert "listen = " in problem["message"]
    shown = taken.authctl("status")
    assert shown.returncode == 0 and f"127.0.0.1:{taken.port} is taken" in shown.stdout
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(taken.authctl, "login", server.origin, "--as", "me", BROWSER="true")
        login = wait_for(lambda: (lambda now: now.get("consent_url") and now)(
            taken.control("GET", "/v1/accounts/me/login")[1]))
        server.accept(session_token(login), "alice")
        done = waiting.result()
    assert done.returncode == 0 and done.stdout == "me\n"
    assert login["consent_url"] in done.stderr and "@alice" in done.stderr
    (app,) = server.apps.values()
    assert not app.callback_url


def test_a_port_that_is_free_again_is_used_after_a_restart(server_2025, make_daemon):
    daemon = make_daemon(servers=[server_2025])
    with socket.socket() as other:
        other.bind(("127.0.0.1", daemon.port))
        other.listen()
        daemon.start()
        assert daemon.control("GET", "/v1/status")[1]["problems"]
    daemon.restart()
    assert daemon.control("GET", "/v1/status")[1]["problems"] == []
    assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"
