# SPDX-License-Identifier: MIT
"""Servers, and networks before them, that fail: what is tried again, what is given up, and what people are told."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import misskey_server as misskey
from harness import PlainBrowser, accept, authorize, consent, wait_for
from misskey_server import MisskeyServer

CREATE, GENERATE, USERKEY, I = "app/create", "auth/session/generate", "auth/session/userkey", "i"
EARLY = (CREATE, GENERATE)
BEFORE_STORED = (*EARLY, USERKEY)
UNKNOWN_ENDPOINT = misskey.RawJson(
    '{"error":{"message":"Unknown API endpoint.","code":"UNKNOWN_API_ENDPOINT","id":"","kind":"client"}}', 404)
UNKNOWN_ROUTE = misskey.RawJson('{"message":"Route POST:/api not found","error":"Not Found","statusCode":404}', 404)
CONTROL_BYTES = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def acted(server, endpoint):
    """How often the server did what the endpoint does, answered or not."""
    return sum(call.acted for call in server.calls(endpoint))


def verified(daemon, account="me"):
    return wait_for(lambda: daemon.account(account)["state"] == "verified", what="the verification")


def failed(daemon, server, outcome, account="me"):
    """A login that ends before there is a page to open."""
    login = daemon.login(account, server=server.origin)
    assert (login["state"], login["outcome"]) == ("finished", outcome)
    assert login["start_url"] is None and login["consent_url"] is None
    assert server.origin in login["message"]
    return login


# No answer


def test_a_server_that_is_down_is_given_up_after_some_tries(server_2025, daemon):
    server_2025.stop()
    started = time.monotonic()
    done = daemon.authctl("login", server_2025.origin, "--as", "me")
    assert done.returncode == 6 and done.stdout == ""
    assert server_2025.origin in done.stderr and "could not be reached" in done.stderr
    assert 5 < time.monotonic() - started < 20
    assert daemon.log().count("could not be reached") == 4 + 1  # each try, and the end
    login = daemon.control("GET", "/v1/accounts/me/login")[1]
    assert login["outcome"] == "UNREACHABLE"
    # An account that never was is not kept.
    assert not daemon.control("GET", "/v1/accounts")[1]["accounts"]
    assert not list((daemon.state / "accounts").iterdir())


def test_a_server_that_comes_up_in_between_is_found(server, daemon):
    server.stop()
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(daemon.login, "me", server=server.origin)
        wait_for(lambda: "could not be reached" in daemon.log(), what="the first try")
        problem = daemon.control("GET", "/v1/accounts/me/login")[1]["problem"]
        assert "could not be reached" in problem["message"]
        server.start()
        login = answer.result()
    assert login["state"] == "consent" and login["problem"] is None
    consent(daemon, server, login)
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"


def test_a_server_that_is_down_after_the_consent_is_waited_for(server, daemon):
    browser, token = accept(daemon, server, daemon.login("me", server=server.origin))
    server.stop()
    assert browser.get(daemon.callback_url(token), follow=False)[0] == 303
    wait_for(lambda: daemon.account("me")["login"]["problem"], what="the trouble")
    status, result, _, text = browser.get(daemon.callback_url(token))
    assert status == 200 and "longer than usual" in text and "could not be reached" in text
    server.start()
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert "@alice" in browser.get(result)[3]
    assert len(server.calls(USERKEY)) == 1


def test_a_slow_server_is_waited_for(server, daemon):
    for endpoint in (*BEFORE_STORED, I):
        server.misbehave(endpoint, misskey.Delay(0.4))
    started = time.monotonic()
    assert authorize(daemon, server)["outcome"] == "AUTHORIZED"
    assert time.monotonic() - started >= 1.6
    assert all(len(server.calls(endpoint)) == 1 for endpoint in (*BEFORE_STORED, I))


@pytest.mark.parametrize("faults", [
    (misskey.Cut(), misskey.Html(502), misskey.RateLimited(), misskey.Cut(reset=True)),
    (misskey.Html(503), misskey.Cut(reset=True), misskey.Cut(), misskey.RateLimited()),
    (misskey.RateLimited(), misskey.Cut(), misskey.Html(502), misskey.Html(503)),
], ids=["one", "two", "three"])  # fmt: skip
def test_what_may_pass_is_tried_again_at_every_step(server_2025, daemon, faults):
    for endpoint, fault in zip((*BEFORE_STORED, I), faults):
        server_2025.misbehave(endpoint, fault)
    end = authorize(daemon, server_2025)
    # What is stored already is not held back because it cannot be checked yet.
    assert (end["outcome"], daemon.token("me").returncode) == ("UNVERIFIED", 0)
    verified(daemon)
    assert daemon.credentials()["me"]["state"] == "verified"
    for endpoint in (*BEFORE_STORED, I):
        first, second = server_2025.calls(endpoint)
        assert (first.acted, second.acted) == (False, True)
        assert second.time - first.time > 0.7, "a retry waits"


def test_a_server_that_never_answers_is_left_after_the_time_in_the_config(server_2025, make_daemon):
    daemon = make_daemon(servers=[server_2025])
    daemon.configure(daemon="request_time = 1s")
    daemon.start()
    server_2025.misbehave(GENERATE, misskey.NeverAnswer())
    login = daemon.login("me", server=server_2025.origin)
    server_2025.misbehave(USERKEY, misskey.NeverAnswer())
    _, (_, _, _, text) = consent(daemon, server_2025, login)
    assert "did not answer auth/session/userkey in time" in text
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    for endpoint in (GENERATE, USERKEY):
        first, second = server_2025.calls(endpoint)
        assert first.abandoned and not second.abandoned
        assert 1.7 < second.time - first.time < 3.5, endpoint


# The answer to the one call that cannot be repeated is lost


def through_a_lost_answer(server, daemon, fault):
    """All that a browser does by itself: start page, consent page, callback, result, and where these lead."""
    server.misbehave(USERKEY, fault)
    browser = PlainBrowser()
    status, result, _, text = browser.get(daemon.login("me", server=server.origin)["start_url"])
    assert status == 200 and "longer than usual" in text and "refresh" in text
    wait_for(lambda: len(server.calls(GENERATE)) == 2, what="a session made by itself")
    wait_for(lambda: daemon.account("me")["login"]["state"] == "consent")
    status, last, _, text = browser.get(result)
    assert status == 200 and "You are logged in" in text and "@alice" in text
    assert last == result, "the page keeps its address"
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    first, second, third = server.calls(USERKEY)
    assert first.body["token"] == second.body["token"] != third.body["token"]
    assert len(server.access_tokens) == 1 and len(server.calls(CREATE)) == 1


def test_a_lost_answer_costs_no_second_click(willing_server, daemon):
    through_a_lost_answer(willing_server, daemon, misskey.Cut("after"))


@pytest.mark.parametrize("fault", [misskey.Truncated(), misskey.Html(502, "after")], ids=["truncated", "502"])
def test_other_ways_to_lose_an_answer(make_daemon, fault):
    with MisskeyServer(auto_accept="alice") as server:
        through_a_lost_answer(server, make_daemon(servers=[server]).start(), fault)


# Answers that Misskey does not give

NOT_MISSKEY = {
    "oversized": misskey.Oversized(4 * 1024 * 1024),
    "oversized and chunked": misskey.Oversized(4 * 1024 * 1024, chunked=True),
    "nested": misskey.Nested(10_000),
    "page": misskey.Html(200),
    "empty": misskey.Status(200, "", "application/json"),
    "no content": misskey.Status(204),
    "array": misskey.RawJson("[]"),
    "null": misskey.RawJson("null"),
    "nul byte": misskey.RawJson(b'{"id":"a\x00b","secret":"s","token":"t","accessToken":"a"}'),
    "escaped nul": misskey.RawJson(r'{"id":"a\u0000b","secret":"s","token":"t","accessToken":"a\u0000"}'),
    "invalid UTF-8": misskey.RawJson(b'{"id":"\xff\xfe","secret":"\xff","token":"\xff","accessToken":"\xff"}'),
    "trailing bytes": misskey.RawJson('{"id":"a","secret":"s"} x'),
    "numbers": misskey.RawJson('{"id":1e999,"secret":1,"token":2,"url":3,"accessToken":4,"user":5}'),
    "huge secret": misskey.RawJson('{"id":"a","secret":"%s","accessToken":"%s"}' % (2 * ("x" * 10_000,))),
    "secret with a line end": misskey.RawJson(r'{"id":"a","secret":"x\ny","accessToken":"x\ny","user":{"id":"a"}}'),
    "created": misskey.RawJson('{"id":"a","secret":"s"}', status=201),
}


@pytest.mark.parametrize("endpoint", EARLY)
def test_what_is_not_misskey_ends_the_login_at_once(server_2025, daemon, endpoint):
    for name, fault in NOT_MISSKEY.items():
        server_2025.misbehave(endpoint, fault)
        started = time.monotonic()
        message = failed(daemon, server_2025, "BAD_REPLY")["message"]
        assert ("larger than" in message) == name.startswith("oversized"), name
        assert time.monotonic() - started < 5, name
    assert len(server_2025.calls(endpoint)) == len(NOT_MISSKEY)
    assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"


def test_duplicate_members_are_not_taken(server_2025, daemon):
    """Readers differ in which of two members counts, so the text is refused."""
    server_2025.misbehave(CREATE, misskey.RawJson('{"id":"a","secret":"%s","secret":"%s"}' % ("x" * 32, "y" * 32)))
    failed(daemon, server_2025, "BAD_REPLY")


def test_what_is_not_misskey_is_shown_on_the_page(server_2025, daemon):
    for name, fault in NOT_MISSKEY.items():
        login = daemon.login("me", server=server_2025.origin)
        browser, token = accept(daemon, server_2025, login)
        server_2025.misbehave(USERKEY, fault)
        status, _, _, text = browser.get(daemon.callback_url(token))
        assert status == 200 and "cannot be understood" in text, name
        end = daemon.outcome("me")
        assert end["outcome"] == "BAD_REPLY" and server_2025.origin in end["message"], name
        assert not daemon.credentials()
    assert len(server_2025.calls(USERKEY)) == len(NOT_MISSKEY)


def test_a_check_that_gets_nonsense_does_not_harm_the_credential(server, daemon):
    server.misbehave(I, misskey.Oversized(4 * 1024 * 1024))
    assert authorize(daemon, server)["outcome"] == "UNVERIFIED"
    assert daemon.token("me").returncode == 0
    verified(daemon)


def test_the_content_type_does_not_matter(server, daemon):
    for endpoint in (*BEFORE_STORED, I):
        server.misbehave(endpoint, misskey.WrongContentType("text/html"))
    assert authorize(daemon, server)["outcome"] == "AUTHORIZED"


@pytest.mark.parametrize("status", [301, 308])
def test_a_server_that_moved_is_named_and_not_followed(server_2025, daemon, status):
    with MisskeyServer() as target:
        for endpoint in EARLY:
            server_2025.misbehave(endpoint, misskey.Redirect(f"{target.origin}/api/{endpoint}", status))
            message = failed(daemon, server_2025, "REFUSED")["message"]
            assert f"a redirect to {target.origin}, which is not followed. If that is the server" in message
            assert "Log in again" not in message
        login = daemon.login("me", server=server_2025.origin)
        server_2025.misbehave(USERKEY, misskey.Redirect(f"{target.origin}/api/{USERKEY}", status))
        _, (_, _, _, text) = consent(daemon, server_2025, login)
        assert "refused the login" in text
        assert daemon.outcome("me")["outcome"] == "REFUSED"
        server_2025.misbehave(I, misskey.Redirect(f"{target.origin}/api/{I}", status))
        assert authorize(daemon, server_2025)["outcome"] == "UNVERIFIED"
        verified(daemon)
        assert target.requests == []


@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_for_a_while_is_named_and_tried_again(server_2025, daemon, status):
    """As servers in maintenance send it, for all that they are asked."""
    with MisskeyServer() as target:
        server_2025.misbehave(CREATE, misskey.Redirect(f"{target.origin}/sorry", status), times=None)
        done = daemon.authctl("login", server_2025.origin, "--as", "me")
        assert done.returncode == 6
        assert f"a redirect to {target.origin}, which is not followed. The server may be in maintenance" in done.stderr
        assert "log in with that name" not in done.stderr
        server_2025.well_behaved()
        login = daemon.login("me", server=server_2025.origin)
        server_2025.misbehave(USERKEY, misskey.Redirect(f"{target.origin}/sorry", status))
        consent(daemon, server_2025, login)
        assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
        assert target.requests == []


# Servers that say no


def test_a_rate_limit_is_respected(server, daemon):
    server.misbehave(GENERATE, misskey.RateLimited(2))
    login = daemon.login("me", server=server.origin)
    server.misbehave(USERKEY, misskey.RateLimited(2))
    consent(daemon, server, login)
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    for endpoint in (GENERATE, USERKEY):
        first, second = server.calls(endpoint)
        assert 2 <= second.time - first.time < 4, endpoint


@pytest.mark.parametrize("endpoint, trouble, words", [
    (CREATE, lambda seconds: misskey.Status(503, headers={"Retry-After": str(seconds)}),
     "with HTTP 503: it is in maintenance, or has too much to do"),
    (GENERATE, misskey.RateLimited, "RATE_LIMIT_EXCEEDED"),
], ids=["maintenance", "limit"])  # fmt: skip
def test_a_server_that_asks_for_time_is_waited_for(server_2025, daemon, endpoint, trouble, words):
    """It is tried more often than a silent server. A waiting command says how long it takes, and gets the page."""
    server_2025.misbehave(endpoint, trouble(20))
    server_2025.misbehave(endpoint, trouble(1), times=4)
    with ThreadPoolExecutor() as pool:
        command = pool.submit(daemon.authctl, "login", server_2025.origin, "--as", "me", "--no-browser")
        server_2025.wait_for_calls(endpoint)
        wait_for(lambda: re.search(r"me: the next try is in \d+ seconds", daemon.authctl("status").stderr), 18,
                 "the time of the next try")
        assert daemon.account("me")["login"]["state"] in ("registering", "session")
        login = wait_for(lambda: daemon.account("me")["login"]["consent_url"] and daemon.account("me")["login"],
                         60, "the page")
        assert (login["problem"], login["retry_at"]) == (None, None)
        server_2025.accept(login["consent_url"].rsplit("/", 1)[1], "alice")
        done = command.result()
    assert done.returncode == 0, done.stderr
    assert words in done.stderr and re.search(r"Trying again in \d+ seconds…", done.stderr)
    calls = server_2025.calls(endpoint)
    assert len(calls) == 6 and calls[1].time - calls[0].time >= 20


def test_a_server_that_asks_for_more_time_than_a_login_has_is_left(server_2025, make_daemon):
    daemon = make_daemon(servers=[server_2025])
    daemon.configure(daemon="session_time = 1m")
    daemon.start()
    server_2025.misbehave(GENERATE, misskey.RateLimited(600))
    assert "RATE_LIMIT_EXCEEDED" in failed(daemon, server_2025, "UNREACHABLE")["message"]
    assert len(server_2025.calls(GENERATE)) == 1


def test_a_firewall_that_wants_a_browser_is_said(server, daemon):
    """Another login would not help, and asking again would not either."""
    server.misbehave(CREATE, misskey.Html(403))
    done = daemon.authctl("login", server.origin, "--as", "me")
    assert done.returncode == 6
    assert "a firewall in front of it lets only browsers pass. Only the server's administrator can" in done.stderr
    assert "misskey-authctl login" not in done.stderr
    authorize(daemon, server)
    server.misbehave(I, misskey.Html(403))
    done = daemon.authctl("verify", "me")
    assert done.returncode == 6 and "lets only browsers pass" in done.stderr and "Ask again" not in done.stderr
    server.misbehave(I, misskey.Html(503))
    done = daemon.authctl("verify", "me")
    assert done.returncode == 6 and "Ask again later with: misskey-authctl verify me" in done.stderr
    assert daemon.token("me").returncode == 0


def test_an_error_code_ends_the_login_and_is_said(server, daemon):
    server.misbehave(CREATE, misskey.RawJson('{"error":{"code":"INVALID_PARAM","message":"\\u001b[31m"}}', 400))
    done = daemon.authctl("login", server.origin, "--as", "me")
    assert done.returncode == 6 and "INVALID_PARAM" in done.stderr and server.origin in done.stderr
    assert not CONTROL_BYTES.search(done.stderr)
    assert len(server.calls(CREATE)) == 1


def test_a_place_that_is_no_misskey_is_named(server_2025, daemon):
    lose(server_2025, CREATE, misskey.Html(404))
    server_2025.misbehave("meta", misskey.Html(404))
    assert "perhaps it is no Misskey server" in failed(daemon, server_2025, "REFUSED")["message"]


def lose(server, endpoint, answer):
    """From now on the server does not know that endpoint, nor MiAuth."""
    server.misbehave(endpoint, answer, times=None)
    server.misbehave("miauth/check", answer, times=None)


@pytest.mark.parametrize("answer", (UNKNOWN_ENDPOINT, UNKNOWN_ROUTE, misskey.Html(404)), ids=("code", "route", "page"))
@pytest.mark.parametrize("endpoint", (CREATE, GENERATE))
def test_a_server_without_the_app_authorization_is_named_with_its_version(server, daemon, endpoint, answer):
    lose(server, endpoint, answer)
    done = daemon.authctl("login", server.origin, "--as", "me", "--no-browser")
    assert done.returncode == 6 and not done.stdout
    version = server.profile.shape("meta", {"origin": server.origin})["version"]
    for told in (f"(version {version}) offers neither", "Make an access token in its settings"):
        assert told in done.stderr
    assert "Log in again" not in done.stderr
    assert len(server.calls("meta")) == 1 and len(server.calls(endpoint)) == 1


def test_nothing_else_is_asked_while_the_version_is(server_2025, daemon):
    lose(server_2025, CREATE, UNKNOWN_ROUTE)
    server_2025.misbehave("meta", misskey.Delay(3))
    assert "offers neither" in failed(daemon, server_2025, "REFUSED")["message"]
    assert len(server_2025.calls(CREATE)) == 1


def test_a_page_that_waits_names_it_too(server, daemon):
    browser, token = accept(daemon, server, daemon.login("me", server=server.origin))
    server.forget_sessions()
    lose(server, GENERATE, UNKNOWN_ROUTE)
    version = server.profile.shape("meta", {"origin": server.origin})["version"]
    page = browser.get(daemon.callback_url(token))[1]
    assert daemon.outcome("me")["outcome"] == "REFUSED"
    assert f"(version {version}) offers neither" in browser.get(page)[3]


@pytest.mark.parametrize("answer", (misskey.RawJson('{"version":5}'), misskey.Oversized(300_000), misskey.Cut(),
                                    misskey.RawJson('{"version":"\\u001b[31m%s"}' % ("x" * 10_000))))
def test_a_version_is_not_believed_blindly(server_2025, daemon, answer):
    lose(server_2025, CREATE, UNKNOWN_ENDPOINT)
    server_2025.misbehave("meta", answer)
    message = failed(daemon, server_2025, "REFUSED")["message"]
    assert "app/create" in message and len(message) < 600 and not CONTROL_BYTES.search(message)


def test_a_login_can_be_called_off_while_the_version_is_asked_for(server_2025, daemon):
    lose(server_2025, CREATE, UNKNOWN_ENDPOINT)
    server_2025.misbehave("meta", misskey.NeverAnswer())
    with pytest.raises(TimeoutError):
        daemon.control("POST", "/v1/accounts/me/login", {"server": server_2025.origin}, timeout=1)
    server_2025.wait_for_calls("meta")
    assert daemon.control("DELETE", "/v1/accounts/me")[0] == 200


def test_an_app_that_is_forgotten_before_the_exchange_is_made_anew(willing_server, daemon):
    """The page that waits leads to the new session's consent."""
    login = daemon.login("me", server=willing_server.origin)
    browser, token = accept(daemon, willing_server, login)
    willing_server.forget_apps()
    result = browser.get(daemon.callback_url(token), follow=False)[2]["Location"]
    wait_for(lambda: daemon.account("me")["login"]["state"] == "consent")
    status, _, _, text = browser.get(f"http://127.0.0.1:{daemon.port}{result}")
    assert status == 200 and "You are logged in" in text
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert len(willing_server.calls(CREATE)) == 2 and len(willing_server.apps) == 1


