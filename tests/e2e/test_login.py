# SPDX-License-Identifier: MIT
"""The main job by plain HTTP: a login from nothing to a stored credential, and what is joined or repeated."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import PlainBrowser, accept, authorize, consent, open_start, wait_for
from misskey_server import Cut, Delay, MisskeyServer


def test_a_login_stores_a_verified_credential(every_server, daemon):
    login = daemon.login("me", server=every_server.origin)
    assert (login["state"], login["open"], login["consent_url"]) == ("consent", True, None)
    browser, (status, url, _, text) = consent(daemon, every_server, login)
    end = daemon.outcome("me")
    assert end["outcome"] == "AUTHORIZED" and end["user"]["username"] == "alice"
    assert status == 200 and "/result/" in url and "token=" not in url
    assert "@alice" in text and "misskey-token" in text
    entry = daemon.credentials()["me"]
    assert (entry["state"], entry["user"]["username"]) == ("verified", "alice")
    for file in ("credentials.json", "registry.json", "accounts/me/env", "accounts/me/token", "lock"):
        assert (daemon.state / file).stat().st_mode & 0o777 == 0o600
    for directory in (".", "accounts", "accounts/me"):
        assert (daemon.state / directory).stat().st_mode & 0o777 == 0o700


def test_the_app_is_reused_over_restarts_until_something_changes(server, daemon):
    authorize(daemon, server)
    daemon.restart()
    authorize(daemon, server)
    assert len(server.calls("app/create")) == 1
    authorize(daemon, server, permission="read:account")
    assert len(server.calls("app/create")) == 2
    assert daemon.credentials()["me"]["permission"] == ["read:account"]


def test_a_forgotten_app_is_made_anew(server, daemon):
    authorize(daemon, server)
    server.forget_apps()
    assert authorize(daemon, server)["outcome"] == "AUTHORIZED"
    assert len(server.calls("app/create")) == 2


def test_reload_and_second_callback_show_the_same_result(server_2025, daemon):
    login = daemon.login("me", server=server_2025.origin)
    browser, (_, result, _, text) = consent(daemon, server_2025, login)
    token = server_2025.calls("auth/session/userkey")[0].body["token"]
    assert browser.get(result)[3] == text
    status, url, _, again = browser.get(daemon.callback_url(token))
    assert (status, url, again) == (200, result, text)
    daemon.restart()
    status, url, _, again = browser.get(daemon.callback_url(token))
    assert (status, url, again) == (200, result, text)
    assert len(server_2025.calls("auth/session/userkey")) == 1


@pytest.mark.parametrize("profile", ["2025", "iceshrimp"])
def test_the_link_in_another_browser_is_not_taken(make_daemon, profile):
    with MisskeyServer(profile=profile) as server:
        daemon = make_daemon(servers=[server]).start()
        login = daemon.login("me", server=server.origin)
        _, token = open_start(login["start_url"])
        server.accept(token, "alice")
        callback = server.callback_url(token)
        status, _, _, text = PlainBrowser().get(callback)
        assert status == 403 and "misskey-authctl callback" in text
        assert not server.calls("auth/session/userkey")
        # The owner alone can say that it is right.
        done = daemon.authctl("callback", callback)
        assert done.returncode == 0, done.stderr
        assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
        daemon.stop()


def test_the_start_link_works_in_one_browser(server_2025, daemon):
    login = daemon.login("me", server=server_2025.origin)
    first = PlainBrowser().get(login["start_url"], follow=False)
    second = PlainBrowser().get(login["start_url"], follow=False)
    assert (first[0], second[0]) == (303, 410)
    assert "Set-Cookie" not in second[2] and "Location" not in second[2]
    # It may have been somebody else: now there is a session that he does not know. A login joins that one.
    again = daemon.login("me")
    assert again["start_url"] != login["start_url"] and again["open"]
    assert len(server_2025.calls("auth/session/generate")) == 2


def test_parallel_callers_share_one_login(server_2025, daemon):
    logins = []
    threads = [
        threading.Thread(target=lambda: logins.append(daemon.login("me", server=server_2025.origin)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server_2025.calls("auth/session/generate")) == 1
    assert len({login["start_url"] for login in logins}) == 1
    assert sum(login["open"] for login in logins) == 1


def test_a_login_whose_redirect_was_lost_is_made_anew_by_the_next(server, daemon):
    """Its link was opened by one who is not known to be the person: the session is not asked about."""
    login = daemon.login("me", server=server.origin)
    _, token = open_start(login["start_url"])
    server.accept(token, "alice")  # and the browser crashes
    again = daemon.login("me")
    assert again["start_url"] != login["start_url"] and not server.calls("auth/session/userkey")
    consent(daemon, server, again)
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"


def test_several_accounts_and_servers_at_once(server, server_2025, daemon):
    wanted = [("a", server, "alice"), ("b", server, "bob"), ("c", server_2025, "alice")]
    logins = {
        name: daemon.login(name, server=one.origin, user=user) for name, one, user in wanted
    }
    for name, one, user in reversed(wanted):
        consent(daemon, one, logins[name], user)
    for name, one, user in wanted:
        assert daemon.outcome(name)["outcome"] == "AUTHORIZED"
        assert daemon.credentials()[name]["user"]["username"] == user
        assert daemon.credentials()[name]["server"] == one.origin


def test_another_user_than_expected_changes_nothing(every_server, daemon):
    authorize(daemon, every_server)
    before = daemon.credentials()
    login = daemon.login("me")
    _, (_, _, _, text) = consent(daemon, every_server, login, "bob")
    end = daemon.outcome("me")
    assert end["outcome"] == "WRONG_USER"
    assert "@bob" in end["message"] and "@alice" in end["message"]
    assert "@bob" in text and "@alice" in text
    assert daemon.credentials() == before


def test_without_a_browser_userkey_is_polled(every_server, daemon):
    daemon.configure(daemon="poll_interval = 1s")
    daemon.restart()
    login = daemon.login("me", server=every_server.origin, browser=False)
    assert login["start_url"] is None
    token = login["consent_url"].rsplit("/", 1)[1]
    assert every_server.wait_for_calls("auth/session/userkey", 2)
    every_server.accept(token, "alice")
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"


def test_a_new_consent_gives_the_same_token(server, daemon):
    authorize(daemon, server)
    first = daemon.credentials()["me"]["i"]
    authorize(daemon, server)
    assert daemon.credentials()["me"]["i"] == first


def test_the_consent_time_ends(server_2025, make_daemon):
    daemon = make_daemon(servers=[server_2025])
    daemon.configure(daemon="session_time = 1m")
    daemon.start()
    login = daemon.login("me", server=server_2025.origin)
    assert login["expires_at"]


def test_there_is_one_thread(server_2025, daemon):
    """While the consent, the server and nothing is waited for. (libcurl has one of its own while a name is looked up.)"""
    def threads():
        return len(os.listdir(f"/proc/{daemon.process.pid}/task"))

    browser, token = accept(daemon, server_2025, daemon.login("me", server=server_2025.origin))
    assert threads() == 1
    server_2025.misbehave("auth/session/userkey", Delay(3))
    assert browser.get(daemon.callback_url(token), follow=False)[0] == 303
    server_2025.wait_for_calls("auth/session/userkey")
    assert threads() == 1
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert threads() == 1


def test_a_reloaded_callback_of_a_lost_session_leads_to_the_result(server_2025, daemon):
    """userkey's answer was lost, the daemon made another session: the page that the browser has stays good."""
    login = daemon.login("me", server=server_2025.origin)
    server_2025.misbehave("auth/session/userkey", Cut("after"))
    browser, old = open_start(login["start_url"])
    server_2025.accept(old, "alice")
    result = browser.get(daemon.callback_url(old), follow=False)[2]["Location"]
    base = f"http://127.0.0.1:{daemon.port}"
    start = wait_for(lambda: browser.get(base + result, follow=False)[2]["Location"])
    new = browser.get(base + start, follow=False)[2]["Location"].rsplit("/", 1)[1]
    assert new != old
    assert browser.get(daemon.callback_url(old), follow=False)[2]["Location"] == result
    server_2025.accept(new, "alice")
    _, url, _, text = browser.get(daemon.callback_url(new))
    assert url == base + result and "@alice" in text
    assert browser.get(daemon.callback_url(old))[3] == text


