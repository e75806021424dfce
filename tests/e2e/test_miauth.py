# SPDX-License-Identifier: MIT
"""MiAuth, the second method: by click and by poll, and what is different about it."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from harness import PlainBrowser, authorize, wait_for
from misskey_server import APP_AUTHORIZATION, Cut, Delay, Html, MisskeyServer, NeverAnswer, Status

CHECK = "miauth/check"
ACCOUNT = "[account me]\nserver = {server}\n"


@pytest.fixture
def miauth_server():
    """A server that has MiAuth alone."""
    with MisskeyServer(profile="2025") as one:
        one.missing.update(APP_AUTHORIZATION)
        yield one


@pytest.fixture
def daemon(make_daemon, request):
    """A running daemon that polls every second."""
    names = ("server", "server_2025", "miauth_server")
    daemon = make_daemon(servers=[request.getfixturevalue(name) for name in names if name in request.fixturenames])
    daemon.configure(daemon="poll_interval = 1s")
    return daemon.start()


def session_of(url):
    return urlsplit(url).path.rsplit("/", 1)[1]


def open_page(login):
    """Opens the start link: the browser, and the consent page's address."""
    browser = PlainBrowser()
    status, _, headers, _ = browser.get(login["start_url"], follow=False)
    assert status == 303
    return browser, headers["Location"]


def come_back(daemon, browser, url, follow=True):
    """What the page does after Accept."""
    address = f"http://127.0.0.1:{daemon.port}/callback?session={session_of(url)}"
    return browser.get(address, follow=follow)


def consent(daemon, server, login, username="alice"):
    browser, url = open_page(login)
    server.accept_miauth(url, username)
    return browser, url, come_back(daemon, browser, url)


def check_stored(daemon, server, username="alice"):
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    entry = daemon.credentials()["me"]
    assert (entry["state"], entry["user"]["username"], entry["method"]) == ("verified", username, "miauth")
    assert entry["i"] in [token.token for token in server.miauth_tokens] and entry["app"]["id"] is None
    assert daemon.token("me").stdout == entry["i"] + "\n"


def checks(server, url):
    """The questions about that session so far, but for the one before anybody had seen its page."""
    return [call for call in server.calls(CHECK) if session_of(url) in call.target][1:]


# The login


def test_a_login_by_click(miauth_server, daemon):
    login = daemon.login("me", server=miauth_server.origin)
    assert (login["state"], login["open"], login["consent_url"], login["method"]) == ("consent", True, None, "miauth")
    browser, url = open_page(login)
    parts = urlsplit(url)
    assert url.startswith(miauth_server.origin + "/miauth/") and re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", session_of(url)
    )
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    assert query["callback"] == f"http://127.0.0.1:{daemon.port}/callback"
    assert query["permission"] == "read:account,write:notes" and query["name"].startswith("misskey-authd: me")
    miauth_server.accept_miauth(url, "alice")
    status, final, _, text = come_back(daemon, browser, url)
    assert status == 200 and "/result/" in final and "session=" not in final
    assert "@alice" in text and "misskey-token" in text and session_of(url) not in text
    check_stored(daemon, miauth_server)
    assert len(checks(miauth_server, url)) == 1
    # A reload leads to the same, and asks for nothing.
    assert come_back(daemon, browser, url)[1::2] == (final, text)
    daemon.restart()
    assert come_back(daemon, browser, url)[1::2] == (final, text)
    assert len(checks(miauth_server, url)) == 1
    account = daemon.account("me")
    assert (account["method"], account["obtained_by"]) == ("miauth", "miauth")
    assert "MiAuth" in daemon.authctl("show", "me").stdout


def test_a_real_browser(miauth_server, daemon, browser):
    login = daemon.login("me", server=miauth_server.origin)
    browser.sign_in_and_accept(login["start_url"])
    token = wait_for(lambda: miauth_server.miauth_tokens, what="Accept")[0]
    browser.check_result(daemon, miauth_server, token.session)
    check_stored(daemon, miauth_server)


def test_a_login_by_poll(miauth_server, daemon):
    login = daemon.login("me", server=miauth_server.origin, browser=False)
    url = login["consent_url"]
    # A phone could not come back to this computer: its page stays where it is.
    assert login["start_url"] is None and "callback=" not in url
    wait_for(lambda: len(checks(miauth_server, url)) >= 2, what="two polls")
    assert daemon.account("me")["login"]["state"] == "consent"
    miauth_server.accept_miauth(url, "alice")
    check_stored(daemon, miauth_server)


def test_the_command_shows_the_address(server_2025, daemon):
    terminal = daemon.authctl("login", server_2025.origin, "--as", "me", "--method", "miauth", "--no-browser", "--no-wait")
    assert terminal.returncode == 0 and "/miauth/" in terminal.stdout + terminal.stderr
    assert not server_2025.calls("app/create")


