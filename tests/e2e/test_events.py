# SPDX-License-Identifier: MIT
"""GET /v1/events and misskey-authctl watch: every change, in order, from the snapshot on."""

import contextlib
import json
import queue
import re
import select
import signal
import socket
import subprocess
import threading
import time

import pytest

import misskey_server as misskey
from harness import BIN, START_ADVICE, UnixConnection, authorize, wait_for


class Events:
    """One client of the stream; lines come in through a thread."""

    def __init__(self, daemon):
        self.connection = UnixConnection(daemon.socket, 60)
        self.connection.request("GET", "/v1/events")
        self.reply = self.connection.getresponse()
        self.lines = queue.Queue()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        try:
            for line in self.reply:
                self.lines.put(json.loads(line))
        except OSError:
            pass
        self.lines.put(None)

    def next(self, seconds=60):
        """The next event that is no heartbeat; None at the end of the stream."""
        while True:
            event = self.lines.get(timeout=seconds)
            if event is None or event["event"] != "heartbeat":
                return event

    def until(self, condition):
        """All events up to the first that meets the condition."""
        events = []
        while not events or not condition(events[-1]):
            events.append(self.next())
            assert events[-1] is not None, events
        return events

    def close(self):
        self.connection.close()


@pytest.fixture
def events(daemon):
    opened = []

    def make():
        opened.append(Events(daemon))
        return opened[-1]
    yield make
    for one in opened:
        one.close()


def is_end_of_login(event):
    return event["event"] == "login" and event["account"]["login"]["state"] == "finished"


def test_the_snapshot_is_the_status(server_2025, daemon, events):
    authorize(daemon, server_2025)
    stream = events()
    assert stream.reply.status == 200 and stream.reply.headers["Content-Type"] == "application/x-ndjson"
    snapshot = stream.next()
    assert snapshot["event"] == "snapshot" and snapshot["status"] == daemon.control("GET", "/v1/status")[1]


def test_a_login_is_told_step_by_step(server_2025, daemon, events):
    stream = events()
    assert stream.next()["status"]["accounts"] == []
    authorize(daemon, server_2025)
    told = stream.until(is_end_of_login)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["time"]) for event in told)
    assert {event["account"]["account"] for event in told} == {"me"}
    logins = [event["account"]["login"]["state"] for event in told if event["event"] == "login"]
    # An account is one from its consent page on.
    assert logins[0] == "consent" and logins[-1] == "finished"
    assert [state for state in logins if state in ("consent", "exchanging", "verifying", "finished")] == logins
    revisions = [event["account"]["login"]["revision"] for event in told if event["event"] == "login"]
    assert revisions == sorted(set(revisions))
    states = [event["account"]["state"] for event in told if event["event"] == "credential"]
    assert states == ["unverified", "verified"]
    assert told[-1]["account"]["login"]["outcome"] == "AUTHORIZED"


def test_changes_of_a_credential_are_told(server_2025, daemon, events):
    authorize(daemon, server_2025)
    stream = events()
    stream.next()
    server_2025.suspend("alice")
    daemon.authctl("verify")
    server_2025.suspend("alice", False)
    daemon.authctl("verify")
    server_2025.revoke("alice")
    daemon.authctl("verify")
    daemon.authctl("logout", "me")
    told = stream.until(lambda event: event["event"] == "removed")
    assert [(event["event"], event["account"]["state"]) for event in told] == [
        ("credential", "suspended"), ("verification", "suspended"), ("credential", "verified"),
        ("verification", "verified"), ("credential", "revoked"), ("verification", "revoked"), ("removed", "absent")]


def test_changes_of_the_config_are_told(server_2025, daemon, events):
    stream = events()
    stream.next()
    daemon.configure(f"[account one]\nserver = {server_2025.origin}")
    assert daemon.authctl("reload").returncode == 0
    daemon.configure(f"[account one]\nserver = {server_2025.origin}\nuser = bob")
    assert daemon.authctl("reload").returncode == 0
    daemon.configure()
    assert daemon.authctl("reload").returncode == 0
    assert [(event["event"], event["account"]["expected_user"]) for event in (stream.next() for _ in range(3))] == [
        ("account", None), ("account", "bob"), ("removed", "bob")]