def test_an_app_that_is_forgotten_again_and_again_ends_the_login(server_2025, daemon):
    answer = '{"error":{"code":"NO_SUCH_APP","message":"","id":""}}'
    server_2025.misbehave(GENERATE, misskey.RawJson(answer, 400), times=None)
    assert "NO_SUCH_APP" in failed(daemon, server_2025, "REFUSED")["message"]
    assert len(server_2025.calls(CREATE)) == 2


def test_a_session_that_is_forgotten_before_the_consent_is_replaced_by_the_next_login(server, daemon):
    login = daemon.login("me", server=server.origin)
    PlainBrowser().get(login["start_url"], follow=False)
    server.forget_sessions()
    # For two seconds whoever was told to open the page counts as still at it.
    wait_for(lambda: daemon.login("me") and len(server.calls(GENERATE)) == 2, what="a new session")
    again = daemon.account("me")["login"]
    assert again["state"] == "consent" and again["start_url"] != login["start_url"]
    consent(daemon, server, again)
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"


def test_sessions_that_are_forgotten_after_the_consent(server, daemon):
    """The daemon makes another app once. If that is forgotten too, it says so and makes no third."""
    browser, token = accept(daemon, server, daemon.login("me", server=server.origin))
    server.forget_sessions()
    status, url, headers, _ = browser.get(daemon.callback_url(token), follow=False)
    assert status == 303
    result = f"http://127.0.0.1:{daemon.port}{headers['Location']}"
    wait_for(lambda: len(server.calls(GENERATE)) == 2)
    wait_for(lambda: daemon.account("me")["login"]["state"] == "consent")
    # The page that waits is led to the new consent page.
    status, url, _, _ = browser.get(result)
    assert url.startswith(server.origin + "/auth/")
    server.forget_sessions()
    _, _, _, text = browser.get(daemon.callback_url(url.rsplit("/", 1)[1]))
    assert "has lost this login" in text
    end = daemon.outcome("me")
    # The account exists by that login alone.
    assert end["outcome"] == "LOST"
    assert f"misskey-authctl login {server.origin.partition('//')[2]} --as me" in end["message"]
    assert len(server.calls(GENERATE)) == 2


