# SPDX-License-Identifier: MIT
"""What is in memory: after the start, beside oidc-agent, after many logins, and when idle."""

import re
import tempfile
import time
from pathlib import Path

from comparison import Goal, Row
from harness import Daemon, authorize
from misskey_server import MisskeyServer
from oidc import agent, why_not
from starting import first_byte_ms, free_port, user_manager

ACCOUNTS = 100  # that log in again and again
IDLE_EXIT_S = 30  # misskey-authd.service
# malloc() keeps what was freed in pieces; where they lie is chance.
FLAT = 1.25


def take(pid):
    """KiB: (proportional set, private and written to)."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return tuple(int(re.search(rf"^{name}: +(\d+) kB$", text, re.M)[1]) for name in ("Pss", "Private_Dirty"))


def measure(scale):
    yield from measure_logins(scale)
    yield from measure_idle(scale)


def measure_logins(scale):
    reason = why_not()
    if reason:
        scale.skip("memory beside oidc-agent", reason)
        theirs = (None, None)
    else:
        with agent() as other:
            theirs = tuple(map(sum, zip(*map(take, other.pids()))))
    with tempfile.TemporaryDirectory() as directory, MisskeyServer(profile="2025") as server:
        daemon = Daemon(directory).start("--log-level", "info")
        try:
            start = take(daemon.process.pid)
            after, done = {}, 0
            for logins in scale.logins((1, 100, 10_000)):
                for number in range(done, logins):
                    authorize(daemon, server, f"account{number % ACCOUNTS:03}")
                    server.requests.clear()
                done = logins
                after[logins] = take(daemon.process.pid)
        finally:
            assert daemon.stop() == 0
    *_, warm, last = after
    for which, name in enumerate(("PSS", "private dirty")):
        yield Row(f"memory after the start, {name}", start[which], theirs[which], "oidc-agent with an account", "KiB")
        for logins in list(after)[:-1]:
            yield Row(f"memory after {logins} logins, {name}", after[logins][which], None, "", "KiB")
        yield Row(f"memory after {last} logins, {name}", after[last][which], after[warm][which],
                  f"after {warm} logins", "KiB", Goal("≤", FLAT))


def measure_idle(scale):
    """Processes of the service once a redirect has started it and nobody has come since."""
    if scale.is_quick:
        scale.skip("processes when idle", f"that takes {IDLE_EXIT_S} seconds")
        return
    with user_manager(scale) as manager:
        if not manager:
            return
        port = free_port()
        manager.write(".config/systemd/user/misskey-authd-callback.socket.d/port.conf",
                      f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{port}\n")
        manager.systemctl("daemon-reload")
        manager.systemctl("start", "misskey-authd-callback.socket", "misskey-authd-control.socket")
        first_byte_ms(port)
        assert manager.show("misskey-authd.service", "MainPID") != ["0"]
        time.sleep(IDLE_EXIT_S + 5)
        tasks = manager.show("misskey-authd.service", "MainPID")
    yield Row("processes when idle under systemd", float(tasks != ["0"]), None, "", "processes", Goal("≤", 0))
