# SPDX-License-Identifier: MIT
"""Hundreds of logins that are polled: what they take on the disk, in descriptors and in time grows with their number alone."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import misskey_server as misskey
from harness import authorize, wait_for

USERKEY = "auth/session/userkey"
# Eight polls are under way at the same time at most (daemon/login/turns.h). Each has a page each for its two files in accounts/, and room
# for credentials.json, which is nearly empty here, with what all eight may add to it: 16 KiB each. While a look is taken, one
# may end and the next begin.
ROOM_BYTES = 9 * (8 * 16384 + 4096 + 2 * 4096)


def begin(daemon, servers, count):
    """Begins COUNT polled logins, at the servers in turn, with names that sort in that order: {name: (server,
    session's token)}."""
    names = {f"account{n:03}": servers[n % len(servers)] for n in range(count)}
    with ThreadPoolExecutor(8) as pool:
        logins = list(pool.map(lambda name: daemon.login(name, server=names[name].origin, browser=False), names))
    assert all(login["state"] == "consent" for login in logins)
    return {name: (names[name], login["consent_url"].rsplit("/", 1)[1]) for name, login in zip(names, logins)}


class Room:
    """Looks all the time how much the temporary files take on the disk."""

    def __init__(self, daemon):
        self.daemon, self.most, self.is_over = daemon, 0, False
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.is_over:
            self.most = max(self.most, self.now())
            time.sleep(0.005)

    def now(self):
        size = 0
        for file in self.daemon.leftovers():
            try:
                size += file.stat().st_blocks * 512
            except FileNotFoundError:
                pass
        return size

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join()


def finish(daemon, tokens):
    for server, token in tokens.values():
        server.accept(token, "alice")
    for name in tokens:
        assert daemon.outcome(name, 60)["outcome"] == "AUTHORIZED", name


def polls(servers):
    return sum(len(server.calls(USERKEY)) for server in servers)


def test_three_hundred_are_restored_with_bounded_room_and_at_once(sixty_servers, make_daemon):
    daemon = make_daemon(servers=sixty_servers)
    daemon.configure(daemon="poll_interval = 1s")
    daemon.start()
    tokens = begin(daemon, sixty_servers, 300)
    file = daemon.state / "registry.json"
    wait_for(lambda: len([one for one in daemon.registry()["sessions"] if one["exchanging"]]) == 300, 60, "a poll of each")
    assert daemon.stop() == 0
    before = polls(sixty_servers)
    with Room(daemon) as room:
        began = time.monotonic()
        daemon.start(seconds=120)
        took = time.monotonic() - began
        registry = file.stat().st_mtime_ns
        wait_for(lambda: polls(sixty_servers) >= before + 2 * len(tokens), 60, "two polls of each")
    assert 0 < room.most <= ROOM_BYTES
    # Reserving for all of them at once took 20 seconds.
    assert took < 15
    # All were marked before, in the file that has them.
    assert file.stat().st_mtime_ns == registry
    finish(daemon, tokens)
    assert len(daemon.credentials()) == len(tokens)
    wait_for(lambda: not daemon.leftovers(), what="the end of all reservations")


def test_six_hundred_with_few_descriptors(server_2025, sixty_servers, make_daemon):
    daemon = make_daemon(servers=[server_2025, *sixty_servers])
    daemon.configure(daemon="poll_interval = 1s")
    daemon.wrapper = ["prlimit", "--nofile=256:4096"]
    daemon.start()
    tokens = begin(daemon, sixty_servers, 600)
    began = time.monotonic()
    assert authorize(daemon, server_2025, "single")["outcome"] == "AUTHORIZED"
    assert time.monotonic() - began < 20
    finish(daemon, dict(list(tokens.items())[::20]))
    assert not [account for account in daemon.control("GET", "/v1/accounts")[1]["accounts"]
                if account["login"] and account["login"]["problem"]]


def test_polls_that_hang_hold_up_neither_callbacks_nor_other_servers(server_2025, make_daemon):
    """A server that does not answer has half of the turns at most, and callbacks have turns of their own."""
    with misskey.MisskeyServer(profile="2025") as dead:
        daemon = make_daemon(servers=[server_2025, dead])
        daemon.configure(daemon="poll_interval = 1s\nrequest_time = 30s")
        daemon.start()
        for _ in range(40):
            dead.misbehave(USERKEY, misskey.NeverAnswer())
        begin(daemon, [dead], 20)
        dead.wait_for_calls(USERKEY, 4)
        login = daemon.login("polled", server=server_2025.origin, browser=False)
        server_2025.accept(login["consent_url"].rsplit("/", 1)[1], "alice")
        assert daemon.outcome("polled", 10)["outcome"] == "AUTHORIZED"
        assert authorize(daemon, server_2025, "browser")["outcome"] == "AUTHORIZED"
        assert len(dead.calls(USERKEY)) == 4
        assert daemon.stop() == 0