def rewritten(url):
    return misskey.Rewrite(lambda reply: {**reply, "url": url.format(token=reply["token"])})


@pytest.mark.parametrize("url", ["https://evil.example/auth/{token}", "http://127.0.0.1:1/auth/{token}"])
def test_a_consent_page_elsewhere_is_not_shown(server, daemon, url):
    server.misbehave(GENERATE, rewritten(url))
    other = url.rsplit("/auth", 1)[0]
    assert other in failed(daemon, server, "ELSEWHERE")["message"]
    server.misbehave(GENERATE, rewritten(url))
    done = daemon.authctl("login", server.origin, "--as", "me", "--no-browser")
    assert done.returncode == 6 and other in done.stderr and done.stdout == ""
    assert "/auth/" not in done.stderr
    assert not daemon.registry()["sessions"]


@pytest.mark.parametrize("url", [
    "javascript:alert(1)//{token}", "file:///etc/passwd", "{token}", "", "//evil.example/auth/{token}",
    "http://alice@evil.example/auth/{token}", "\x1b]0;x\x07", "http://evil.example\\@127.0.0.1/auth/{token}",
    "https://evil.example/<script>alert(1)</script>", "-oProxyCommand=x{token}", "--renderer-cmd-prefix={token}",
    "data:text/html,{token}", "https://evil.example/auth/{token}\t", "https://evil.example/\u202e{token}",
    "https://evil.example/auth/{token}" + 100_000 * "x", "https://evil.example:99999/auth/{token}",
    "https://[::1/auth/{token}", "https://\u0435vil.example/auth/{token}",
])  # fmt: skip
def test_an_address_that_is_no_consent_page_is_not_shown(server_2025, daemon, url):
    server_2025.misbehave(GENERATE, rewritten(url))
    login = daemon.login("me", server=server_2025.origin)
    assert login["outcome"] in ("BAD_REPLY", "ELSEWHERE")
    assert login["start_url"] is None and login["consent_url"] is None
    assert not CONTROL_BYTES.search(login["message"]) and len(login["message"]) < 1000


