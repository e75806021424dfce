# SPDX-License-Identifier: MIT
"""The logins of a person with a real browser: headless Chromium, from the link to the result."""

import http.client
import http.server
import re
import signal
import subprocess
import threading
import time
import urllib.parse

import pytest

from browser import SCREENSHOTS
from harness import (
    BIN, LOGGED_IN, SECURITY_HEADERS, UNKNOWN_TOKEN, authorize, check_stored, connections_to, session_token, wait_for,
)
from misskey_server import Cut, Delay, Status


# What is looked at again and again


def check_result(browser, daemon, server, token):
    """And nothing else in the browser keeps the token."""
    browser.check_result(daemon, server, token)
    assert token not in browser.script("return JSON.stringify(performance.getEntries().map(entry => entry.name))")
    # The icon's request is the one by which tokens got out.
    browser.wait(lambda: browser.requested()[-1].endswith("/favicon.ico"), "the icon's request")
    assert not any(token in headers.get("referer", "") for headers in browser.sent_headers())


def raw(daemon, path, method="GET", **headers):
    """One request without a browser's help: (status, headers in lower case)."""
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=30)
    try:
        connection.request(method, path, headers={"Accept": "text/html", **headers})
        reply = connection.getresponse()
        reply.read()
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}
    finally:
        connection.close()


# The main job


def test_accept_is_the_only_click(every_server, daemon, browser):
    login = daemon.login("me", server=every_server.origin)
    token = session_token(every_server)
    browser.sign_in_and_accept(login["start_url"])
    check_result(browser, daemon, every_server, token)
    check_stored(daemon, every_server)
    browser.shoot("authorized")


def test_a_server_on_the_public_web(public_server, certificate, make_daemon, make_browser):
    """https with a verified certificate, and an origin that Chromium holds for a public one."""
    daemon = make_daemon(servers=[public_server])
    daemon.configure(daemon=f"ca_file = {certificate[0]}")
    daemon.start()
    browser = make_browser(
        "--ignore-certificate-errors",
        f"--ip-address-space-overrides=127.0.0.1:{public_server.port}=public",
    )
    login = daemon.login("me", server=public_server.origin)
    token = session_token(public_server)
    browser.sign_in_and_accept(login["start_url"])
    check_result(browser, daemon, public_server, token)
    # As from a server far away, and not as from one port of this machine to the other.
    callback = next(headers for headers in browser.sent_headers() if "cookie" in headers)
    assert callback["sec-fetch-site"] == "cross-site"
    check_stored(daemon, public_server)


def test_a_certificate_of_an_unknown_authority_is_refused(public_server, daemon):
    """Without ca_file, so that the test above proves something; the message says what helps."""
    end = daemon.login("me", server=public_server.origin)
    assert (end["state"], end["outcome"]) == ("finished", "REFUSED")
    assert "ca_file" in end["message"]
    assert not public_server.requests


def test_a_second_authorization_needs_no_click(every_server, daemon, browser):
    browser.sign_in_and_accept(daemon.login("me", server=every_server.origin)["start_url"])
    browser.wait_for_heading(LOGGED_IN)
    first, page = daemon.credentials()["me"], browser.url
    browser.open(daemon.login("me")["start_url"])
    browser.wait(lambda: browser.heading == LOGGED_IN and browser.url != page, "the second result")
    second = daemon.credentials()["me"]
    assert second["i"] == first["i"]
    assert second["session_sha256"] != first["session_sha256"]


def test_cookies_of_other_servers_do_not_stop_a_login(server_2025, daemon, browser):
    """Thirty big ones of a server on another port, which all come with the callback."""

    class Cookies(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            for n in range(30):
                self.send_header("Set-Cookie", f"other{n}={'x' * 4000}; Path=/callback")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Cookies) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        browser.open(f"http://127.0.0.1:{other.server_port}/")
        login = daemon.login("me", server=server_2025.origin)
        token = session_token(server_2025)
        browser.sign_in_and_accept(login["start_url"])
        check_result(browser, daemon, server_2025, token)
        sent = [headers["cookie"] for headers in browser.sent_headers() if "misskey-authd-" in headers.get("cookie", "")]
        assert any(len(cookies) > 100_000 for cookies in sent), "the callback had them all"
        other.shutdown()


