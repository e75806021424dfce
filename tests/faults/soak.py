# SPDX-License-Identifier: MIT
"""Thousands of logins over a hundred accounts, and ten times as many callbacks, in one process of the daemon.

What it takes must not grow: its descriptors, its memory, its files. After the warm-up every account has logged in and
every list has its length; from then on the numbers may not be larger at the end.
"""

import argparse
import http.client
import itertools
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

from harness import Daemon, check_tokens  # noqa: E402
from misskey_server import MisskeyServer  # noqa: E402
from tally import Tally  # noqa: E402

ACCOUNTS, LOGINS = 100, 10_000
QUICK_ACCOUNTS, QUICK_LOGINS = 20, 200
SAMPLES = 10
FINISHED = 100  # logins that registry.json remembers
CALLBACKS = 10  # for each login
# malloc() keeps what was freed in pieces, and where they lie is chance: from one sample to the next it is some hundred
# KiB more or less. A leak of 100 bytes a login would be as much as this.
MEMORY_SLACK_KIB = 1024
# The finished logins in registry.json are a hundred always, but numbers in them have more or fewer digits.
SIZE_SLACK = 1.02
UNKNOWN = "00000000-0000-4000-8000-000000000000"
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


class Sample(NamedTuple):
    """What the daemon takes, with nobody connected."""

    logins: int
    descriptors: int
    memory_kib: int  # PSS
    files: int
    credentials_bytes: int
    registry_bytes: int


def take_sample(daemon, logins):
    time.sleep(0.2)  # what a client has closed is closed by the daemon then
    process = Path(f"/proc/{daemon.process.pid}")
    memory = re.search(r"^Pss: +(\d+) kB$", (process / "smaps_rollup").read_text(encoding="ascii"), re.M)
    sizes = [(daemon.state / name).stat().st_size for name in ("credentials.json", "registry.json")]
    files = sum(1 for file in daemon.state.rglob("*") if file.is_file())
    return Sample(logins, len(list((process / "fd").iterdir())), int(memory[1]), files, *sizes)


class Soak:
    def __init__(self, daemon, servers, accounts):
        self.daemon = daemon
        self.servers = itertools.cycle(servers)
        self.accounts = itertools.cycle([(f"account{n:03}", next(self.servers)) for n in range(accounts)])
        self.own = f"127.0.0.1:{daemon.port}"

    def get(self, path, host=None, **headers):
        """(status, headers) of one request, by a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=30)
        try:
            connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
            for name, value in {"Host": host or self.own, "Connection": "close", **NAVIGATION, **headers}.items():
                connection.putheader(name, value)
            connection.endheaders()
            reply = connection.getresponse()
            reply.read()
            return reply.status, reply.headers
        finally:
            connection.close()

    def log_in(self):
        """As a browser does it; the session's token and where its result is."""
        account, server = next(self.accounts)
        login = self.daemon.login(account, server=server.origin)
        status, headers = self.get(login["start_url"].split(self.own)[1])
        assert status == 303, status
        token = headers["Location"].rsplit("/", 1)[1]
        cookie = headers["Set-Cookie"].split(";")[0]
        server.accept(token, "alice")
        status, headers = self.get(f"/callback?token={token}", Cookie=cookie)
        assert status == 303, status
        result = headers["Location"]
        assert self.get(result)[0] == 200
        assert self.daemon.account(account)["state"] == "verified"
        server.requests.clear()  # the server's own memory is not what is looked at
        return token, result

    def repeat(self, token, result):
        """Callbacks that change nothing: repeated, made up, and from somewhere else."""
        for n in range(CALLBACKS):
            kind = n % 3
            if kind == 0:
                status, headers = self.get(f"/callback?token={token}")
                assert (status, headers["Location"]) == (303, result)
            elif kind == 1:
                assert self.get(f"/callback?token={UNKNOWN}")[0] == 404
            else:
                assert self.get(f"/callback?token={token}", host="misskey.example")[0] == 400


def complaints(warm, end):
    """What has grown between two samples."""
    found = []
    for name in ("descriptors", "files"):
        if getattr(end, name) > getattr(warm, name):
            found.append(f"{name} grew from {getattr(warm, name)} to {getattr(end, name)}")
    if end.memory_kib > warm.memory_kib + MEMORY_SLACK_KIB:
        found.append(f"memory grew from {warm.memory_kib} to {end.memory_kib} KiB")
    for name in ("credentials_bytes", "registry_bytes"):
        if getattr(end, name) > getattr(warm, name) * SIZE_SLACK:
            found.append(f"{name} grew from {getattr(warm, name)} to {getattr(end, name)}")
    return found


def soak(daemon, servers, accounts, logins, tally):
    """Warm is who has logged in each account twice and remembers as many finished logins as it ever will."""
    one = Soak(daemon, servers, accounts)
    print(("{:>18}" * len(Sample._fields)).format(*Sample._fields).replace("_", " "))
    samples = []
    for number in range(1, logins + 1):
        one.repeat(*one.log_in())
        tally.survive("a login, and ten callbacks more", faults=CALLBACKS)
        if number % (logins // SAMPLES) == 0:
            samples.append(take_sample(daemon, number))
            print(("{:>18}" * len(Sample._fields)).format(*samples[-1]), flush=True)
    warm = next(sample for sample in samples if sample.logins >= max(2 * accounts, FINISHED))
    for complaint in complaints(warm, samples[-1]):
        tally.lose(complaint, faults=0)
    check_tokens(daemon, servers)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_LOGINS} logins")
    accounts, logins = (QUICK_ACCOUNTS, QUICK_LOGINS) if parser.parse_args().quick else (ACCOUNTS, LOGINS)
    tally = Tally("soak")
    with tempfile.TemporaryDirectory() as directory, MisskeyServer(profile="11") as old, \
            MisskeyServer(profile="2025") as new:
        daemon = Daemon(directory)
        daemon.start()
        try:
            soak(daemon, [old, new], accounts, logins, tally)
        finally:
            assert daemon.stop() == 0
    return 0 if tally.report() else 1


if __name__ == "__main__":
    sys.exit(main())
