# SPDX-License-Identifier: MIT
"""Many accounts: on one server, on several, and a hundred logins at the same time."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import misskey_server as misskey
from harness import BIN, PlainBrowser, authorize, consent, wait_for

COUNT = 100
USERKEY = "auth/session/userkey"


def test_two_users_of_one_server(server_2025, daemon):
    authorize(daemon, server_2025, "first", "alice", user="alice")
    authorize(daemon, server_2025, "second", "bob", user="bob")
    stored = daemon.credentials()
    assert [stored[name]["user"]["username"] for name in ("first", "second")] == ["alice", "bob"]
    assert stored["first"]["i"] != stored["second"]["i"]
    assert len(server_2025.calls("app/create")) == 2


def test_two_users_at_the_same_time(server_2025, daemon):
    logins = {name: daemon.login(name, server=server_2025.origin, user=name) for name in ("alice", "bob")}
    for name in ("bob", "alice"):
        consent(daemon, server_2025, logins[name], name)
    assert [daemon.outcome(name)["user"]["username"] for name in ("alice", "bob")] == ["alice", "bob"]


def test_two_servers_at_the_same_time(daemon, server_2025):
    with misskey.MisskeyServer(profile="11") as other:
        first = daemon.login("first", server=server_2025.origin)
        second = daemon.login("second", server=other.origin)
        consent(daemon, other, second)
        consent(daemon, server_2025, first)
        assert [daemon.outcome(name)["outcome"] for name in ("first", "second")] == ["AUTHORIZED"] * 2
        other.revoke("alice")
        assert daemon.authctl("verify", "first", "second").returncode == 4
    daemon.control("DELETE", "/v1/accounts/second")


def size(file):
    try:
        return file.stat().st_blocks * 512
    except FileNotFoundError:
        return 0


def reserved_bytes(daemon):
    """What the temporary files take on the disk."""
    return sum(map(size, daemon.leftovers()))


def calls(servers, endpoint):
    return [call for server in servers for call in server.calls(endpoint)]


def test_a_hundred_accounts_at_the_same_time(server_2025, sixty_servers, make_daemon):
    """Half of them by a browser at one server, half of them polled, two at a server."""
    polled = sixty_servers[: COUNT // 4]
    servers = [server_2025, *polled]
    daemon = make_daemon(servers=servers)
    daemon.configure(daemon="poll_interval = 1s")
    daemon.start()
    accounts = {f"account{n:03}": polled[n % len(polled)] if n % 2 else server_2025 for n in range(COUNT)}
    with ThreadPoolExecutor(COUNT) as pool:
        logins = dict(zip(accounts, pool.map(
            lambda name: daemon.login(name, server=accounts[name].origin, browser=int(name[-1]) % 2 == 0), accounts)))
        assert all(login["state"] == "consent" for login in logins.values())
        assert len(calls(servers, "app/create")) == COUNT
        for one in polled:
            one.wait_for_calls(USERKEY, 4, timeout=60)
        # 50 reservations of all that could become of credentials.json would take 40 MB.
        assert reserved_bytes(daemon) < 12e6

        def complete(name):
            login, server = logins[name], accounts[name]
            if login["browser"]:
                return consent(daemon, server, login)[1][0]
            server.accept(login["consent_url"].rsplit("/", 1)[1], "alice")
            return 200
        assert list(pool.map(complete, accounts)) == [200] * COUNT
        outcomes = list(pool.map(lambda name: daemon.outcome(name, 60)["outcome"], accounts))
    assert outcomes == ["AUTHORIZED"] * COUNT
    assert set(daemon.credentials()) == set(accounts)
    assert [call.status for call in calls(servers, USERKEY)].count(200) == COUNT
    wait_for(lambda: not daemon.leftovers(), what="the end of all reservations")
    listed = daemon.authctl("list").stdout.splitlines()
    assert len(listed) == COUNT + 1 and len({len(line.split("verified")[0]) for line in listed[1:]}) == 1
    verified = daemon.authctl("verify")
    assert verified.returncode == 0 and len(verified.stdout.splitlines()) == COUNT
    assert len(daemon.token("--list").stdout.splitlines()) == COUNT


def test_parallel_commands_open_one_page_and_all_get_the_outcome(server_2025, daemon, tmp_path):
    """One authorization at a time per account: one consent page, joined by whoever comes."""
    pages = tmp_path / "pages"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >>{pages}\n')
    browser.chmod(0o755)
    said = [tmp_path / f"said{n}" for n in range(4)]
    commands = []
    for file in said:
        with file.open("w") as stderr:
            commands.append(subprocess.Popen(
                [BIN / "misskey-authctl", "login", server_2025.origin, "--as", "me"], text=True, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=stderr, env={**daemon.env, "DISPLAY": ":0", "BROWSER": str(browser)}))
    wait_for(lambda: all("Waiting for consent" in file.read_text() for file in said), what="all callers")
    wait_for(lambda: pages.exists() and pages.read_text().endswith("\n"), what="the page")
    status, _, headers, _ = PlainBrowser().get(pages.read_text().splitlines()[0], follow=False)
    server_2025.accept(headers["Location"].rsplit("/", 1)[1], "alice")
    daemon.control("POST", "/v1/callback", {"url": headers["Location"].rsplit("/", 1)[1]})
    results = [(one.communicate(timeout=60)[0], one.returncode) for one in commands]
    assert status == 303 and results == [("me\n", 0)] * 4
    assert all("Signed in" in file.read_text() for file in said)
    assert len(pages.read_text().splitlines()) == 1
    assert len(server_2025.calls("auth/session/generate")) == 1