def test_nothing_is_lost_between_snapshot_and_stream(server_2025, daemon):
    """Clients come while logins go on; whatever each sees, snapshot and changes add up to the truth."""
    accounts = [f"a{n}" for n in range(20)]
    with misskey.MisskeyServer(profile="2025") as server:
        logging_in = threading.Thread(target=lambda: [authorize(daemon, server, name) for name in accounts])
        logging_in.start()
        streams = []
        while logging_in.is_alive():
            if len(streams) < 50:  # fewer than there may be at most
                streams.append(Events(daemon))
            logging_in.join(0.1)
        for name in accounts:
            daemon.control("DELETE", f"/v1/accounts/{name}")
        authorize(daemon, server_2025, "last")
    assert len(streams) > 3
    truth = {one["account"]: one["state"] for one in daemon.control("GET", "/v1/accounts")[1]["accounts"]}
    for stream in streams:
        first = stream.next()
        seen = {one["account"]: one["state"] for one in first["status"]["accounts"]}
        for event in stream.until(lambda event: is_end_of_login(event) and event["account"]["account"] == "last"):
            name = event["account"]["account"]
            if event["event"] == "removed":
                del seen[name]
            else:
                seen[name] = event["account"]["state"]
        assert seen == truth == {"last": "verified"}
        stream.close()