def test_cancel_changes_nothing_and_accept_still_works(every_server, daemon, browser):
    """From 2025.8 on the page says that access was denied, and nothing else happens; before, nothing happens at all."""
    browser.open(daemon.login("me", server=every_server.origin)["start_url"])
    browser.sign_in()
    page = browser.url
    browser.visible("accept")
    before = len(every_server.requests)
    browser.click("cancel")
    if every_server.profile.name == "2026":
        assert browser.visible("denied").text == "Access denied"
        assert len(every_server.requests) == before
    else:
        wait_for(lambda: [call.status for call in every_server.calls("auth/deny")] == [404])
        browser.visible("accept")
    assert browser.url == page
    assert daemon.account("me")["login"]["state"] == "consent"
    assert not every_server.calls("auth/session/userkey")
    browser.refresh()
    browser.accept()
    browser.wait_for_heading(LOGGED_IN)
    check_stored(daemon, every_server)


# Reload, back, another browser, another person


def test_reload_back_and_forward_show_the_same_result(server_2025, daemon, browser):
    browser.sign_in_and_accept(daemon.login("me", server=server_2025.origin)["start_url"])
    browser.wait_for_heading(LOGGED_IN)
    page, text = browser.url, browser.text
    browser.refresh()
    assert (browser.url, browser.text) == (page, text)
    browser.driver.back()
    browser.wait(lambda: browser.url.startswith(server_2025.origin), "the server's page")
    browser.driver.forward()
    browser.wait(lambda: browser.url == page, "the result page")
    assert browser.text == text
    # The redirect once more, as a restored tab or a copied address has it.
    token = server_2025.calls("auth/session/userkey")[0].body["token"]
    browser.open(daemon.callback_url(token))
    assert (browser.url, browser.text) == (page, text)
    check_stored(daemon, server_2025)


def test_the_link_again_in_the_same_browser(server_2025, daemon, browser):
    """A second tab, back, a reload, a click on what the terminal shows: none of it stops the login."""
    link = daemon.login("me", server=server_2025.origin)["start_url"]
    browser.open(link)
    browser.sign_in()
    browser.visible("accept")
    page = browser.url
    assert daemon.account("me")["login"]["link_opened"] is True
    browser.open(link)
    assert browser.url == page
    browser.driver.back()
    browser.wait(lambda: browser.url == page, "the server's page")
    browser.refresh()
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.open(link)
    browser.visible("accept")
    browser.driver.close()
    browser.driver.switch_to.window(first)
    assert daemon.account("me")["login"]["start_url"] == link
    browser.accept()
    browser.wait_for_heading(LOGGED_IN)
    check_stored(daemon, server_2025)
    result = browser.url
    browser.driver.back()
    browser.wait(lambda: browser.url == page, "the server's page")
    browser.open(link)
    assert (browser.url, browser.heading) == (result, LOGGED_IN)