# Which method


def test_the_app_authorization_comes_first(server_2025, daemon):
    authorize(daemon, server_2025)
    entry = daemon.credentials()["me"]
    assert entry["method"] == "app" and entry["app"]["id"] and not server_2025.calls(CHECK)
    assert daemon.account("me")["method"] == "auto"


def test_a_server_that_gives_the_app_authorization_up(server_2025, daemon):
    """The account has an app there; its next login goes by MiAuth, and the one after that at once."""
    authorize(daemon, server_2025)
    server_2025.missing.update(APP_AUTHORIZATION)
    consent(daemon, server_2025, daemon.login("me"))
    check_stored(daemon, server_2025)
    asked = len(server_2025.calls("auth/session/generate"))
    consent(daemon, server_2025, daemon.login("me"))
    check_stored(daemon, server_2025)
    assert len(server_2025.calls("auth/session/generate")) == asked == 2


@pytest.mark.parametrize("status", (404, 410))
def test_whatever_says_that_there_is_no_app_authorization(server_2025, daemon, status):
    server_2025.misbehave("app/create", Html(status))
    assert daemon.login("me", server=server_2025.origin)["method"] == "miauth"


def test_no_trouble_of_the_server_changes_the_method(server_2025, daemon):
    server_2025.misbehave("app/create", Status(503), times=None)
    assert daemon.login("me", server=server_2025.origin)["outcome"] == "UNREACHABLE"
    assert not server_2025.calls(CHECK)


def test_a_server_without_miauth_is_told_before_there_is_a_page(daemon):
    with MisskeyServer(profile="11") as old:
        done = daemon.authctl("login", old.origin, "--as", "me", "--method", "miauth")
        assert done.returncode == 6 and "version 11.37.1" in done.stderr and "does not offer MiAuth" in done.stderr
        assert not old.calls("app/create") and "me" not in [one["account"] for one in daemon.control("GET", "/v1/accounts")[1]["accounts"]]


def test_a_server_that_has_neither(miauth_server, daemon):
    miauth_server.missing.add(CHECK)
    end = daemon.login("me", server=miauth_server.origin)
    assert end["outcome"] == "REFUSED" and "offers neither the app authorization" in end["message"]


def test_the_method_app_stays_what_was_asked_for(miauth_server, daemon):
    end = daemon.login("me", server=miauth_server.origin, method="app")
    assert end["outcome"] == "REFUSED" and "log in with --method miauth" in end["message"] and not miauth_server.calls(CHECK)


def test_a_wrong_method_is_refused(server_2025, daemon):
    answer = daemon.login("me", expect=400, server=server_2025.origin, method="oauth")
    assert "auto, app or miauth" in answer["error"]["message"]
    assert daemon.authctl("login", server_2025.origin, "--method", "oauth").returncode == 2
    assert not server_2025.requests


def test_the_config_says_the_method(server_2025, make_daemon):
    daemon = make_daemon(servers=[server_2025])
    daemon.configure(ACCOUNT.format(server=server_2025.origin) + "method = miauth\n")
    daemon.start()
    assert daemon.account("me")["method"] == "miauth"
    consent(daemon, server_2025, daemon.login("me"))
    check_stored(daemon, server_2025)
    assert daemon.login("me", expect=409, method="app")["error"]["code"] == "CONFLICT"
    # A change of it ends what was begun by the other one.
    login = daemon.login("me")
    daemon.configure(ACCOUNT.format(server=server_2025.origin) + "method = app\n")
    assert daemon.control("POST", "/v1/reload")[0] == 200
    assert daemon.account("me")["login"]["outcome"] == "CANCELLED" and login["method"] == "miauth"
    assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"
    assert daemon.credentials()["me"]["method"] == "app"


def test_another_method_replaces_the_pending_session(server_2025, daemon):
    by_app = daemon.login("me", server=server_2025.origin)
    assert by_app["method"] == "app" and daemon.login("me")["start_url"] == by_app["start_url"]
    by_miauth = daemon.login("me", method="miauth")
    assert by_miauth["method"] == "miauth" and by_miauth["start_url"] != by_app["start_url"]
    assert daemon.login("me")["start_url"] == by_miauth["start_url"]
    consent(daemon, server_2025, by_miauth)
    check_stored(daemon, server_2025)


def test_a_credential_of_the_other_method_is_not_enough_if_one_is_asked_for(server_2025, daemon):
    authorize(daemon, server_2025)
    assert daemon.login("me", if_needed=True)["outcome"] == "AUTHORIZED"
    assert daemon.login("me", if_needed=True, method="miauth")["state"] == "consent"