def test_heartbeats_come_and_cost_nothing_without_clients(daemon, events):
    stream = events()
    assert stream.lines.get(timeout=60)["event"] == "snapshot"
    # A watch whose reader has left notices it at the heartbeat.
    watch = subprocess.Popen([BIN / "misskey-authctl", "watch"], env=daemon.env, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    watch.stdout.close()
    assert stream.lines.get(timeout=60)["event"] == "heartbeat"
    assert watch.wait(60) == 1 and watch.stderr.read() == ""
    watch.stderr.close()


def test_a_stop_ends_the_stream_with_a_word(server_2025, daemon, events):
    stream = events()
    stream.next()
    assert daemon.stop(3) == 0
    assert stream.next()["event"] == "stopping"
    assert stream.next() is None


def test_a_client_that_does_not_read_holds_up_nobody(server_2025, daemon):
    stuck = UnixConnection(daemon.socket, 60)
    stuck.request("GET", "/v1/events")
    for n in range(3):
        authorize(daemon, server_2025, f"a{n}")
    assert daemon.control("GET", "/v1/status")[0] == 200
    stuck.close()


def test_many_accounts_fit_into_a_snapshot(make_daemon, server_2025):
    text = "\n".join(f"[account a{n}]\nserver = {server_2025.origin}" for n in range(2000))
    daemon = make_daemon(config=text).start()
    stream = Events(daemon)
    assert len(stream.next()["status"]["accounts"]) == 2000
    daemon.authctl("reload")
    daemon.configure(text + "\nuser = bob")
    assert daemon.authctl("reload").returncode == 0
    assert stream.next()["account"]["expected_user"] == "bob"
    stream.close()


# Clients that do not read

ACCOUNTS = 2000


def many_accounts(user="alice"):
    return "\n".join(f"[account a{n}]\nserver = http://127.0.0.1:9\nuser = {user}" for n in range(ACCOUNTS))


@pytest.fixture
def crowd(make_daemon):
    """A daemon with many accounts."""
    daemon = make_daemon(config=many_accounts())
    # What is measured is what the daemon keeps, not what the sanitizer does of what was freed.
    daemon.env["ASAN_OPTIONS"] += ":quarantine_size_mb=0:thread_local_quarantine_size_kb=0"
    return daemon.start(seconds=60)


def ask_and_do_not_read(daemon, path, count=1):
    connections = []
    for _ in range(count):
        connections.append(socket.socket(socket.AF_UNIX))
        connections[-1].connect(str(daemon.socket))
        connections[-1].sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connections


def seconds_of(call):
    start = time.monotonic()
    assert call()[0] == 200
    return time.monotonic() - start


def status_of(daemon):
    return lambda: daemon.control("GET", "/v1/status")


def read_all(connection):
    """What the daemon sent until it closed; a time-out is an error."""
    connection.settimeout(60)
    raw = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(1 << 20):
            raw += chunk
    return raw


def is_hung_up(connection):
    poll = select.poll()
    poll.register(connection, 0)
    return bool(poll.poll(0))


def test_streams_that_nobody_reads_are_cut(crowd):
    """Other clients lose no time and no room, and a client that reads gets every event."""
    alone, before = seconds_of(status_of(crowd)), crowd.memory()
    reader = Events(crowd)
    assert len(reader.next()["status"]["accounts"]) == ACCOUNTS
    stuck = ask_and_do_not_read(crowd, "/v1/events", 250)
    # Each of them used to have its own snapshot built first: that were 250 times this.
    assert seconds_of(status_of(crowd)) < 1 + 30 * alone
    for user in ("bob", "carol"):
        crowd.configure(many_accounts(user))
        assert crowd.authctl("reload").returncode == 0
        changes = [reader.next() for _ in range(ACCOUNTS)]
        assert {event["account"]["account"] for event in changes} == {f"a{n}" for n in range(ACCOUNTS)}
        assert {event["account"]["expected_user"] for event in changes} == {user}
        assert seconds_of(status_of(crowd)) < 1 + 30 * alone
    assert crowd.memory() - before < 150e6
    wait_for(lambda: all(is_hung_up(connection) for connection in stuck), what="all to be cut")
    refused = [raw for raw in map(read_all, stuck) if b"TOO_MANY_STREAMS" in raw]
    assert len(refused) > 100 and all(raw.startswith(b"HTTP/1.1 503 ") for raw in refused)
    crowd.configure(many_accounts("dora"))
    assert crowd.authctl("reload").returncode == 0
    assert reader.next()["account"]["expected_user"] == "dora"
    reader.close()


def test_a_stream_that_does_not_read_makes_room_for_another(crowd):
    stuck = ask_and_do_not_read(crowd, "/v1/events", 64)
    readers = []
    wait_for(lambda: readers.append(Events(crowd)) or readers[-1].reply.status == 200, what="room for another")
    reader = readers[-1]
    assert reader.next()["event"] == "snapshot"
    for connection in stuck:
        connection.close()
    reader.close()


def test_a_stream_that_is_read_slowly_is_kept(crowd):
    """4 KiB at a time, in all less than a socket's buffer within the time that a stuck one gets."""
    (slow,) = ask_and_do_not_read(crowd, "/v1/events")
    raw, end = b"", time.monotonic() + 15
    while time.monotonic() < end:
        raw += slow.recv(4096)
        time.sleep(0.5)
    slow.settimeout(60)
    # The end of the snapshot, wherever chunks begin.
    while b"]}}\n" not in re.sub(rb"\r\n[0-9a-f]+\r\n", b"", raw[-10_000:]):
        chunk = slow.recv(4096)
        assert chunk, "the stream was cut"
        raw += chunk
    slow.close()


@pytest.mark.parametrize("path", ["/v1/accounts", "/v1/status"])
def test_answers_that_nobody_reads_cost_little(crowd, path):
    alone, before = seconds_of(status_of(crowd)), crowd.memory()
    stuck = ask_and_do_not_read(crowd, path, 250)
    assert seconds_of(status_of(crowd)) < 1 + 30 * alone
    assert crowd.memory() - before < 150e6
    replies = [read_all(connection) for connection in stuck[:20]]
    assert all(json.loads(raw.partition(b"\r\n\r\n")[2])["accounts"] for raw in replies)
    for connection in stuck:
        connection.close()


def test_answers_that_nobody_reads_are_bounded(crowd):
    """One after the other, so that no two of them are the same."""
    before = crowd.memory()
    stuck = []
    for _ in range(200):
        stuck += ask_and_do_not_read(crowd, "/v1/accounts")
        select.select(stuck[-1:], [], [], 5)
    assert crowd.memory() - before < 200e6
    assert b'"a1999"' in read_all(stuck[-1])
    for connection in stuck:
        connection.close()


# misskey-authctl watch

@pytest.fixture
def watch(daemon):
    watches = []

    def make(*options):
        process = subprocess.Popen(
            [BIN / "misskey-authctl", "watch", *options], env={**daemon.env, "TZ": "UTC"}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.lines = {"out": [], "err": []}

        def collect(stream, name):
            for line in stream:
                process.lines[name].append(line.rstrip("\n"))
        for stream, name in ((process.stdout, "out"), (process.stderr, "err")):
            threading.Thread(target=collect, args=(stream, name), daemon=True).start()
        watches.append(process)
        return process
    yield make
    for process in watches:
        process.kill()
        process.wait()


def test_watch_shows_a_line_for_each_change(server_2025, daemon, watch):
    authorize(daemon, server_2025, "before")
    process = watch()
    wait_for(lambda: len(process.lines["out"]) == 1)
    authorize(daemon, server_2025)
    daemon.authctl("logout", "me")
    wait_for(lambda: process.lines["out"][-1].endswith("  removed"))
    lines = [re.fullmatch(r"\d\d:\d\d:\d\d  (.*)", line)[1] for line in process.lines["out"]]
    assert lines[:2] == ["before  verified (@alice)", "me  login: waiting for consent"]
    assert "me  verified (@alice)" in lines and "me  login: signed in (@alice)" in lines
    assert lines[-1] == "me  removed"


def test_watch_shows_a_page_that_could_not_be_opened(server_2025, daemon, watch):
    authorize(daemon, server_2025, "before")
    process = watch()
    wait_for(lambda: process.lines["out"], what="the snapshot")
    page = daemon.login("me", server=server_2025.origin)["start_url"]
    daemon.control("POST", "/v1/accounts/me/browser", {"problem": "There is none."})
    expected = f"  me  login: waiting for consent: There is none. Open it by hand: {page}"
    wait_for(lambda: process.lines["out"][-1].endswith(expected), what="the line of watch")


def test_watch_as_json_is_the_stream(server_2025, daemon, watch):
    process = watch("--json")
    wait_for(lambda: process.lines["out"], what="the snapshot")
    authorize(daemon, server_2025)
    wait_for(lambda: is_end_of_login(json.loads(process.lines["out"][-1])))
    assert json.loads(process.lines["out"][0])["event"] == "snapshot"


def test_watch_survives_a_restart(server_2025, daemon, watch):
    authorize(daemon, server_2025)
    process = watch()
    wait_for(lambda: process.lines["out"])
    daemon.restart()
    wait_for(lambda: len(process.lines["out"]) == 2)
    wait_for(lambda: process.lines["out"][-1].endswith("me  verified (@alice)"))
    assert process.lines["err"] == ["The daemon stopped; waiting for it to come back…"]
    daemon.kill()
    daemon.start()
    wait_for(lambda: len(process.lines["err"]) == 2)
    assert "does not answer any more" in process.lines["err"][1]


def test_watch_says_when_there_is_no_daemon(make_daemon):
    daemon = make_daemon()
    done = daemon.authctl("watch")
    assert done.returncode == 5 and START_ADVICE in done.stderr


def test_watch_can_be_interrupted(daemon, watch):
    process = watch()
    wait_for(lambda: daemon.control("GET", "/v1/status"))
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == -signal.SIGINT


def test_watch_ends_when_nobody_reads(server_2025, daemon):
    done = subprocess.run(
        ["bash", "-c", f"'{BIN}/misskey-authctl' watch --json | head -n 1; echo ${{PIPESTATUS[0]}}"], env=daemon.env,
        text=True, capture_output=True, timeout=60)
    assert '"snapshot"' in done.stdout and done.stdout.endswith("\n1\n")