def test_a_consent_page_for_another_session_is_not_shown(server, daemon):
    foreign = "0a8ad7d6-0d3b-4d4b-8d2a-0123456789ab"
    for path in (f"auth/{foreign}", "auth/{token}?x=1", "auth/{token}/..", "oauth/{token}", ""):
        server.misbehave(GENERATE, rewritten(f"{server.origin}/{path}"))
        failed(daemon, server, "BAD_REPLY")


# What servers say of users

EVIL = "<script>alert(1)</script>\"'&amp;"


def test_a_user_name_is_escaped_on_the_page(server, daemon):
    server.add_user(EVIL, "x")
    _, (status, _, _, text) = consent(daemon, server, daemon.login("me", server=server.origin), EVIL)
    assert status == 200 and "You are logged in" in text
    assert "<script" not in text.lower() and "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    listed = daemon.authctl("list")
    assert f"@{EVIL}" in listed.stdout
    assert "MISSKEY_USER=" not in daemon.token("me", "--env").stdout


@pytest.mark.parametrize("name", ["\x1b[31mred", "a\x07b", "a\x9b31mb", "a\rb", "a\nb", "a\u2028b", "a\u202eb"])
def test_control_characters_reach_no_terminal_and_no_page(server_2025, daemon, name):
    server_2025.add_user(name, "x")
    _, (_, _, _, text) = consent(daemon, server_2025, daemon.login("me", server=server_2025.origin), name)
    daemon.outcome("me")
    shown = [text, daemon.log()]
    for command in (["list"], ["status"]):
        done = daemon.authctl(*command)
        shown += [done.stdout, done.stderr]
    done = daemon.authctl("login", "me", "--no-wait")
    shown += [done.stdout, done.stderr]
    for each in shown:
        assert name not in each
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", each)


