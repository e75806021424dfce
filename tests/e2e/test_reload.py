# SPDX-License-Identifier: MIT
"""A reload: the same result as a restart, and no effect of a bad config."""

import json
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

import misskey_server as misskey
from harness import accept, authorize, consent, free_port, wait_for

USERKEY = "auth/session/userkey"


def section(name, server, *lines):
    return "\n".join([f"[account {name}]", f"server = {server.origin}", *lines, ""])


@pytest.fixture
def configured(make_daemon, server_2025):
    return make_daemon(config=section("one", server_2025) + section("two", server_2025), servers=[server_2025]).start()


def names(daemon):
    return [one["account"] for one in daemon.control("GET", "/v1/accounts")[1]["accounts"]]


def test_accounts_come_change_and_go(server_2025, configured):
    configured.configure(section("two", server_2025, "user = bob") + section("three", server_2025))
    done = configured.authctl("reload", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "config": str(configured.config_file), "added": ["three"], "changed": ["two"], "removed": ["one"],
        "needs_restart": False}
    assert "Accounts added: three" in done.stderr and "Accounts removed: one" in done.stderr
    assert names(configured) == ["three", "two"]
    assert configured.account("two")["expected_user"] == "bob"
    assert {file.name for file in (configured.state / "accounts").iterdir()} == {"three", "two"}
    again = configured.authctl("reload", "--json")
    assert json.loads(again.stdout)["changed"] == []


@pytest.mark.parametrize("text, message", [
    ("[account x]\nsever = misskey.example\n", "did you mean `server`?"),
    ("[account x]\nserver = http://misskey.example\n", "https"),
    ("[daemon]\n", "expected once"),
], ids=["key", "server", "twice"])
def test_a_bad_config_changes_nothing(server_2025, configured, text, message):
    configured.configure(text)
    done = configured.authctl("reload")
    assert done.returncode == 1 and message in done.stderr and str(configured.config_file) in done.stderr
    assert names(configured) == ["one", "two"]
    consent(configured, server_2025, configured.login("one"))
    assert configured.outcome("one")["outcome"] == "AUTHORIZED"


def test_sighup_reloads(server_2025, configured):
    configured.configure(section("two", server_2025) + section("three", server_2025))
    configured.process.send_signal(signal.SIGHUP)
    wait_for(lambda: names(configured) == ["three", "two"], what="the reload")


def test_a_bad_config_changes_nothing_at_sighup(configured):
    configured.configure("[account x]\nsever = misskey.example\n")
    configured.process.send_signal(signal.SIGHUP)
    wait_for(lambda: f"not reloaded: {configured.config_file}" in configured.log(), what="the reason")
    assert names(configured) == ["one", "two"]


def test_a_certificate_file_that_cannot_be_read_changes_nothing(server_2025, configured):
    configured.configure(section("three", server_2025), daemon="ca_file = /nonexistent.pem")
    done = configured.authctl("reload")
    assert done.returncode == 1 and "/nonexistent.pem" in done.stderr
    assert names(configured) == ["one", "two"]


def test_a_config_that_others_can_write_is_refused(configured):
    configured.config_file.chmod(0o666)
    done = configured.authctl("reload")
    assert done.returncode == 8 and "chmod go-w" in done.stderr
    configured.config_file.chmod(0o644)
    assert configured.authctl("reload").returncode == 0


def test_a_config_that_is_gone_is_the_defaults(configured):
    configured.config_file.unlink()
    done = configured.authctl("reload", "--json")
    report = json.loads(done.stdout)
    assert (report["config"], report["removed"], report["needs_restart"]) == (None, ["one", "two"], True)


def test_another_port_is_said_to_need_a_restart(configured):
    configured.config_file.write_text(configured.config_file.read_text().replace(str(configured.port), str(free_port())))
    done = configured.authctl("reload")
    assert done.returncode == 0 and "needs a restart: systemctl --user restart misskey-authd" in done.stderr
    status = configured.authctl("status")
    assert "another port" in status.stdout
    assert configured.control("GET", "/v1/status")[1]["callback_url"] == configured.callback_url("").split("?")[0]
    configured.configure()
    assert configured.authctl("reload").returncode == 0
    assert configured.control("GET", "/v1/status")[1]["problems"] == []