def test_a_browser_that_blocks_cookies(server_2025, daemon, make_browser):
    """The page says so, and the command that waits; what they advise finishes the login."""
    exceptions = {f"http://127.0.0.1:{daemon.port},*": {"setting": 2}}  # not those of the server, on another port
    browser = make_browser(preferences={"profile.content_settings.exceptions.cookies": exceptions})
    with subprocess.Popen(
        [BIN / "misskey-authctl", "login", server_2025.origin, "--as", "me", "--browser"], env=daemon.env, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as authctl:
        try:
            login = wait_for(lambda: daemon.control("GET", "/v1/accounts/me/login")[1].get("start_url"))
            browser.sign_in_and_accept(login)
            browser.wait_for_heading("This browser has no cookie of the login")
            assert "allow cookies for 127.0.0.1" in browser.text
            problem = daemon.account("me")["login"]["problem"]
            assert problem["code"] == "NO_COOKIE" and "blocks cookies" in problem["message"]
            browser.shoot("other-browser")
            assert daemon.authctl("callback", browser.url).returncode == 0
            output, errors = authctl.communicate(timeout=60)
        finally:
            authctl.kill()
    assert (authctl.returncode, output) == (0, "me\n")
    assert problem["message"] + "\n" in errors
    check_stored(daemon, server_2025)


def test_the_link_in_another_browser_is_not_taken(server_2025, daemon, make_browser):
    """The attack by a copied consent page, or the honest mistake: only the first browser counts."""
    first, second = make_browser(), make_browser()
    first.open(daemon.login("me", server=server_2025.origin)["start_url"])
    first.visible("signin")
    second.sign_in_and_accept(first.url)
    second.wait_for_heading("This browser has no cookie of the login")
    assert "misskey-authctl callback" in second.text
    assert not server_2025.calls("auth/session/userkey")
    assert daemon.account("me")["login"]["state"] == "consent"
    second.shoot("other-browser")
    first.sign_in()  # alice has consented: without another click
    first.wait_for_heading(LOGGED_IN)
    check_stored(daemon, server_2025)


def test_a_start_link_that_two_browsers_open(server_2025, daemon, make_browser):
    """The second gets nothing, and the first is not trusted either: there is a new link."""
    first, second = make_browser(), make_browser()
    login = daemon.login("me", server=server_2025.origin)
    first.open(login["start_url"])
    first.visible("signin")
    token = session_token(server_2025)
    second.open(login["start_url"])
    second.wait_for_heading("This link was opened in two browsers")
    assert "misskey-authctl login me" in second.text
    assert token not in second.source
    second.shoot("start-used")
    first.sign_in()
    first.accept()
    first.wait_for_heading("This login was stopped for safety")
    assert not server_2025.calls("auth/session/userkey")
    first.open(login["start_url"])
    first.wait_for_heading("This login was stopped for safety")
    second.refresh()
    second.wait_for_heading("This link was opened in two browsers")
    first.open(daemon.login("me")["start_url"])
    first.wait_for_heading(LOGGED_IN)


def test_a_start_link_of_a_finished_login(server_2025, daemon, browser, make_browser):
    """Somebody was faster: whose account is stored is for the owner to see."""
    link = daemon.login("me", server=server_2025.origin)["start_url"]
    browser.sign_in_and_accept(link)
    browser.wait_for_heading(LOGGED_IN)
    other = make_browser()
    other.open(link)
    other.wait_for_heading("This login is already finished")
    assert "alice" not in other.text, "everybody can open it"
    other.shoot("start-late")
    # Where the person was signed in it leads to what became of it.
    browser.open(link)
    browser.wait_for_heading(LOGGED_IN)


def test_somebody_else_signed_in(server_2025, daemon, browser):
    authorize(daemon, server_2025)
    before = (daemon.state / "credentials.json").read_bytes()
    browser.sign_in_and_accept(daemon.login("me")["start_url"], "bob")
    browser.wait_for_heading("You are signed in as a different user")
    assert "@bob" in browser.text and "@alice" in browser.text
    assert daemon.outcome("me")["outcome"] == "WRONG_USER"
    assert (daemon.state / "credentials.json").read_bytes() == before
    browser.shoot("wrong-user")


def test_a_consent_that_the_server_does_not_know_of(server_2025, daemon, browser):
    """The redirect without the consent: it leads back once, then the page says so, waits, and goes on when it is there."""
    browser.open(daemon.login("me", server=server_2025.origin)["start_url"])
    browser.visible("signin")
    token = session_token(server_2025)
    browser.open(daemon.callback_url(token))
    browser.visible("signin")
    browser.open(daemon.callback_url(token))
    browser.wait_for_heading("Waiting for your consent")
    browser.shoot("pending")
    server_2025.accept(token, "alice")
    browser.open(daemon.callback_url(token))
    browser.wait_for_heading(LOGGED_IN)


# Restarts, and answers that are lost


def test_killed_while_the_consent_page_is_open(server_2025, daemon, browser):
    browser.open(daemon.login("me", server=server_2025.origin)["start_url"])
    browser.sign_in()
    browser.visible("accept")
    daemon.kill()
    daemon.start()
    browser.accept()
    browser.wait_for_heading(LOGGED_IN)
    check_stored(daemon, server_2025)


def wait_until_result_is_awaited(daemon, server):
    """The daemon waits for the server, and the browser for the result page.

    The browser itself cannot be asked: it answers no question while a page is on its way.
    """
    server.wait_for_calls("auth/session/userkey")
    assert raw(daemon, "/")[0] == 200  # so the callback before it has been answered, and closed
    wait_for(lambda: connections_to(daemon.port), what="the result page's connection")
    assert raw(daemon, "/")[0] == 200  # and by now its request, sent before this one, is read


def test_killed_while_the_access_token_is_fetched(server_2025, daemon, browser):
    """The restarted daemon finishes the login; the page shows it after a reload."""
    server_2025.misbehave("auth/session/userkey", Delay(60))
    browser.sign_in_and_accept(daemon.login("me", server=server_2025.origin)["start_url"])
    wait_until_result_is_awaited(daemon, server_2025)
    daemon.kill()
    daemon.start()
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert daemon.credentials()["me"]["state"] == "verified"
    browser.wait(lambda: "/result/" in browser.url, "the result's address")
    browser.refresh()
    browser.wait_for_heading(LOGGED_IN)
    assert len(server_2025.calls("auth/session/userkey")) == 2


def test_killed_when_the_answer_was_on_its_way(server_2025, daemon, browser):
    """The session is used up and its answer gone: a new one, and the page needs no click."""
    server_2025.misbehave("auth/session/userkey", Delay(60, "after"))
    browser.sign_in_and_accept(daemon.login("me", server=server_2025.origin)["start_url"])
    wait_until_result_is_awaited(daemon, server_2025)
    wait_for(lambda: not server_2025.sessions, what="the end of the session")
    daemon.kill()
    daemon.start()
    browser.wait(lambda: "/result/" in browser.url, "the result's address")
    browser.refresh()
    browser.wait_for_heading(LOGGED_IN)
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert len(server_2025.calls("auth/session/generate")) == 2
    assert len(server_2025.calls("auth/accept")) == 2


def test_stopped_while_the_access_token_is_fetched(server_2025, daemon, browser):
    """A stop does not leave the page that waits without an answer; the next start finishes."""
    server_2025.misbehave("auth/session/userkey", Delay(60))
    browser.sign_in_and_accept(daemon.login("me", server=server_2025.origin)["start_url"])
    wait_until_result_is_awaited(daemon, server_2025)
    waiting = "Finishing the login…"
    if SCREENSHOTS:
        browser.wait_for_heading(waiting, 30)
        browser.shoot("waiting", languages=())
    # The page asks again after a second, and then finds nobody: here it must be seen before.
    daemon.process.send_signal(signal.SIGTERM)
    browser.wait_for_heading(waiting)
    assert daemon.process.wait(10) == 0, daemon.log()
    daemon.start()
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    browser.wait(lambda: browser.heading == LOGGED_IN or browser.refresh(), "the result")


def test_a_lost_answer_needs_no_click(server, daemon, browser):
    """The page that waits goes on to the new session, and by the server's page to the result."""
    server.misbehave("auth/session/userkey", Cut("after"))
    browser.sign_in_and_accept(daemon.login("me", server=server.origin)["start_url"])
    browser.wait_for_heading(LOGGED_IN)
    assert "@alice" in browser.text
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert len(server.calls("auth/session/generate")) == 2
    assert len(server.calls("auth/accept")) == 2


def test_a_server_in_trouble(server_2025, daemon, browser):
    """While userkey fails for now the page says why, and that nothing needs to be done."""
    server_2025.misbehave("auth/session/userkey", Status(503), times=None)
    browser.sign_in_and_accept(daemon.login("me", server=server_2025.origin)["start_url"])
    browser.wait_for_heading("This takes longer than usual")
    assert "503" in browser.text
    browser.shoot("trouble")
    since = time.monotonic()
    time.sleep(3)
    server_2025.well_behaved()
    browser.wait_for_heading(LOGGED_IN, 30)
    # Meanwhile it was not loaded every second: whoever has it read out does not lose the place.
    assert len([url for url in browser.requested() if url == browser.url]) <= 2 + (time.monotonic() - since) / 2


def test_a_token_that_does_not_work(server_2025, daemon, browser):
    """Withdrawn in the moment it was given out: the page says so, and no script gets it."""
    server_2025.misbehave(
        "i",
        Status(401, '{"error":{"code":"AUTHENTICATION_FAILED"}}', "application/json"),
        times=None,
    )
    browser.sign_in_and_accept(daemon.login("me", server=server_2025.origin)["start_url"])
    browser.wait_for_heading("The server rejects its own access token")
    assert daemon.token("me").returncode == 4
    browser.shoot("rejected")


# Language and headers


@pytest.mark.parametrize(
    "languages, code, heading",
    [
        ("ja,en-US,en", "ja", "ログインしました"),
        ("de-DE,de,ja", "ja", "ログインしました"),
        ("de-DE,de,fr", "en", LOGGED_IN),
    ],
)
def test_the_page_speaks_the_browsers_language(
    server_2025, daemon, make_browser, languages, code, heading
):
    browser = make_browser(languages=languages)
    browser.sign_in_and_accept(daemon.login("me", server=server_2025.origin)["start_url"])
    browser.wait_for_heading(heading)
    assert browser.script("return document.documentElement.lang") == code
    assert "@alice" in browser.text


def check_headers(daemon, status, path, method="GET", **headers):
    """The status and exactly the headers that every reply has; returns those beyond."""
    got, rest = raw(daemon, path, method, **headers)
    assert got == status
    policy = dict(
        part.strip().partition(" ")[::2] for part in rest.pop("content-security-policy").split(";")
    )
    style = policy.pop("style-src")
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", style)
    assert policy == {
        "default-src": "'none'", "img-src": "'self' data:", "base-uri": "'none'",
        "form-action": "'none'", "frame-ancestors": "'none'",
    }
    assert {name: rest.pop(name, None) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    for name in ("date", "content-length", "connection"):
        rest.pop(name)
    return rest


def test_security_headers_of_every_reply(server_2025, daemon):
    login = daemon.login("me", server=server_2025.origin)
    token = session_token(server_2025)
    start = urllib.parse.urlsplit(login["start_url"]).path
    callback = f"/callback?token={token}"
    page = {"content-type": "text/html; charset=utf-8", "vary": "Accept-Language"}

    rest = check_headers(daemon, 303, start)
    assert rest.pop("location") == f"{server_2025.origin}/auth/{token}"
    cookie, *attributes = rest.pop("set-cookie").split("; ")
    assert re.fullmatch(r"misskey-authd-[0-9a-f]+=[0-9a-f]{32,}", cookie)
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Lax"]
    assert rest == {}

    assert check_headers(daemon, 403, callback) == page
    assert check_headers(daemon, 403, callback, Cookie=cookie[:-1]) == page
    assert check_headers(daemon, 404, f"/callback?token={UNKNOWN_TOKEN}") == page
    assert check_headers(daemon, 404, "/result/0") == page
    assert check_headers(daemon, 404, "/elsewhere") == page
    assert check_headers(daemon, 400, callback + "&token=", Cookie=cookie) == page
    assert check_headers(daemon, 400, callback, Cookie=cookie, Host="localhost") == page
    assert check_headers(daemon, 400, callback, Cookie=cookie, Host=f"a.test:{daemon.port}") == page
    for name, value in (("Mode", "no-cors"), ("Dest", "iframe"), ("Dest", "image")):
        assert check_headers(
            daemon, 400, callback, Cookie=cookie, **{f"Sec-Fetch-{name}": value}
        ) == page
    for method in ("POST", "HEAD", "PUT", "OPTIONS"):
        rest = check_headers(daemon, 405, callback, method, Cookie=cookie)
        assert rest == page | {"allow": "GET"}
    second = daemon.login("second", server=server_2025.origin)
    start = urllib.parse.urlsplit(second["start_url"]).path
    assert check_headers(daemon, 303, start).keys() == {"location", "set-cookie"}
    assert check_headers(daemon, 410, start) == page
    assert check_headers(daemon, 200, "/") == page
    assert check_headers(daemon, 200, "/favicon.ico") == {"content-type": "image/svg+xml"}
    assert not server_2025.calls("auth/session/userkey")

    server_2025.accept(token, "alice")
    rest = check_headers(daemon, 303, callback, Cookie=cookie)
    result = rest.pop("location")
    assert re.fullmatch(r"/result/[0-9a-f]+", result) and rest == {}
    assert check_headers(daemon, 200, result) == page
    assert check_headers(daemon, 303, callback) == {"location": result}


def test_the_small_pages(server_2025, daemon, browser):
    """What is shown where there is nothing to see; the style is applied, so its hash is right."""
    for name, path, heading in (
        ("root", "/", "misskey-authd is running"),
        ("not-found", "/elsewhere", "There is nothing at this address"),
        ("bad-request", "/callback", "This request was refused"),
    ):
        browser.open(f"http://127.0.0.1:{daemon.port}{path}")
        browser.wait_for_heading(heading)
        style = "return getComputedStyle(document.querySelector('main')).borderTopLeftRadius"
        assert browser.script(style) == "16px"
        browser.shoot(name)


# misskey-authctl in front of it


def test_authctl_opens_the_browser(server_2025, daemon, browser, tmp_path):
    """From the command line to the click: the browser's argv, where all can read, has no secret."""
    record = tmp_path / "record"
    opener = tmp_path / "opener"
    opener.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$#" "$@" >{record}.new\nenv >>{record}.new\n'
        f"mv {record}.new {record}\n"
    )
    opener.chmod(0o755)
    with subprocess.Popen(
        [BIN / "misskey-authctl", "login", server_2025.origin, "--as", "me"],
        env={**daemon.env, "DISPLAY": ":0", "BROWSER": str(opener)}, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as authctl:
        try:
            wait_for(record.exists, what="the browser")
            count, url, *environment = record.read_text().splitlines()
            assert count == "1"
            assert re.fullmatch(rf"http://127\.0\.0\.1:{daemon.port}/start/[0-9a-f]+", url)
            token = session_token(server_2025)
            assert token not in "\n".join(environment)
            browser.sign_in_and_accept(url)
            stdout, stderr = authctl.communicate(timeout=60)
        finally:
            authctl.kill()
    assert (authctl.returncode, stdout) == (0, "me\n"), stderr
    assert "@alice" in stderr and "misskey-token" in stderr and token not in stderr
    check_result(browser, daemon, server_2025, token)
    check_stored(daemon, server_2025)