def test_a_reload_while_the_lost_session_is_replaced_leads_to_the_result_too(server_2025, daemon):
    login = daemon.login("me", server=server_2025.origin)
    browser, old = accept(daemon, server_2025, login)
    server_2025.misbehave("auth/session/userkey", Cut("after"))
    server_2025.misbehave("auth/session/generate", Delay(3))
    result = browser.get(daemon.callback_url(old), follow=False)[2]["Location"]
    server_2025.wait_for_calls("auth/session/generate", 2)
    assert browser.get(daemon.callback_url(old), follow=False)[2]["Location"] == result
    wait_for(lambda: browser.get(f"http://127.0.0.1:{daemon.port}{result}")[1].startswith(f"{server_2025.origin}/auth/"),
             what="the new session's consent page")


def test_logins_at_once_have_an_app_each(server_2025, daemon):
    """Each session belongs to the app that it was made with."""
    server_2025.misbehave("app/create", Delay(0.3))
    names = [f"account{n}" for n in range(6)]
    with ThreadPoolExecutor(len(names)) as pool:
        logins = dict(zip(names, pool.map(lambda name: daemon.login(name, server=server_2025.origin), names)))
    assert len(server_2025.calls("app/create")) == len(names)
    for name in names:
        consent(daemon, server_2025, logins[name])
        assert daemon.outcome(name)["outcome"] == "AUTHORIZED"