def test_another_user_is_named_to_the_terminal_and_the_page(server, daemon):
    server.add_user(EVIL, "x")
    authorize(daemon, server)
    before = (daemon.state / "credentials.json").read_bytes()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(daemon.authctl, "login", "me", DISPLAY=":0", BROWSER="true")
        wait_for(lambda: daemon.account("me")["login"]["start_url"], what="the page")
        login = daemon.account("me")["login"]
        _, (_, _, _, text) = consent(daemon, server, login, EVIL)
        done = waiting.result()
    assert done.returncode == 7 and f"@{EVIL}" in done.stderr and "@alice" in done.stderr
    assert "different user" in text and "<script" not in text and "@alice" in text
    assert (daemon.state / "credentials.json").read_bytes() == before


def test_a_suspended_user_gets_no_credential(every_server, daemon):
    browser, token = accept(daemon, every_server, daemon.login("me", server=every_server.origin))
    every_server.suspend("alice")
    _, _, _, text = browser.get(daemon.callback_url(token))
    end = daemon.outcome("me")
    assert end["outcome"] == "REJECTED"
    code = "ACCESS_DENIED" if every_server.profile.name in ("10", "11") else "YOUR_ACCOUNT_SUSPENDED"
    assert code in end["message"]
    assert "misskey-authctl verify me" in end["message"]
    assert "rejects its own access token" in text
    assert daemon.credentials()["me"]["state"] == "suspended"
    assert not (daemon.state / "accounts/me/token").exists()
    assert daemon.token("me").returncode == 4
    assert daemon.control("GET", "/v1/accounts/me/token")[0] == 404


