# SPDX-License-Identifier: MIT
"""misskey-token: from exec to exit, beside `cat` of the same file, a bare program and `oidc-token`."""

import contextlib
import re
import subprocess
import tempfile

from comparison import PROGRAMS, Goal, Row, costs_in_pairs, in_pairs
from harness import BIN, Daemon, authorize
from misskey_server import MisskeyServer
from oidc import ACCOUNT, agent, why_not
from population import fill, name_of

PROGRAM = str(BIN / "misskey-token")
CAT = "cat of the same file"
BARE = "a bare program that prints it"


@contextlib.contextmanager
def credentials(count):
    """A state directory with as many accounts, as the daemon has left it, and the name of one in the middle."""
    with tempfile.TemporaryDirectory() as directory, MisskeyServer(profile="2025") as server:
        daemon = Daemon(directory).start()
        authorize(daemon, server)
        template = daemon.credentials()["me"]
        assert daemon.stop() == 0
        if count > 1:
            fill(daemon, template, count)
            daemon.start(seconds=600)
            assert daemon.stop() == 0
        yield daemon, name_of(count // 2) if count > 1 else "me"


def system_calls(env, command):
    # A program with a sanitizer cannot look for leaks while it is traced.
    env = {**env, "ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run(["strace", "-f", "-c", *map(str, command)], env=env, text=True, capture_output=True, check=True)
    return int(re.search(r"^100\.00 +\S+ +(?:\d+ +)?(\d+) .*total$", done.stderr, re.M)[1])


def measure(scale):
    yield from beside_others(scale)
    yield from beside_oidc_token(scale)


def beside_others(scale):
    alone = None
    for count in scale.accounts((1, 100, 10_000)):
        with credentials(count) as (daemon, account):
            file = str(daemon.state / "accounts" / account / "env")
            ours = [PROGRAM, account]
            others = {CAT: ["cat", file], BARE: [PROGRAMS / "bare_print", file]}
            costs = costs_in_pairs([ours, *others.values()], scale.rounds(2000), daemon.env)
            calls = system_calls(daemon.env, ours)
            name = f"misskey-token, 1 of {count} accounts"
            for other, cost, limit in zip(others, costs[1:], (1.0, 1.15)):
                yield Row(name, costs[0].us, cost.us, other, "µs", Goal("≤", limit))
                yield Row(f"{name}, page faults", costs[0].faults, cost.faults, other, "faults", Goal("≤", limit))
            if alone is not None:
                yield Row(f"{name}, system calls", calls, alone, "1 of 1 accounts", "calls", Goal("≤", 1.0))
                continue
            alone = calls
            yield Row(f"{name}, system calls", calls, system_calls(daemon.env, others[CAT]), CAT, "calls", Goal("≤", 1.0))
            yield Row(f"{name}, system calls", calls, system_calls(daemon.env, others[BARE]), BARE, "calls")
            yield from modes(scale, daemon, account, others)


def modes(scale, daemon, account, others):
    """What else it prints takes as long."""
    for mode in (["--json"], ["--format", "misskeys://{token}@{host}"]):
        ours, bare = costs_in_pairs([[PROGRAM, account, *mode], others[BARE]], scale.rounds(500), daemon.env)
        name = f"misskey-token {mode[0]}"
        yield Row(name, ours.us, bare.us, BARE, "µs", Goal("≤", 1.15))
        yield Row(f"{name}, page faults", ours.faults, bare.faults, BARE, "faults")


def beside_oidc_token(scale):
    reason = why_not()
    if reason:
        scale.skip("oidc-token", reason)
        return
    with credentials(1) as (daemon, account), agent() as other:
        env = {**other.env, **daemon.env}
        ours, theirs, nothing = in_pairs([[PROGRAM, account], ["oidc-token", ACCOUNT], ["true"]], scale.rounds(500),
                                         env)
        yield Row("misskey-token", ours, theirs, "oidc-token", "µs", Goal("≤", 0.25))
        yield Row("true, which does nothing", nothing, theirs, "oidc-token", "µs")
