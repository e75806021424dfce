# SPDX-License-Identifier: MIT
"""Verifying credentials: on demand, with the result in every file, and again after a suspension."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import misskey_server as misskey
from harness import authorize, consent


def verify(daemon, account="me"):
    status, answer = daemon.control("POST", f"/v1/accounts/{account}/verify")
    assert status == 200, answer
    return answer


def env(daemon, account="me"):
    return dict(line.split("=", 1) for line in (daemon.state / "accounts" / account / "env").read_text().splitlines())


def test_a_good_credential_is_said_to_be_good(every_server, daemon):
    authorize(daemon, every_server)
    files = {file: file.read_bytes() for file in daemon.state.glob("accounts/me/*")}
    answer = verify(daemon)
    assert (answer["state"], answer["answered"], answer["problem"]) == ("verified", True, None)
    shown = daemon.authctl("verify")
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, "me verified\n", "Asking about me…\n")
    assert len(every_server.calls("i")) == 3
    assert {file: file.read_bytes() for file in daemon.state.glob("accounts/me/*")} == files


def test_the_time_of_a_verification_is_written_later(server_2025, daemon):
    """Thousands of verifications an hour must not write the file thousands of times."""
    authorize(daemon, server_2025)
    before = daemon.credentials()["me"]["verified_at"]
    written = (daemon.state / "credentials.json").stat().st_ino
    time.sleep(1.1)  # the next second
    verified = verify(daemon)["verified_at"]
    assert verified > before
    assert (daemon.state / "credentials.json").stat().st_ino == written
    assert daemon.stop() == 0
    assert daemon.credentials()["me"]["verified_at"] == verified


def test_a_revoked_credential_is_gone_everywhere(every_server, daemon):
    authorize(daemon, every_server)
    i = daemon.credentials()["me"]["i"]
    every_server.revoke("alice")
    shown = daemon.authctl("verify", "me")
    assert (shown.returncode, shown.stdout) == (4, "me revoked\n")
    assert "AUTHENTICATION_FAILED" in shown.stderr and "misskey-authctl login me" in shown.stderr
    entry = daemon.credentials()["me"]
    assert (entry["state"], entry["i"]) == ("revoked", None)
    assert env(daemon) == {
        "MISSKEY_STATE": "revoked", "MISSKEY_SERVER": every_server.origin, "MISSKEY_URL": every_server.origin,
        "MISSKEY_HOST": every_server.origin.partition("://")[2], "MISSKEY_ACCOUNT": "me", "MISSKEY_USER": "alice",
        "MISSKEY_USER_ID": entry["user"]["id"], "MISSKEY_PERMISSION": ",".join(entry["permission"])}
    assert not (daemon.state / "accounts/me/token").exists()
    assert i not in "".join(file.read_text() for file in daemon.state.rglob("*") if file.is_file())
    assert " revoked " in daemon.authctl("list").stdout and " revoked " in daemon.authctl("status").stdout
    token = daemon.token("me")
    assert (token.returncode, token.stdout) == (4, "") and "misskey-authctl login me" in token.stderr
    assert daemon.control("GET", "/v1/accounts/me/token")[1]["error"]["code"] == "NO_CREDENTIAL"
    # It is known: the server is not asked again.
    calls = len(every_server.calls("i"))
    again = daemon.authctl("verify")
    assert (again.returncode, again.stdout) == (4, "me revoked\n") and len(every_server.calls("i")) == calls


def test_after_a_revocation_a_new_login_is_all_it_takes(server, daemon):
    authorize(daemon, server)
    server.revoke("alice")
    assert verify(daemon)["state"] == "revoked"
    assert authorize(daemon, server)["outcome"] == "AUTHORIZED"
    assert daemon.authctl("verify").returncode == 0
    assert daemon.token("me").returncode == 0


def test_a_suspension_ends_without_a_login(every_server, daemon):
    authorize(daemon, every_server)
    i = daemon.credentials()["me"]["i"]
    every_server.suspend("alice")
    shown = daemon.authctl("verify")
    assert (shown.returncode, shown.stdout) == (4, "me suspended\n") and "suspended" in shown.stderr
    entry = daemon.credentials()["me"]
    assert (entry["state"], entry["i"]) == ("suspended", i)
    assert env(daemon)["MISSKEY_STATE"] == "suspended" and "MISSKEY_TOKEN" not in env(daemon)
    assert not (daemon.state / "accounts/me/token").exists()
    token = daemon.token("me")
    assert token.returncode == 4 and "suspended" in token.stderr and "misskey-authctl verify me" in token.stderr
    daemon.restart()
    assert not (daemon.state / "accounts/me/token").exists()
    every_server.suspend("alice", False)
    assert daemon.authctl("verify").stdout == "me verified\n"
    assert daemon.token("me").stdout == i + "\n"


@pytest.mark.parametrize("fault", [misskey.Html(502), misskey.Cut(), misskey.RateLimited(5)], ids=["502", "cut", "429"])
def test_a_server_in_trouble_changes_nothing(server, daemon, fault):
    authorize(daemon, server)
    server.misbehave("i", fault)
    shown = daemon.authctl("verify")
    assert (shown.returncode, shown.stdout) == (6, "me verified\n") and server.origin in shown.stderr
    assert daemon.token("me").returncode == 0


def test_an_app_that_may_not_read_the_account_works_all_the_same(server, daemon):
    authorize(daemon, server, permission="write:notes")
    assert daemon.authctl("verify").returncode == 0


def test_an_answer_for_another_user_is_not_believed(server, daemon):
    authorize(daemon, server)
    server.misbehave("i", misskey.Rewrite(lambda user: {**user, "id": "somebodyelse"}))
    shown = daemon.authctl("verify")
    assert shown.returncode == 4 and "another user" in shown.stderr


def test_callers_share_one_question(server_2025, daemon):
    authorize(daemon, server_2025)
    calls = len(server_2025.calls("i"))
    server_2025.misbehave("i", misskey.Delay(4))
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda _: verify(daemon)["state"], range(5)))
    assert answers == ["verified"] * 5 and len(server_2025.calls("i")) == calls + 1


def test_an_answer_about_the_credential_before_says_nothing_of_the_new_one(server_2025, daemon):
    """A login ends while the server still thinks about the old credential."""
    authorize(daemon, server_2025)
    server_2025.misbehave("i", [misskey.Delay(10), misskey.Status(401, misskey_error("AUTHENTICATION_FAILED"))])
    with ThreadPoolExecutor() as pool:
        pending = pool.submit(verify, daemon)
        server_2025.wait_for_calls("i", 2)
        assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"
        answer = pending.result()
    assert (answer["answered"], answer["state"], answer["problem"]["code"]) == (False, "verified", "SUPERSEDED")
    assert daemon.token("me").returncode == 0


def misskey_error(code):
    return '{"error":{"message":"x","code":"%s","id":"x"}}' % code


def test_accounts_without_a_credential(make_daemon, server_2025):
    daemon = make_daemon(config=f"[account me]\nserver = {server_2025.origin}", servers=[server_2025]).start()
    everything = daemon.authctl("verify")
    assert (everything.returncode, everything.stdout) == (0, "")
    named = daemon.authctl("verify", "me")
    assert (named.returncode, named.stdout) == (4, "me absent\n") and "misskey-authctl login me" in named.stderr
    unknown = daemon.authctl("verify", "nobody", "me")
    assert (unknown.returncode, unknown.stdout) == (4, "me absent\n") and "no account nobody" in unknown.stderr
    assert daemon.authctl("verify", "nobody").returncode == 3


def test_verify_as_json_and_for_several_servers(daemon, server_2025):
    authorize(daemon, server_2025, "one")
    with misskey.MisskeyServer(profile="11") as other:
        authorize(daemon, other, "two", "bob")
        other.revoke("bob")
        shown = daemon.authctl("verify", "--json")
    results = json.loads(shown.stdout)
    assert [(one["account"], one["state"], one["answered"]) for one in results] == [
        ("one", "verified", True), ("two", "revoked", True)]
    assert shown.returncode == 4


def test_a_stop_while_the_server_thinks(server_2025, daemon):
    authorize(daemon, server_2025)
    server_2025.misbehave("i", misskey.NeverAnswer())
    with ThreadPoolExecutor() as pool:
        pending = pool.submit(daemon.control, "POST", "/v1/accounts/me/verify")
        server_2025.wait_for_calls("i", 2)
        assert daemon.stop(3) == 0
        assert pending.result()[0] == 503
    assert daemon.credentials()["me"]["state"] == "verified"


def test_changed_permissions_need_a_new_consent(server, make_daemon):
    section = f"[account me]\nserver = {server.origin}\npermission = "
    daemon = make_daemon(config=section + "read:account, write:notes", servers=[server]).start()
    login = daemon.login("me")
    consent(daemon, server, login)
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert daemon.account("me")["permission_change"] is None
    daemon.configure(section + "read:account, read:drive, read:notes")
    assert daemon.authctl("reload").returncode == 0
    assert daemon.account("me")["permission_change"] == {
        "added": ["read:drive", "read:notes"], "removed": ["write:notes"]}
    for command in ("list", "status"):
        shown = daemon.authctl(command)
        assert "added read:drive, read:notes; removed write:notes" in shown.stderr
        assert "misskey-authctl login me" in shown.stderr
    assert daemon.token("me").returncode == 0  # what was consented to goes on working
    consent(daemon, server, daemon.login("me"))
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert daemon.account("me")["permission_change"] is None and not daemon.authctl("list").stderr