def test_times_are_in_force_at_once(server_2025, configured):
    configured.configure(section("one", server_2025), daemon="poll_interval = 1s\nsession_time = 1h")
    assert configured.authctl("reload").returncode == 0
    configured.login("one", browser=False)
    first, second = server_2025.wait_for_calls(USERKEY, 2)
    assert second.time - first.time < 3.7  # the default is 3.75 s at least


def test_a_pending_login_of_a_changed_account_ends(server_2025, configured):
    login = configured.login("one")
    other = configured.login("two")
    configured.configure(section("one", server_2025, "permission = read:drive") + section("two", server_2025))
    assert configured.authctl("reload").returncode == 0
    end = configured.control("GET", "/v1/accounts/one/login")[1]
    assert end["outcome"] == "CANCELLED" and "config" in end["message"]
    assert configured.control("GET", "/v1/accounts/two/login")[1]["start_url"] == other["start_url"]
    renewed = configured.login("one")
    assert renewed["start_url"] not in (None, login["start_url"])
    consent(configured, server_2025, renewed)
    assert configured.outcome("one")["outcome"] == "AUTHORIZED"
    assert configured.credentials()["one"]["permission"] == ["read:drive"]


@pytest.mark.parametrize("change", ["removed", "moved"])
def test_a_consent_that_was_given_is_followed_up(server_2025, configured, change):
    """The credential is on its way: it is not lost, and no other server is asked for it."""
    browser, token = accept(configured, server_2025, configured.login("one"))
    server_2025.misbehave(USERKEY, misskey.Delay(8))
    with ThreadPoolExecutor() as pool:
        page = pool.submit(browser.get, configured.callback_url(token))
        server_2025.wait_for_calls(USERKEY)
        moved = section("one", server_2025).replace("127.0.0.1", "localhost")
        configured.configure(moved if change == "moved" else "")
        done = configured.authctl("reload")
        page.result()
    assert (done.returncode == 0) == (change == "removed"), done.stderr
    assert configured.outcome("one")["outcome"] == "AUTHORIZED"
    assert configured.account("one")["state"] == "verified"
    configured.restart()
    assert configured.token("one").returncode == 0


def test_a_credential_is_tried_only_on_the_server_that_gave_it(server_2025, make_daemon):
    """The account moves to another server before the first one could say whether the credential works."""
    with misskey.MisskeyServer(profile="2025") as other:
        daemon = make_daemon(config=section("one", server_2025), servers=[server_2025, other]).start()
        server_2025.misbehave("i", [misskey.Status(503)], times=None)
        consent(daemon, server_2025, daemon.login("one"))
        assert daemon.outcome("one")["outcome"] == "UNVERIFIED"
        daemon.configure(section("one", other))
        assert daemon.authctl("reload").returncode == 0
        server_2025.well_behaved()
        calls = len(server_2025.calls("i"))
        wait_for(lambda: len(server_2025.calls("i")) > calls or other.requests)
        assert not other.requests
        wait_for(lambda: daemon.account("one")["state"] == "verified")


def test_an_account_with_a_credential_outlives_its_section(server_2025, configured):
    consent(configured, server_2025, configured.login("one"))
    configured.outcome("one")
    configured.configure()
    assert json.loads(configured.authctl("reload", "--json").stdout)["removed"] == ["two"]
    assert configured.account("one")["source"] == "login"
    assert configured.token("one").returncode == 0


def test_an_account_that_a_login_made_is_the_configs_from_now_on(server_2025, configured):
    authorize(configured, server_2025, "three")
    configured.configure(section("three", server_2025, "user = alice"))
    assert configured.authctl("reload").returncode == 0
    assert configured.account("three")["source"] == "config"
    assert configured.token("three").returncode == 0


def test_damaged_state_is_said(server_2025, configured):
    assert configured.stop() == 0
    (configured.state / "credentials.json").write_text("{")
    configured.start()
    done = configured.authctl("reload")
    assert done.returncode == 8 and "credentials.json" in done.stderr
    assert configured.stop() == 0
    (configured.state / "credentials.json").unlink()
