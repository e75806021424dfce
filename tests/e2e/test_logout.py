# SPDX-License-Identifier: MIT
"""Forgetting an account: what goes, what stays, and what becomes of a login that is under way."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

import misskey_server as misskey
from harness import PlainBrowser, accept, authorize, consent, wait_for

USERKEY = "auth/session/userkey"


def everything(daemon):
    return "".join(file.read_text() for file in daemon.state.rglob("*") if file.is_file())


@pytest.mark.parametrize("software, words", [
    ("misskey 10.102.4", ["Only the server's administrator can take that away"]),
    ("misskey 12.108.1", ["Only you can take that away: {}/settings/api\n", "Open the list of apps there"]),
    ("misskey 2026.3.2", ["Only you can take that away: {}/settings/apps\n"]),
    ("iceshrimp 2026.5.1", ["Only you can take that away: {}/settings/apps\n", "remove the entry that was used last"]),
])
def test_the_place_to_withdraw_is_the_softwares(server_2025, daemon, software, words):
    """The page, show and logout name the same one."""
    name, version = software.split()
    server_2025.misbehave("nodeinfo/2.0", misskey.RawJson(json.dumps({"software": {"name": name, "version": version}})))
    login = daemon.login("me", server=server_2025.origin)
    _, (_, _, _, page) = consent(daemon, server_2025, login)
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert daemon.credentials()["me"]["software"] == software
    shown, told = daemon.authctl("show", "me").stdout, daemon.authctl("logout", "me").stderr
    for word in words:
        assert word.format(server_2025.origin) in told
    for path in ("/settings/api", "/settings/apps"):
        is_named = f"{server_2025.origin}{path}\n" in told
        assert (f"{server_2025.origin}{path}\n" in shown, f'href="{server_2025.origin}{path}"' in page) == (is_named,) * 2


def test_an_account_that_a_login_made_is_gone(server_2025, daemon):
    authorize(daemon, server_2025)
    authorize(daemon, server_2025, "other", "bob")
    i = daemon.credentials()["me"]["i"]
    done = daemon.authctl("logout", "me")
    assert (done.returncode, done.stdout) == (0, "")
    assert "removed from this computer" in done.stderr and "The app still has access at the server" in done.stderr
    assert set(daemon.credentials()) == {"other"} and i not in everything(daemon)
    assert not (daemon.state / "accounts/me").exists()
    assert daemon.control("GET", "/v1/accounts/me")[0] == 404
    assert daemon.token("me").returncode == 3
    again = daemon.authctl("logout", "me")
    assert again.returncode == 3 and "me" not in again.stdout
    daemon.restart()
    assert daemon.control("GET", "/v1/accounts/me")[0] == 404
    assert daemon.token("other").returncode == 0


def test_an_account_of_the_config_stays_without_a_credential(server_2025, make_daemon):
    daemon = make_daemon(config=f"[account me]\nserver = {server_2025.origin}", servers=[server_2025]).start()
    consent(daemon, server_2025, daemon.login("me"))
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    done = daemon.authctl("logout", "me", "--json")
    assert done.returncode == 0 and '"source": "config"' in done.stdout and "still in the config" in done.stderr
    assert daemon.account("me")["state"] == "absent" and daemon.token("me").returncode == 4
    assert (daemon.state / "accounts/me/env").read_text().startswith("MISSKEY_STATE=absent\n")
    never = daemon.authctl("logout", "me")
    assert never.returncode == 0 and "There was no credential" in never.stderr and "settings" not in never.stderr
    consent(daemon, server_2025, daemon.login("me"))
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"


@pytest.mark.parametrize("browser", [True, False])
def test_a_pending_login_is_cancelled(server_2025, daemon, browser):
    login = daemon.login("me", server=server_2025.origin, browser=browser)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(daemon.control, "GET", f"/v1/accounts/me/login?wait=20&revision={login['revision']}")
        wait_for(lambda: daemon.authctl("logout", "me").returncode == 0)
        status, answer = waiting.result()
    assert (status, answer["outcome"]) == (200, "CANCELLED") and "logout" not in answer["message"]
    assert not daemon.registry()["sessions"]
    wait_for(lambda: not daemon.leftovers())  # the agent writes what it has told
    if browser:
        assert PlainBrowser().get(login["start_url"], follow=False)[0] == 410


def test_a_browser_that_waits_is_told(server_2025, daemon):
    login = daemon.login("me", server=server_2025.origin)
    browser, token = accept(daemon, server_2025, login)
    server_2025.misbehave(USERKEY, misskey.NeverAnswer())
    with ThreadPoolExecutor() as pool:
        page = pool.submit(browser.get, daemon.callback_url(token))
        server_2025.wait_for_calls(USERKEY)
        assert daemon.authctl("logout", "me").returncode == 0
        status, _, _, text = page.result()
    assert status == 200 and "The login was cancelled" in text
    status, _, _, text = browser.get(daemon.callback_url(token))
    assert status == 200 and "The login was cancelled" in text
    assert not daemon.credentials() and not daemon.leftovers()


def test_a_credential_that_could_not_be_stored_goes_too(server_2025, daemon):
    login = daemon.login("me", server=server_2025.origin)
    browser, token = accept(daemon, server_2025, login)
    file = daemon.state / "accounts/me/env"
    server_2025.misbehave(USERKEY, misskey.Delay(3))
    with ThreadPoolExecutor() as pool:
        page = pool.submit(browser.get, daemon.callback_url(token))
        server_2025.wait_for_calls(USERKEY)
        file.mkdir()  # a directory in its place: it cannot be written
        wait_for(lambda: daemon.account("me")["login"]["problem"])
        assert daemon.control("DELETE", "/v1/accounts/me")[0] == 500
        file.rmdir()
        assert daemon.authctl("logout", "me").returncode == 0
        page.result()
    assert not daemon.credentials() and not daemon.leftovers()


def test_what_waits_for_a_verification_is_answered(server_2025, daemon):
    authorize(daemon, server_2025)
    server_2025.misbehave("i", misskey.NeverAnswer())
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(daemon.control, "POST", "/v1/accounts/me/verify")
        server_2025.wait_for_calls("i", 2)
        assert daemon.authctl("logout", "me").returncode == 0
        status, answer = waiting.result()
    assert (status, answer["error"]["code"]) == (404, "NO_CREDENTIAL")


def test_another_login_goes_on_when_its_app_was_being_registered_by_the_forgotten_one(server_2025, daemon):
    server_2025.misbehave("app/create", misskey.NeverAnswer())
    with ThreadPoolExecutor() as pool:
        first = pool.submit(daemon.control, "POST", "/v1/accounts/one/login", {"server": server_2025.origin})
        server_2025.wait_for_calls("app/create")
        second = pool.submit(daemon.control, "POST", "/v1/accounts/two/login", {"server": server_2025.origin})
        wait_for(lambda: daemon.control("GET", "/v1/accounts/two/login")[0] == 200)
        assert daemon.control("DELETE", "/v1/accounts/one")[0] == 200
        assert first.result()[1]["outcome"] == "CANCELLED"
        login = second.result()[1]
    assert login["state"] == "consent", login
    consent(daemon, server_2025, login)
    assert daemon.outcome("two")["outcome"] == "AUTHORIZED"


def test_logout_needs_an_account(daemon):
    done = daemon.authctl("logout")
    assert done.returncode == 2 and "ACCOUNT is missing after logout." in done.stderr
    assert daemon.authctl("logout", "../x").returncode == 3
