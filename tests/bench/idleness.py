# SPDX-License-Identifier: MIT
"""How often the idle daemon wakes up, beside oidc-agent in the same minute."""

import re
import tempfile
import time
from pathlib import Path

from comparison import Goal, Row
from harness import Daemon, authorize
from misskey_server import MisskeyServer
from oidc import agent, why_not

SETTLE_S = 3  # what was open is closed by then


def switches(pid):
    """How often it has gone to sleep so far: as often it had woken up."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)$", text, re.M)[1])


def wake_ups(groups, seconds):
    """Wake-ups of each group of processes in the same minute."""
    before = [sum(map(switches, pids)) for pids in groups]
    time.sleep(seconds)
    return [(sum(map(switches, pids)) - start) * 60 / seconds for pids, start in zip(groups, before)]


def measure(scale):
    with tempfile.TemporaryDirectory() as directory, MisskeyServer(profile="2025") as server:
        daemon = Daemon(directory).start("--log-level", "info")
        try:
            authorize(daemon, server)
            time.sleep(SETTLE_S)
            reason = why_not()
            if reason:
                scale.skip("wake-ups of oidc-agent", reason)
                ours, theirs = *wake_ups([[daemon.process.pid]], scale.seconds(60)), None
            else:
                with agent() as other:
                    ours, theirs = wake_ups([[daemon.process.pid], other.pids()], scale.seconds(60))
        finally:
            assert daemon.stop() == 0
    yield Row("wake-ups when idle and resident", ours, None,
              f"oidc-agent: {theirs:.0f} a minute" if theirs is not None else "", "a minute", Goal("≤", 0))