def test_a_token_that_may_not_read_the_account_is_good(every_server, daemon):
    end = authorize(daemon, every_server, permission="write:notes")
    expected = 403 if every_server.profile.permission_for_i else 200
    assert [call.status for call in every_server.calls(I)] == [expected]
    assert (end["outcome"], end["user"]["username"]) == ("AUTHORIZED", "alice")
    entry = daemon.credentials()["me"]
    assert entry["state"] == "verified" and entry["verified_at"]
    assert daemon.token("me").returncode == 0


def test_a_consent_that_was_withdrawn_before_the_exchange(server, daemon):
    """The server answers 500 and keeps the session: a new consent completes the login."""
    browser, token = accept(daemon, server, daemon.login("me", server=server.origin))
    server.revoke("alice")
    _, _, _, text = browser.get(daemon.callback_url(token))
    problem = wait_for(lambda: daemon.account("me")["login"]["problem"], what="the trouble")
    assert "INTERNAL_ERROR" in problem["message"] and server.calls(USERKEY)[0].status == 500
    assert "longer than usual" in text or "Finishing" in text
    assert not daemon.credentials()
    server.accept(token, "alice")
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert len({call.body["token"] for call in server.calls(USERKEY)}) == 1


def test_a_token_that_is_withdrawn_at_once_is_not_handed_out(server, daemon):
    server.misbehave(I, misskey.Delay(3))
    browser, token = accept(daemon, server, daemon.login("me", server=server.origin))
    thread = threading.Thread(target=browser.get, args=(daemon.callback_url(token),))
    thread.start()
    server.wait_for_calls(I)
    server.revoke("alice")
    thread.join()
    assert daemon.outcome("me")["outcome"] == "REJECTED"
    assert daemon.credentials()["me"]["i"] is None and daemon.token("me").returncode == 4


# Many at once


def test_a_silent_server_holds_up_no_other(server_2025, daemon):
    with MisskeyServer() as silent:
        silent.misbehave("*", misskey.NeverAnswer(), times=None)
        with ThreadPoolExecutor() as pool:
            # Five apps: logins that share one wait for each other.
            stuck = [
                pool.submit(daemon.control, "POST", f"/v1/accounts/{name}/login",
                            {"server": silent.origin, "permission": f"read:{name}"})
                for name in ("account", "drive", "notes", "blocks", "mutes")
            ]
            try:
                silent.wait_for_calls(CREATE, 5)
            finally:
                silent.well_behaved()
            started = time.monotonic()
            assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"
            assert time.monotonic() - started < 3
            assert daemon.stop() == 0
            assert all(answer.result()[0] == 503 for answer in stuck)
