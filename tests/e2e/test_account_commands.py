# SPDX-License-Identifier: MIT
"""Second thoughts about an account, with the real daemon: pending logins are seen and cancelled, accounts are looked at
and renamed."""

import json
import signal

from harness import PlainBrowser, authorize, consent, start_login, wait_for


def listed(daemon):
    """The lines of the table, without its head."""
    return daemon.authctl("list").stdout.splitlines()[1:]


def test_a_pending_login_is_seen_and_cancelled(server_2025, daemon):
    """The commands that wait for it see the cancellation too. The account had nothing else, so it is gone."""
    process, _, _ = start_login(daemon, server_2025.origin, "--as", "bot")
    start_url = daemon.account("bot")["login"]["start_url"]
    (line,) = wait_for(lambda: [line for line in listed(daemon) if line.endswith(", 1 waiting")])
    assert line.startswith("bot ") and " absent " in line and " min left, " in line
    cancelled = daemon.authctl("cancel", "bot")
    assert (cancelled.returncode, cancelled.stdout) == (0, "")
    assert cancelled.stderr == "The login of bot was cancelled. The account had no credential, so it is gone.\n"
    process.communicate(timeout=60)
    assert process.returncode == 4
    assert daemon.authctl("list", "--json").stdout == "[]\n" and not daemon.registry()["sessions"]
    assert daemon.authctl("cancel", "bot").returncode == 1 and daemon.authctl("show", "bot").returncode == 3
    status, _, _, page = PlainBrowser().get(start_url)
    assert status == 410 and "The login was cancelled" in page


def test_an_abandoned_login_has_nobody_who_waits(server_2025, daemon):
    process, _, _ = start_login(daemon, server_2025.origin, "--as", "bot")
    wait_for(lambda: listed(daemon)[0].endswith(", 1 waiting"))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    wait_for(lambda: listed(daemon)[0].endswith(", 0 waiting"))
    status = daemon.authctl("status")
    assert status.stdout.splitlines()[-1].endswith(", 0 waiting")
    assert "To end it: misskey-authctl cancel bot\n" in status.stderr


def test_a_cancelled_login_leaves_the_account_as_it_was(server_2025, daemon):
    authorize(daemon, server_2025)
    before = daemon.authctl("show", "me").stdout
    daemon.login("me", permission="read:drive")
    pending = daemon.authctl("show", "me")
    assert "\nLogin:        " in pending.stdout and "To end it: misskey-authctl cancel me\n" in pending.stderr
    cancelled = daemon.authctl("cancel", "me", "--json")
    assert "The account is as it was before." in cancelled.stderr
    assert json.loads(cancelled.stdout)["outcome"] == "CANCELLED"
    after = daemon.authctl("show", "me")
    assert (after.stdout, after.stderr) == (before, "")
    assert daemon.token("me").returncode == 0


def test_an_account_of_the_config_stays_after_a_cancelled_login(server_2025, make_daemon):
    daemon = make_daemon(config=f"[account me]\nserver = {server_2025.origin}", servers=[server_2025]).start()
    daemon.login("me")
    assert "To begin another: misskey-authctl login me\n" in daemon.authctl("cancel", "me").stderr
    assert "LOGIN" not in daemon.authctl("list").stdout and len(listed(daemon)) == 1


def test_show_says_what_is_there(server_2025, daemon):
    authorize(daemon, server_2025)
    assert daemon.authctl("verify", "me").returncode == 0
    shown = daemon.authctl("show", "me", TZ="UTC0")
    account = daemon.account("me")
    local = {name: account[f"{name}_at"].replace("T", " ").replace("Z", " +0000") for name in ("obtained", "asked")}
    for line in (f"Server:       {server_2025.origin}", "User:         @alice", f"Obtained:     {local['obtained']}",
                 f"Last asked:   {local['asked']}", f"App:          {daemon.credentials()['me']['app']['name']}",
                 f"Withdraw at:  {server_2025.origin}/settings/apps", f"              {daemon.state}/accounts/me/token"):
        assert line + "\n" in shown.stdout
    files = json.loads(daemon.authctl("show", "me", "--json").stdout)["files"]
    assert files["token"] == daemon.token("me", "--path").stdout.strip()
    assert open(files["token"], encoding="ascii").read().strip() == daemon.token("me").stdout.strip()
    daemon.restart()
    verified = account["verified_at"].replace("T", " ").replace("Z", " +0000")
    assert f"Last asked:   {verified}\n" in daemon.authctl("show", "me", TZ="UTC0").stdout


