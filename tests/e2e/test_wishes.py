# SPDX-License-Identifier: MIT
"""A login changes the account only when it succeeds, and never changes the user in silence."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

import misskey_server as misskey
from harness import accept, authorize, consent, wait_for

DEFAULT = ["read:account", "write:notes"]
OTHER = "write:drive,read:drive"


def facts(daemon, name="me"):
    """What an account is, beside its login."""
    return {key: value for key, value in daemon.account(name).items() if key not in ("login", "asked_at", "verified_at")}


def names(daemon):
    return [one["account"] for one in daemon.control("GET", "/v1/accounts")[1]["accounts"]]


def cancel(daemon, name="me"):
    status, login = daemon.control("DELETE", f"/v1/accounts/{name}/login")
    assert (status, login["outcome"]) == (200, "CANCELLED"), login
    return login


def expire(daemon, name="me"):
    daemon.restart_after_sessions()
    assert daemon.outcome(name)["outcome"] == "EXPIRED"


def kill(daemon, _name="me"):
    daemon.kill()
    daemon.start()
    cancel(daemon)


# ---- Whose account it is ----

def test_another_users_credential_is_not_replaced(server_2025, daemon):
    authorize(daemon, server_2025)
    before = facts(daemon)
    error = daemon.login("me", expect=409, user="bob")["error"]
    assert error["code"] == "OTHER_USER"
    for words in ("@alice", "@bob", f"misskey-authctl login @bob@{server_2025.origin.partition('//')[2]}",
                  "misskey-authctl login me --user bob --replace"):
        assert words in error["message"]
    assert facts(daemon) == before and daemon.account("me")["login"]["state"] == "finished"
    # The one that was meant, in any case of letters.
    consent(daemon, server_2025, daemon.login("me", user="ALICE"))
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"


@pytest.mark.parametrize("wish", [{}, {"user": "bob"}])
def test_it_is_replaced_on_request(server_2025, daemon, wish):
    authorize(daemon, server_2025)
    login = daemon.login("me", replace=True, **wish)
    assert login["expected_user"] == wish.get("user")
    assert daemon.credentials()["me"]["user"]["username"] == "alice"
    consent(daemon, server_2025, login, "bob")
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert daemon.credentials()["me"]["user"]["username"] == "bob"
    # From now on it is bob's, and what was allowed once is not allowed again.
    assert daemon.account("me")["expected_user"] == "bob"
    consent(daemon, server_2025, daemon.login("me"), "alice")
    assert daemon.outcome("me")["outcome"] == "WRONG_USER"


def test_a_permission_to_replace_is_for_one_user(server_2025, daemon):
    authorize(daemon, server_2025)
    daemon.login("me", replace=True, user="bob")
    assert daemon.login("me")["expected_user"] == "bob"
    assert daemon.login("me", expect=409, user="carol")["error"]["code"] == "OTHER_USER"
    assert daemon.account("me")["login"]["expected_user"] == "bob"


def test_a_revoked_credential_is_nobodys_any_more(server_2025, daemon):
    authorize(daemon, server_2025)
    server_2025.revoke("alice")
    assert daemon.control("POST", "/v1/accounts/me/verify", {})[1]["state"] == "revoked"
    consent(daemon, server_2025, daemon.login("me", user="bob"), "bob")
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"


# ---- Wishes ----

@pytest.mark.parametrize("wish", [
    {"user": "bob", "replace": True}, {"permission": OTHER}, {"permission": "write:notee"}, {"name": "another name"},
    {"description": "other words"}, {"browser": False, "permission": OTHER},
])
@pytest.mark.parametrize("end", [cancel, expire, kill])
def test_what_comes_to_nothing_leaves_no_trace(server_2025, daemon, end, wish):
    authorize(daemon, server_2025)
    before = facts(daemon)
    login = daemon.login("me", **wish)
    assert login["permission"] == sorted(wish.get("permission", ",".join(DEFAULT)).split(","))
    assert facts(daemon) | {"expected_user": before["expected_user"]} == before
    end(daemon)
    assert facts(daemon) == before and daemon.registry()["sessions"] == []
    daemon.restart()
    assert facts(daemon) == before
    # The next login is as if there had been none: the same app, the same user.
    apps = len(server_2025.apps)
    consent(daemon, server_2025, daemon.login("me"))
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED" and len(server_2025.apps) == apps
    assert facts(daemon) | {"credential": 0, "obtained_at": 0} == before | {"credential": 0, "obtained_at": 0}


def test_a_wish_survives_a_start_of_the_daemon(server_2025, daemon):
    authorize(daemon, server_2025)
    login = daemon.login("me", user="bob", replace=True, permission=OTHER, name="n", description="d")
    daemon.kill()
    daemon.start()
    again = daemon.login("me")
    assert again["start_url"] == login["start_url"]
    assert (again["expected_user"], again["permission"]) == ("bob", sorted(OTHER.split(",")))
    consent(daemon, server_2025, again, "bob")
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    account = daemon.account("me")
    assert account["permission"] == sorted(OTHER.split(",")) and account["permission_change"] is None
    assert account["app"]["name"] == "n" and account["user"]["username"] == "bob"
    # And is what the account is from now on.
    daemon.restart()
    apps = len(server_2025.apps)
    login = daemon.login("me")
    assert (login["expected_user"], login["permission"]) == ("bob", sorted(OTHER.split(",")))
    assert len(server_2025.apps) == apps


def test_permissions_are_added_and_taken_away(server_2025, daemon):
    authorize(daemon, server_2025)
    login = daemon.login("me", permission="+write:drive,-write:notes")
    assert login["permission"] == ["read:account", "write:drive"]
    # From what the pending login asks for.
    login = daemon.login("me", permission="+read:drive")
    assert login["permission"] == ["read:account", "read:drive", "write:drive"]
    consent(daemon, server_2025, login)
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert daemon.credentials()["me"]["permission"] == ["read:account", "read:drive", "write:drive"]
    assert daemon.login("me", expect=400, permission="+write:drive,read:drive")["error"]["code"] == "INVALID_REQUEST"


def test_a_login_that_is_not_needed_does_not_begin(server_2025, daemon):
    assert daemon.login("me", server=server_2025.origin, if_needed=True)["state"] == "consent"
    cancel(daemon)
    authorize(daemon, server_2025)
    sessions = len(server_2025.sessions)
    done = daemon.login("me", if_needed=True)
    assert (done["state"], done["outcome"], done["user"]["username"]) == ("finished", "AUTHORIZED", "alice")
    assert done["start_url"] is None and done["message"] is None
    assert daemon.login("me", if_needed=True, permission="write:notes", user="alice")["state"] == "finished"
    assert len(server_2025.sessions) == sessions
    assert daemon.login("me", if_needed=True, permission="+write:drive")["state"] == "consent"
    assert daemon.login("me", if_needed=True, permission="write:notes")["outcome"] == "AUTHORIZED"
    # For another user it answers as a login would.
    cancel(daemon)
    assert daemon.login("me", expect=409, if_needed=True, user="bob")["error"]["code"] == "OTHER_USER"
    server_2025.revoke("alice")
    daemon.control("POST", "/v1/accounts/me/verify", {})
    assert daemon.login("me", if_needed=True)["state"] == "consent"


@pytest.mark.parametrize("body", [
    {"name": ""}, {"name": "x" * 129}, {"name": "two\nlines"}, {"description": "x" * 513}, {"name": 7}, {"replace": "yes"},
    {"if_needed": 1}, {"description": "a\x00b"},
])
def test_what_a_wish_cannot_be(server_2025, daemon, body):
    error = daemon.login("me", expect=400, server=server_2025.origin, **body)["error"]
    assert error["code"] == "INVALID_REQUEST"
    assert names(daemon) == [] and not server_2025.apps


def test_the_config_says_what_its_accounts_are(server_2025, make_daemon):
    daemon = make_daemon(config=f"[account me]\nserver = {server_2025.origin}\nname = N", servers=[server_2025]).start()
    for body, words in (({"permission": OTHER}, "permissions"), ({"name": "M"}, "name"), ({"description": "x"}, "description")):
        error = daemon.login("me", expect=409, **body)["error"]
        assert error["code"] == "CONFLICT" and words in error["message"] and "section" in error["message"]
    # Whom it does not name, a login may.
    login = daemon.login("me", user="bob")
    assert login["expected_user"] == "bob"
    consent(daemon, server_2025, login, "alice")
    assert daemon.outcome("me")["outcome"] == "WRONG_USER"
    assert daemon.account("me")["expected_user"] is None


def test_the_config_counts_before_a_wish(server_2025, make_daemon):
    """What it says meanwhile ends a login that asks for somebody else."""
    daemon = make_daemon(servers=[server_2025]).start()
    daemon.login("bot", server=server_2025.origin, user="alice")
    daemon.configure(f"[account bot]\nserver = {server_2025.origin}\nuser = bob\n")
    assert daemon.control("POST", "/v1/reload", {})[0] == 200
    assert daemon.outcome("bot")["outcome"] == "CANCELLED"
    assert daemon.account("bot")["expected_user"] == "bob" and names(daemon) == ["bot"]


def test_what_another_server_gave_is_no_hindrance(server_2025, make_daemon):
    """The config has moved the account to another server: its old credential does not count there."""
    with misskey.MisskeyServer() as other:
        daemon = make_daemon(config=f"[account me]\nserver = {server_2025.origin}", servers=[server_2025, other]).start()
        consent(daemon, server_2025, daemon.login("me"))
        assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
        daemon.configure(f"[account me]\nserver = {other.origin}")
        assert daemon.control("POST", "/v1/reload", {})[0] == 200
        assert daemon.login("me", if_needed=True)["state"] == "consent"
        consent(daemon, other, daemon.login("me", user="bob"), "bob")
        assert daemon.outcome("me")["outcome"] == "AUTHORIZED"


def test_the_config_shows_an_account_whose_first_login_failed(server_2025, make_daemon):
    daemon = make_daemon(servers=[server_2025]).start()
    daemon.login("bot", server=server_2025.origin)
    cancel(daemon, "bot")
    daemon.configure(f"[account bot]\nserver = {server_2025.origin}")
    assert daemon.control("POST", "/v1/reload", {})[1]["changed"] == ["bot"]
    assert names(daemon) == ["bot"]


# ---- Pending logins ----

@pytest.mark.parametrize("browser", [True, False])
@pytest.mark.parametrize("end", [cancel, expire, kill])
def test_an_account_is_gone_with_the_login_that_it_exists_by(server_2025, daemon, end, browser):
    daemon.login("me", server=server_2025.origin, browser=browser)
    assert names(daemon) == ["me"]
    account = daemon.account("me")
    assert (account["state"], account["source"], account["app"]) == ("absent", "login", None)
    assert account["login"]["expires_at"] and account["login"]["waiting"] == 0
    assert not (daemon.state / "accounts/me/env").exists()
    end(daemon)
    assert names(daemon) == [] and daemon.registry()["sessions"] == []
    daemon.restart()
    assert names(daemon) == [] and daemon.control("GET", "/v1/accounts/me")[0] == 404
    assert not (daemon.state / "accounts/me/env").exists()
    # Nothing is left that binds the name.
    authorize(daemon, server_2025, username="bob")
    assert daemon.account("me")["user"]["username"] == "bob"


def test_what_cannot_be_cancelled(server_2025, daemon):
    assert daemon.control("DELETE", "/v1/accounts/me/login")[1]["error"]["code"] == "NO_SUCH_ACCOUNT"
    authorize(daemon, server_2025)
    assert daemon.control("DELETE", "/v1/accounts/me/login")[0] == 404
    browser, token = accept(daemon, server_2025, daemon.login("me"))
    server_2025.stop()
    browser.get(daemon.callback_url(token), follow=False)
    wait_for(lambda: daemon.account("me")["login"]["problem"])
    status, answer = daemon.control("DELETE", "/v1/accounts/me/login")
    assert status == 409 and "misskey-authctl logout me" in answer["error"]["message"]
    server_2025.start()
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"


def test_who_waits_is_counted(server_2025, daemon):
    login = daemon.login("me", server=server_2025.origin)
    with ThreadPoolExecutor() as pool:
        path = f"/v1/accounts/me/login?wait=30&revision={login['revision']}"
        waiting = [pool.submit(daemon.control, "GET", path) for _ in range(3)]
        wait_for(lambda: daemon.account("me")["login"]["waiting"] == 3)
        cancel(daemon)
        assert {one.result()[1]["outcome"] for one in waiting} == {"CANCELLED"}


# ---- Apps ----

def test_every_account_has_an_app_of_its_own(server_2025, daemon):
    authorize(daemon, server_2025, "one")
    authorize(daemon, server_2025, "two")
    first, second = daemon.account("one")["app"], daemon.account("two")["app"]
    assert first["id"] != second["id"] and "one" in first["name"] and "two" in second["name"]
    assert {app.name for app in server_2025.apps.values()} == {first["name"], second["name"]}
    assert daemon.credentials()["one"]["i"] != daemon.credentials()["two"]["i"]
    daemon.restart()
    authorize(daemon, server_2025, "one")
    assert daemon.account("one")["app"] == first and len(server_2025.apps) == 2


def test_accounts_of_the_config_with_one_name_do_not_share_an_app(server_2025, make_daemon):
    section = f"server = {server_2025.origin}\nname = bots\n"
    daemon = make_daemon(config=f"[account a]\n{section}[account b]\n{section}", servers=[server_2025]).start()
    for name in "ab":
        consent(daemon, server_2025, daemon.login(name))
        assert daemon.outcome(name)["outcome"] == "AUTHORIZED"
    assert len(server_2025.apps) == 2 and {app.name for app in server_2025.apps.values()} == {"bots"}


# ---- Names ----

def test_an_account_gets_another_name(server_2025, daemon):
    authorize(daemon, server_2025)
    entry = daemon.credentials()["me"]
    status, account = daemon.control("POST", "/v1/accounts/me/rename", {"to": "you"})
    assert (status, account["account"], account["user"]["username"]) == (200, "you", "alice")
    assert daemon.credentials() == {"you": entry} and daemon.token("you").stdout == entry["i"] + "\n"
    assert daemon.token("me").returncode == 3 and names(daemon) == ["you"]
    assert {file.name for file in (daemon.state / "accounts").iterdir()} == {"you"}
    daemon.restart()
    assert names(daemon) == ["you"]
    # Its app goes along.
    consent(daemon, server_2025, daemon.login("you"))
    assert daemon.outcome("you")["outcome"] == "AUTHORIZED" and len(server_2025.apps) == 1


@pytest.mark.parametrize("body", [{}, {"to": None}, {"to": 7}, {"to": "no name"}, {"to": ""}, {"to": ".x"}, {"new": "x"}])
def test_what_a_name_cannot_be(server_2025, daemon, body):
    authorize(daemon, server_2025)
    status, answer = daemon.control("POST", "/v1/accounts/me/rename", body)
    assert (status, answer["error"]["code"]) == (400, "INVALID_REQUEST")
    assert names(daemon) == ["me"]


def test_what_cannot_be_renamed(server_2025, make_daemon):
    daemon = make_daemon(config=f"[account fixed]\nserver = {server_2025.origin}\n[account empty]\n"
                         f"server = {server_2025.origin}\nuser = bob\n", servers=[server_2025]).start()
    authorize(daemon, server_2025)
    authorize(daemon, server_2025, "other", "bob")

    def refused(name, to, *words):
        status, answer = daemon.control("POST", f"/v1/accounts/{name}/rename", {"to": to})
        assert status == 409 and all(word in answer["error"]["message"] for word in words), answer
    refused("me", "other", "another one")
    refused("fixed", "new", "[account fixed]", "[account new]", str(daemon.config_file), "misskey-authctl reload")
    refused("me", "empty", "another one")
    login = daemon.login("me")
    refused("me", "new", "misskey-authctl cancel")
    assert login and daemon.control("POST", "/v1/accounts/nobody/rename", {"to": "x"})[0] == 404
    cancel(daemon)
    # What the config calls so already, and is the same user's, is where it belongs.
    assert daemon.control("POST", "/v1/accounts/other/rename", {"to": "empty"})[0] == 200
    assert daemon.account("empty")["source"] == "config" and daemon.account("empty")["state"] == "verified"
    assert names(daemon) == ["empty", "fixed", "me"]
    # A name whose first login failed is free.
    daemon.login("misskey.example", server=server_2025.origin)
    cancel(daemon, "misskey.example")
    assert daemon.control("POST", "/v1/accounts/me/rename", {"to": "misskey.example"})[0] == 200
    assert names(daemon) == ["empty", "fixed", "misskey.example"]


def test_the_page_has_the_command_that_the_terminal_has(server_2025, daemon):
    """One login ends with its first failure; the other asked for another user this once."""
    for wish in ({"server": server_2025.origin, "user": "bob"}, {"user": "bob", "replace": True}):
        if "replace" in wish:
            authorize(daemon, server_2025)
        page = consent(daemon, server_2025, daemon.login("me", **wish), "alice")[1][3]
        end = daemon.outcome("me")
        assert end["outcome"] == "WRONG_USER"
        command = re.search(r"misskey-authctl login (.*) --no-browser", end["message"])[1]
        assert f"<pre><code>misskey-authctl login {command}</code></pre>" in re.sub("</?span[^>]*>", "", page)


def test_hooks_are_told_of_both_names(server_2025, make_daemon, tmp_path):
    script = tmp_path / "hook"
    script.write_text(f'#!/bin/sh\necho "$MISSKEY_ACCOUNT $MISSKEY_STATE" >> {tmp_path}/told\n')
    script.chmod(0o700)
    daemon = make_daemon(servers=[server_2025])
    daemon.configure(daemon=f"on_credential_changed = {script}\n")
    daemon.start()
    authorize(daemon, server_2025)
    told = tmp_path / "told"
    wait_for(lambda: told.exists() and "me verified" in told.read_text())
    assert daemon.control("POST", "/v1/accounts/me/rename", {"to": "you"})[0] == 200
    wait_for(lambda: "you verified" in told.read_text() and "me absent" in told.read_text())