# Nobody else


def test_the_session_is_taken_only_from_the_browser_that_opened_the_link(miauth_server, daemon):
    login = daemon.login("me", server=miauth_server.origin)
    _, url = open_page(login)
    miauth_server.accept_miauth(url, "bob")
    assert come_back(daemon, PlainBrowser(), url)[0] == 403
    assert not checks(miauth_server, url)
    # The owner alone can say that it is right.
    miauth_server.miauth_tokens.clear()
    miauth_server.accept_miauth(url, "alice")
    address = f"http://127.0.0.1:{daemon.port}/callback?session={session_of(url)}"
    assert daemon.authctl("callback", address).returncode == 0
    check_stored(daemon, miauth_server)


def test_a_link_that_was_opened_twice_is_not_trusted(miauth_server, daemon):
    """The first browser knows the session, and with it can fetch the credential."""
    login = daemon.login("me", server=miauth_server.origin)
    first, url = open_page(login)
    second = PlainBrowser().get(login["start_url"], follow=False)
    assert second[0] == 410 and "Location" not in second[2] and session_of(url) not in second[3]
    miauth_server.accept_miauth(url, "bob")
    wait_for(lambda: daemon.account("me")["login"]["state"] == "consent", what="another session")
    come_back(daemon, first, url)
    assert not checks(miauth_server, url) and not daemon.credentials()


def test_nobody_is_told_the_session(miauth_server, daemon):
    login = daemon.login("me", server=miauth_server.origin)
    _, url = open_page(login)
    for path in ("/v1/status", "/v1/accounts", "/v1/accounts/me", "/v1/accounts/me/login"):
        assert session_of(url) not in str(daemon.control("GET", path)[1])
    assert session_of(url) not in daemon.log()
    assert session_of(url) not in daemon.authctl("show", "me", "--json").stdout


# Another user


@pytest.mark.parametrize("browser", (True, False))
def test_another_user_than_expected_changes_nothing(miauth_server, daemon, browser):
    consent(daemon, miauth_server, daemon.login("me", server=miauth_server.origin))
    check_stored(daemon, miauth_server)
    before = daemon.credentials()
    login = daemon.login("me", browser=browser)
    if browser:
        _, _, (_, _, _, page) = consent(daemon, miauth_server, login, "bob")
        assert "@alice" in page and "@bob" in page and "lists accounts" in page
    else:
        miauth_server.accept_miauth(login["consent_url"], "bob")
    end = daemon.outcome("me")
    assert end["outcome"] == "WRONG_USER" and daemon.credentials() == before
    assert "If the page lists accounts, choose @alice there" in end["message"]


def test_the_next_command_asks_for_the_same_method(server_2025, daemon):
    login = daemon.login("me", server=server_2025.origin, user="alice", method="miauth")
    _, _, (_, _, _, page) = consent(daemon, server_2025, login, "bob")
    assert "--as me --method miauth</code>" in re.sub("</?span[^>]*>", "", page)
    assert "--user alice --as me --method miauth --no-browser" in daemon.outcome("me")["message"]


def test_the_app_authorization_has_no_list_of_accounts(server_2025, daemon):
    authorize(daemon, server_2025)
    authorize(daemon, server_2025, username="bob")
    assert "lists accounts" not in daemon.account("me")["login"]["message"]


# Answers that are lost


def test_a_lost_answer_gives_another_page(miauth_server, daemon):
    """The server gives the token only once: the browser is led to the page of another session."""
    browser, old = open_page(daemon.login("me", server=miauth_server.origin))
    miauth_server.accept_miauth(old, "alice")
    miauth_server.misbehave(CHECK, Cut("after"))
    result = come_back(daemon, browser, old, follow=False)[2]["Location"]
    base = f"http://127.0.0.1:{daemon.port}"
    start = wait_for(lambda: browser.get(base + result, follow=False)[2]["Location"])
    new = browser.get(base + start, follow=False)[2]["Location"]
    assert session_of(new) != session_of(old)
    miauth_server.accept_miauth(new, "alice")
    _, final, _, text = come_back(daemon, browser, new)
    assert final == base + result and "@alice" in text
    check_stored(daemon, miauth_server)


def test_a_call_that_did_not_arrive_loses_nothing(miauth_server, daemon):
    browser, url = open_page(daemon.login("me", server=miauth_server.origin))
    miauth_server.accept_miauth(url, "alice")
    miauth_server.misbehave(CHECK, Cut())
    come_back(daemon, browser, url)
    check_stored(daemon, miauth_server)
    assert len(checks(miauth_server, url)) == 2