def test_rename_moves_what_scripts_use(server_2025, daemon):
    authorize(daemon, server_2025)
    i = daemon.token("me").stdout
    renamed = daemon.authctl("rename", "me", "bot")
    assert (renamed.returncode, renamed.stdout) == (0, "")
    for said in ("The account me is called bot now.\n", "A script uses it with: misskey-token bot\n",
                 f"Its files are now {daemon.state}/accounts/bot/env and {daemon.state}/accounts/bot/token.\n"):
        assert said in renamed.stderr
    assert daemon.token("bot").stdout == i and daemon.token("me").returncode == 3
    assert [file.name for file in (daemon.state / "accounts").iterdir()] == ["bot"]
    assert daemon.authctl("show", "me").returncode == 3
    assert daemon.authctl("verify", "bot").stdout == "bot verified\n"


def test_what_is_said_of_an_account_of_the_config_leads_to_its_new_name(server_2025, make_daemon):
    daemon = make_daemon(config=f"[account me]\nserver = {server_2025.origin}", servers=[server_2025]).start()
    consent(daemon, server_2025, daemon.login("me"))
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    refused = daemon.authctl("rename", "me", "bot")
    assert refused.returncode == 1
    for said in ("[account me]", "[account bot]", str(daemon.config_file), "misskey-authctl reload"):
        assert said in refused.stderr
    daemon.config_file.write_text(daemon.config_file.read_text().replace("[account me]", "[account bot]"))
    assert daemon.authctl("reload").returncode == 0
    assert daemon.authctl("rename", "me", "bot").returncode == 0
    assert daemon.account("bot")["source"] == "config" and daemon.token("bot").returncode == 0
    assert len(listed(daemon)) == 1


def test_names_that_differ_in_case_alone_are_one(server_2025, make_daemon):
    """Some file systems would take their directories for one."""
    daemon = make_daemon(servers=[server_2025]).start()
    authorize(daemon, server_2025, "me")
    said = "There is an account me, and Me differs from that only in the case of letters"
    refused = daemon.authctl("login", server_2025.origin, "--as", "Me", "--no-wait")
    assert refused.returncode == 1 and said in refused.stderr
    status, answer = daemon.control("POST", "/v1/accounts/ME/login", {"server": server_2025.origin})
    assert (status, answer["error"]["code"]) == (409, "CONFLICT")
    authorize(daemon, server_2025, "bot")
    refused = daemon.authctl("rename", "bot", "Me")
    assert refused.returncode == 1 and said in refused.stderr
    assert [account["account"] for account in daemon.control("GET", "/v1/accounts")[1]["accounts"]] == ["bot", "me"]
    # The same account may be called so.
    i = daemon.token("me").stdout
    assert daemon.authctl("rename", "me", "Me").returncode == 0
    assert daemon.token("Me").stdout == i and daemon.token("me").returncode == 3
    assert {file.name for file in (daemon.state / "accounts").iterdir()} == {"Me", "bot"}
    # A pending login has its name too, until it ends.
    daemon.login("News", server=server_2025.origin)
    assert daemon.control("POST", "/v1/accounts/news/login", {"server": server_2025.origin})[0] == 409
    assert daemon.authctl("cancel", "News").returncode == 0
    assert daemon.control("POST", "/v1/accounts/news/login", {"server": server_2025.origin})[0] == 200


def test_the_config_and_the_store_have_no_names_that_differ_in_case_alone(server_2025, make_daemon):
    daemon = make_daemon(servers=[server_2025]).start()
    authorize(daemon, server_2025, "me")
    i = daemon.token("me").stdout
    daemon.configure(f"[account Me]\nserver = {server_2025.origin}\n")
    said = f"{daemon.config_file}:4: `[account Me]`: there is an account me, whose name differs only in the case of letters"
    refused = daemon.authctl("reload")
    assert refused.returncode != 0 and said in refused.stderr
    assert daemon.token("me").stdout == i
    daemon.restart()
    (problem,) = daemon.control("GET", "/v1/status")[1]["problems"]
    assert problem["code"] == "BAD_CONFIG" and said in problem["message"]
    assert daemon.control("POST", "/v1/accounts/Me/login", {})[0] == 503
    assert daemon.token("me").stdout == i and daemon.token("Me").returncode == 3
    assert [file.name for file in (daemon.state / "accounts").iterdir()] == ["me"]
    daemon.configure(f"[account me]\nserver = {server_2025.origin}\n")
    daemon.restart()
    assert daemon.account("me")["source"] == "config" and daemon.account("me")["state"] == "verified"
    refused = daemon.authctl("rename", "me", "Me")
    assert refused.returncode == 1 and "Take [account me] out of" in refused.stderr