def test_a_link_that_was_opened_twice_is_not_trusted(server_2025, daemon):
    """The first browser may belong to another user who read the link in a process list."""
    login = daemon.login("me", server=server_2025.origin)
    first, token = open_start(login["start_url"])
    assert PlainBrowser().get(login["start_url"], follow=False)[0] == 410
    server_2025.accept(token, "bob")
    wait_for(lambda: daemon.account("me")["login"]["state"] == "consent", what="another session")
    status, url, _, text = first.get(daemon.callback_url(token))
    assert status == 200 and "/result/" in url and "stopped for safety" in text
    assert not server_2025.calls("auth/session/userkey") and not daemon.credentials()
    # The session is not how the login ended.
    assert daemon.authctl("cancel", "me").returncode == 0
    assert daemon.control("POST", "/v1/callback", {"url": token})[0] == 404


def test_a_login_under_way_cannot_be_turned_to_another_server(server_2025, daemon):
    """Otherwise one server would get the secret of another server's app."""
    with MisskeyServer() as other, ThreadPoolExecutor() as pool:
        server_2025.misbehave("app/create", Delay(3))
        first = pool.submit(daemon.login, "me", server=server_2025.origin)
        server_2025.wait_for_calls("app/create")
        assert daemon.login("me", expect=409, server=other.origin)["error"]["code"] == "CONFLICT"
        assert first.result()["state"] == "consent" and not other.requests


def test_a_second_caller_does_not_undo_what_the_first_asked_for(server_2025, daemon):
    """The user and the permissions of a login stay while it is under way."""
    server_2025.misbehave("app/create", Delay(3))
    with ThreadPoolExecutor() as pool:
        first = pool.submit(daemon.login, "me", server=server_2025.origin, user="alice", permission="read:account")
        server_2025.wait_for_calls("app/create")
        second = daemon.login("me", server=server_2025.origin)
        assert first.result()["start_url"] == second["start_url"]
    assert [app["permission"] for app in daemon.registry()["apps"]] == [["read:account"]]
    consent(daemon, server_2025, second, "bob")
    assert daemon.outcome("me")["outcome"] == "WRONG_USER"


def test_a_browser_wanted_while_a_poll_brings_the_consent_starts_no_second_login(server_2025, daemon):
    daemon.configure(daemon="poll_interval = 1s")
    daemon.restart()
    login = daemon.login("me", server=server_2025.origin, browser=False)
    server_2025.accept(login["consent_url"].rsplit("/", 1)[1], "alice")
    server_2025.misbehave("auth/session/userkey", Delay(3))
    server_2025.wait_for_calls("auth/session/userkey")
    assert daemon.login("me", browser=True)["outcome"] == "AUTHORIZED"
    assert len(server_2025.calls("auth/session/generate")) == 1