def test_coming_back_before_the_consent_goes_on_waiting(miauth_server, daemon):
    browser, url = open_page(daemon.login("me", server=miauth_server.origin))
    come_back(daemon, browser, url)
    wait_for(lambda: daemon.account("me")["login"]["state"] == "consent", what="waiting")
    miauth_server.accept_miauth(url, "alice")
    come_back(daemon, browser, url)
    check_stored(daemon, miauth_server)


def test_a_poll_whose_answer_is_lost(miauth_server, daemon):
    """The page stays valid: mostly nobody had approved. A person who had runs login again and gets another page."""
    url = daemon.login("me", server=miauth_server.origin, browser=False)["consent_url"]
    miauth_server.misbehave(CHECK, Cut("after"))
    problem = wait_for(lambda: daemon.account("me")["login"]["problem"], what="what may be lost")
    wait_for(lambda: daemon.account("me")["login"]["problem"]["code"] == "ANSWER_LOST", what="the advice")
    assert problem and daemon.account("me")["login"]["consent_url"] == url
    miauth_server.accept_miauth(url, "alice")
    check_stored(daemon, miauth_server)

    url = daemon.login("me", browser=False)["consent_url"]
    miauth_server.misbehave(CHECK, Cut("after"))
    miauth_server.accept_miauth(url, "alice")
    wait_for(lambda: (daemon.account("me")["login"]["problem"] or {}).get("code") == "ANSWER_LOST", what="the advice")
    again = daemon.login("me", browser=False)["consent_url"]
    assert session_of(again) != session_of(url)
    miauth_server.accept_miauth(again, "alice")
    check_stored(daemon, miauth_server)


# Over restarts


def test_a_restart_between_the_page_and_the_callback(miauth_server, daemon):
    browser, url = open_page(daemon.login("me", server=miauth_server.origin))
    daemon.kill()
    miauth_server.accept_miauth(url, "alice")
    daemon.start()
    come_back(daemon, browser, url)
    check_stored(daemon, miauth_server)


def test_a_restart_while_it_is_polled(miauth_server, daemon):
    url = daemon.login("me", server=miauth_server.origin, browser=False)["consent_url"]
    daemon.kill()
    daemon.start()
    assert daemon.account("me")["login"]["consent_url"] == url
    miauth_server.accept_miauth(url, "alice")
    check_stored(daemon, miauth_server)


@pytest.mark.parametrize("knob", (NeverAnswer("before"), NeverAnswer("after")), ids=("not sent", "lost"))
def test_a_kill_during_the_exchange(miauth_server, daemon, knob):
    browser, url = open_page(daemon.login("me", server=miauth_server.origin))
    miauth_server.accept_miauth(url, "alice")
    miauth_server.misbehave(CHECK, knob)
    result = come_back(daemon, browser, url, follow=False)[2]["Location"]
    wait_for(lambda: checks(miauth_server, url), what="the exchange")
    daemon.kill()
    daemon.start()
    if knob.when == "after":
        base = f"http://127.0.0.1:{daemon.port}"
        start = wait_for(lambda: browser.get(base + result, follow=False)[2]["Location"])
        new = browser.get(base + start, follow=False)[2]["Location"]
        miauth_server.accept_miauth(new, "alice")
        come_back(daemon, browser, new)
    check_stored(daemon, miauth_server)


# Afterwards


def test_a_revoked_token_is_noticed(miauth_server, daemon):
    consent(daemon, miauth_server, daemon.login("me", server=miauth_server.origin))
    check_stored(daemon, miauth_server)
    miauth_server.revoke("alice")
    assert daemon.authctl("verify", "me").returncode == 4
    assert daemon.credentials()["me"]["state"] == "revoked" and daemon.credentials()["me"]["i"] is None
    consent(daemon, miauth_server, daemon.login("me"))
    check_stored(daemon, miauth_server)


def test_a_page_that_would_have_too_long_an_address(server_2025, daemon):
    permission = ",".join(f"read:{'x' * 40}{n}" for n in range(60))
    end = daemon.login("me", server=server_2025.origin, method="miauth", permission=permission)
    assert end["outcome"] == "LOCAL" and "would be too long" in end["message"]


def test_two_logins_at_once(miauth_server, daemon):
    miauth_server.misbehave(CHECK, Delay(0.5), times=2)
    logins = {name: daemon.login(name, server=miauth_server.origin) for name in ("a", "b")}
    for name, login in logins.items():
        consent(daemon, miauth_server, login, "alice" if name == "a" else "bob")
        assert daemon.outcome(name)["outcome"] == "AUTHORIZED"
    assert {name: entry["user"]["username"] for name, entry in daemon.credentials().items()} == {"a": "alice", "b": "bob"}
