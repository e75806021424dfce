# SPDX-License-Identifier: MIT
"""misskey-token: the whole process, beside `cat` of the same file and beside `oidc-token`."""

import contextlib
import re
import subprocess
import tempfile

from comparison import Goal, Row, in_pairs
from harness import BIN, Daemon, authorize
from misskey_server import MisskeyServer
from oidc import ACCOUNT, agent, why_not
from population import fill, name_of

PROGRAM = str(BIN / "misskey-token")


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
    done = subprocess.run(["strace", "-f", "-c", *command], env=env, text=True, capture_output=True, check=True)
    return int(re.search(r"^100\.00 +\S+ +(?:\d+ +)?(\d+) .*total$", done.stderr, re.M)[1])


def measure(scale):
    yield from beside_cat(scale)
    yield from beside_oidc_token(scale)


def beside_cat(scale):
    for count in scale.accounts((1, 100, 10_000)):
        with credentials(count) as (daemon, account):
            file = str(daemon.state / "accounts" / account / "env")
            ours, cat = in_pairs([[PROGRAM, account], ["cat", file]], scale.rounds(2000), daemon.env)
            yield Row(f"misskey-token, 1 of {count} accounts", ours, cat, "cat of the same file", "µs",
                      Goal("≤", 1.0))
            if count == 1:
                yield Row("misskey-token, system calls", system_calls(daemon.env, [PROGRAM, account]),
                          system_calls(daemon.env, ["cat", file]), "cat of the same file", "calls")


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
