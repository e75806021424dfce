# SPDX-License-Identifier: MIT
"""What logins that are polled cost together, 100 to 1,000 of them: in room on the disk and in time."""

import json
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from comparison import PROGRAMS, Goal, Row
from harness import Daemon, authorize, wait_for
from misskey_server import MisskeyServer
from population import name_of
from scales import NOT_QUADRATIC, milliseconds

COUNTS = (100, 300, 1000)
USERKEY = "auth/session/userkey"
CLIENTS = 8  # that begin logins at the same time
POLLING_S = 15  # three times poll_interval
LOOK_S = 0.005
ENDING_S = 300

UNITS = {"room on the disk": "KiB"}  # of all others: ms
LIMITS = {"room on the disk": 1.0}


class Room:
    """Looks all the time how much the temporary files take on the disk."""

    def __init__(self, daemon):
        self.daemon, self.most, self.is_over = daemon, 0, threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.is_over.wait(LOOK_S):
            self.most = max(self.most, sum(map(self.size, self.daemon.leftovers())))

    @staticmethod
    def size(file):
        try:
            return file.stat().st_blocks * 512
        except FileNotFoundError:
            return 0

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()


def processor_ms(daemon):
    """What the daemon's thread has used so far."""
    return int(Path(f"/proc/{daemon.process.pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e6


def costs_of(daemon, what, action):
    """{what: milliseconds}, and how many of them the daemon's processor took."""
    used, began = processor_ms(daemon), time.perf_counter()
    action()
    took = (time.perf_counter() - began) * 1000
    return {what: took, f"{what}, processor time": processor_ms(daemon) - used}


def begin_all(daemon, server, count):
    with ThreadPoolExecutor(CLIENTS) as pool:
        logins = list(pool.map(lambda number: daemon.login(name_of(number), server=server.origin, browser=False),
                               range(count)))
    assert all(login["state"] == "consent" for login in logins)


def polling(scale, daemon, server, count):
    """KiB at the most while they are polled, and the processor's milliseconds for one poll of each."""
    server.wait_for_calls(USERKEY, len(server.calls(USERKEY)) + count, timeout=60)
    before, used = len(server.calls(USERKEY)), processor_ms(daemon)
    with Room(daemon) as room:
        time.sleep(scale.seconds(POLLING_S))
        server.wait_for_calls(USERKEY, before + 1, timeout=60)
    polls, used = len(server.calls(USERKEY)) - before, processor_ms(daemon) - used
    return room.most / 1024, used / polls * count


def answers(daemon):
    assert daemon.process.poll() is None, daemon.log()
    try:
        return daemon.control("GET", "/v1/status")[0] == 200
    except OSError:
        return False


def first_answer_ms(daemon):
    """From exec to the first answer. It is stopped again."""
    begin = time.perf_counter()
    daemon.start("--log-level", "info", wait=False)
    while not answers(daemon):
        time.sleep(0.001)
    took = (time.perf_counter() - begin) * 1000
    assert daemon.stop(60) == 0
    return took


def expire_all(daemon):
    """As if the machine had slept for a day."""
    registry = daemon.registry()
    registry["sessions"] = [{**session, "expires_at": 1} for session in registry["sessions"]]
    (daemon.state / "registry.json").write_text(json.dumps(registry), encoding="utf-8")


def wait_for_end(daemon):
    """All are over at the start: each is polled once more, and ends."""
    wait_for(lambda: '"exchanging"' not in (daemon.state / "registry.json").read_text(), ENDING_S, "the end of all logins")


def measure_at(scale, daemon, server, count):
    """{what: cost of all}, of one new login for "a new login"."""
    daemon.configure(daemon="poll_interval = 10m")  # so that nothing but the beginning is measured
    daemon.start("--log-level", "info")
    authorize(daemon, server, "first")  # the app, connections, pages of memory
    costs = costs_of(daemon, "begin", lambda: begin_all(daemon, server, count))
    assert daemon.stop(60) == 0
    daemon.configure()
    daemon.start("--log-level", "info")
    costs["room on the disk"], costs["processor time of a poll of each"] = polling(scale, daemon, server, count)
    numbers = iter(range(1000))
    costs["a new login beside them"] = milliseconds(
        lambda: authorize(daemon, server, f"new{next(numbers)}"), scale.rounds(9))
    assert daemon.stop(60) == 0
    costs["first answer after a restart"] = statistics.median(
        first_answer_ms(daemon) for _ in range(scale.rounds(5)))
    expire_all(daemon)
    daemon.start("--log-level", "info", wait=False)
    costs |= costs_of(daemon, "end", lambda: wait_for_end(daemon))
    assert daemon.stop(60) == 0
    return costs


def rows_of(costs):
    """Rows of {count: {what: cost}}: each cost, and how the last one has grown beside the number of logins."""
    first, *_, last = costs
    for what in costs[last]:
        for count in costs:
            yield Row(f"polled logins, {what}, {count}", costs[count][what], None, "", UNITS.get(what, "ms"))
        if costs[first][what] == 0:  # the room of so few is gone too soon to be seen
            continue
        growth = costs[last][what] / costs[first][what]
        yield Row(f"polled logins, {what}, growth from {first} to {last}", growth, last / first, "their number's growth",
                  "times", Goal("≤", LIMITS.get(what, NOT_QUADRATIC)))


def measure(scale):
    costs = {}
    for count in (2, 10) if scale.is_quick else COUNTS:
        # Not /tmp, which may be in memory.
        with tempfile.TemporaryDirectory(dir=PROGRAMS) as directory, MisskeyServer(profile="2025") as server:
            costs[count] = measure_at(scale, Daemon(directory), server, count)
    yield from rows_of(costs)
