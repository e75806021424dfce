# SPDX-License-Identifier: MIT
"""What things cost with more and more accounts, and with more and more logins that wait for consent."""

import statistics
import tempfile
import time
from pathlib import Path

from comparison import PROGRAMS, Goal, Row
from harness import Daemon, authorize
from misskey_server import MisskeyServer
from population import fill, fill_pending, name_of
from starting import Readiness, start_ms

COUNTS = (1, 10, 100, 1000, 10_000)
# Beside the bytes' growth, which is tenfold: what is linear is about 1, what is quadratic would be 10.
NOT_QUADRATIC = 2.0
FIRST_START_S = 600  # when none of the accounts' files is there yet


def milliseconds(action, rounds):
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        action()
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times)


def expect(daemon, method, path):
    status, _ = daemon.control(method, path, timeout=60)
    assert status == 200, (path, status)


def with_accounts(scale, daemon, server, template, count):
    """{what: milliseconds}, with a daemon that has so many accounts."""
    fill(daemon, template, count)
    with tempfile.TemporaryDirectory() as directory:
        readiness = Readiness(directory)
        costs = {"start that makes every account's files": start_ms(daemon, readiness, FIRST_START_S)}
        costs["start"] = statistics.median(start_ms(daemon, readiness) for _ in range(scale.rounds(5)))
    daemon.start("--log-level", "info", seconds=60)
    try:
        account, rounds = name_of(count // 2), scale.rounds(5)
        costs["status"] = milliseconds(lambda: expect(daemon, "GET", "/v1/status"), rounds)
        costs["list"] = milliseconds(lambda: daemon.authctl("list"), rounds)
        costs["verify of one"] = milliseconds(lambda: expect(daemon, "POST", f"/v1/accounts/{account}/verify"), rounds)
        costs["login"] = milliseconds(lambda: authorize(daemon, server, account), rounds)
    finally:
        assert daemon.stop() == 0
    return costs, (daemon.state / "credentials.json").stat().st_size


def with_pending(scale, daemon, server, registry, count):
    """The same for a daemon with so many logins that wait."""
    fill_pending(daemon, registry, count)
    with tempfile.TemporaryDirectory() as directory:
        costs = {"start, logins pending": start_ms(daemon, Readiness(directory), FIRST_START_S)}
    daemon.start("--log-level", "info", seconds=60)
    try:
        numbers = iter(range(1000))
        costs["begin of a login, logins pending"] = milliseconds(
            lambda: daemon.login(f"new{next(numbers)}", server=server.origin), scale.rounds(5))
        costs["login, logins pending"] = milliseconds(
            lambda: authorize(daemon, server, f"new{next(numbers)}"), scale.rounds(5))
    finally:
        assert daemon.stop() == 0
    return costs, (daemon.state / "registry.json").stat().st_size


def templates(directory, server):
    """An account as credentials.json has it, and a registry.json with one pending login."""
    daemon = Daemon(directory).start()
    authorize(daemon, server)
    account = daemon.credentials()["me"]
    daemon.control("DELETE", "/v1/accounts/me")
    daemon.login("me", server=server.origin)
    registry = {**daemon.registry(), "finished": []}
    assert daemon.stop() == 0
    return daemon.port, account, registry


def rows_of(costs, sizes):
    """Rows of {count: {what: milliseconds}}: each cost, and the last one's growth beside the bytes read or written."""
    *_, before, last = costs
    for what in costs[last]:
        for count in costs:
            yield Row(f"{what}, {count}", costs[count][what], None, "", "ms")
        growth = costs[last][what] / costs[before][what]
        yield Row(f"{what}, growth from {before} to {last}", growth, sizes[last] / sizes[before], "the bytes' growth",
                  "times", Goal("≤", 1.0 if what == "login" else NOT_QUADRATIC))


def measure(scale):
    counts = scale.accounts(COUNTS)
    for measure_at, which in ((with_accounts, 1), (with_pending, 2)):
        costs, sizes = {}, {}
        for count in counts:
            # Not /tmp, which may be in memory.
            with tempfile.TemporaryDirectory(dir=PROGRAMS) as directory, MisskeyServer(profile="2025") as server:
                port, *filling = templates(Path(directory), server)
                daemon = Daemon(directory)
                daemon.port = port
                daemon.configure()
                costs[count], sizes[count] = measure_at(scale, daemon, server, filling[which - 1], count)
        yield from rows_of(costs, sizes)
