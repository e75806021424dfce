# SPDX-License-Identifier: MIT
"""Readers in a loop while the credentials change thousands of times: each sees the old state or the new.

Two users are suspended and released, log out and log in again. Their credentials stay the same, so a reader
knows what has to be in it, and what has to be missing while it is not good.
"""

import argparse
import json
import multiprocessing
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

from harness import BIN, Daemon, authorize, jsonschema, schema_complaints  # noqa: E402
from misskey_server import MisskeyServer  # noqa: E402
from tally import Tally  # noqa: E402

UPDATES, QUICK_UPDATES = 10_000, 150
ACCOUNTS = {"one": "alice", "two": "bob"}
LOGOUT_EVERY = 25
SCHEMA_EVERY = 50  # reads: to check it takes longer than to write it
GOOD = ("verified", "unverified")


class Reader:
    """Looks at one account in one way."""

    def __init__(self, daemon, account, truth):
        self.daemon = daemon
        self.account = account
        self.truth = truth  # what accounts/ACCOUNT/env has of it while it is good
        self.reads = 0

    def credentials(self):
        content = json.loads((self.daemon.state / "credentials.json").read_text(encoding="utf-8"))
        if jsonschema and self.reads % SCHEMA_EVERY == 0:
            assert schema_complaints(content) == []
        entry = content["accounts"].get(self.account)
        if not entry or entry["state"] == "revoked":
            return
        found = {"MISSKEY_TOKEN": entry["i"], "MISSKEY_SERVER": entry["server"],
                 "MISSKEY_USER": entry["user"]["username"]}
        for name, value in found.items():
            assert value == self.truth[name], (name, value)

    def env_file(self):
        try:
            text = (self.daemon.state / "accounts" / self.account / "env").read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        self.check_lines(text)

    def check_lines(self, text):
        assert text.endswith("\n"), text
        found = dict(line.split("=", 1) for line in text.splitlines())
        # A known account without a credential has no user and no token.
        assert ("MISSKEY_TOKEN" in found) == (found["MISSKEY_STATE"] in GOOD), found
        for name in ("MISSKEY_ACCOUNT", "MISSKEY_SERVER", "MISSKEY_USER", "MISSKEY_TOKEN"):
            if found.get(name):
                assert found[name] == self.truth[name], found

    def token_file(self):
        try:
            text = (self.daemon.state / "accounts" / self.account / "token").read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        assert text == self.truth["MISSKEY_TOKEN"] + "\n", text

    def program(self, *arguments):
        """What it prints, or None if there is no credential now."""
        done = subprocess.run([BIN / "misskey-token", self.account, *arguments], env=self.daemon.env, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
        if done.returncode == 0:
            return done.stdout
        assert done.returncode in (3, 4) and not done.stdout and done.stderr, done
        return None

    def plain(self):
        assert self.program() in (None, self.truth["MISSKEY_TOKEN"] + "\n")

    def as_json(self):
        text = self.program("--json")
        if text is not None:
            found = json.loads(text)
            assert (found["account"], found["i"]) == (self.account, self.truth["MISSKEY_TOKEN"]), found

    def as_env(self):
        text = self.program("--env")
        if text is not None:
            self.check_lines(text)

    def executed(self):
        text = self.program("--exec", "sh", "-c", 'echo "$MISSKEY_ACCOUNT $MISSKEY_SERVER $MISSKEY_TOKEN"')
        expected = " ".join(self.truth[name] for name in ("MISSKEY_ACCOUNT", "MISSKEY_SERVER", "MISSKEY_TOKEN"))
        assert text in (None, expected + "\n"), text


WAYS = ["credentials", "env_file", "token_file", "plain", "as_json", "as_env", "executed"]


def read_on(reader, ways, over, results):
    """One process: the ways in turn until it is over. Tells how often, and what was wrong."""
    wrong = []
    while not over.is_set():
        for way in ways:
            try:
                getattr(reader, way)()
            except Exception as error:  # whatever it is, it is a finding
                wrong.append(f"{reader.account}, {way}: {error!r}")
            reader.reads += 1
    results.put((reader.reads, wrong))


def update(daemon, server, updates):
    """Changes of what readers see: how many there were."""
    for number in range(updates):
        account = list(ACCOUNTS)[number // 2 % 2]
        if number % LOGOUT_EVERY == 0:
            assert daemon.control("DELETE", f"/v1/accounts/{account}")[0] == 200
            server.suspend(ACCOUNTS[account], False)
            assert authorize(daemon, server, account, ACCOUNTS[account])["outcome"] == "AUTHORIZED"
            server.requests.clear()
            continue
        # Two changes of each account in turn: suspended, released.
        server.suspend(ACCOUNTS[account], daemon.credentials()[account]["state"] in GOOD)
        status, report = daemon.control("POST", f"/v1/accounts/{account}/verify")
        assert status == 200 and report["answered"], report


def lines_of(file):
    return dict(line.split("=", 1) for line in file.read_text(encoding="utf-8").splitlines())


def watch(daemon, server, updates, tally):
    over = multiprocessing.Event()
    results = multiprocessing.Queue()
    readers = []
    for account in ACCOUNTS:
        reader = Reader(daemon, account, lines_of(daemon.state / "accounts" / account / "env"))
        for ways in (WAYS[:3], WAYS[3:]):
            readers.append(multiprocessing.Process(target=read_on, args=(reader, ways, over, results)))
    for process in readers:
        process.start()
    try:
        update(daemon, server, updates)
    finally:
        over.set()
        ended = [results.get(timeout=60) for _ in readers]
        for process in readers:
            process.join()
    for reads, wrong in ended:
        for _ in range(reads - len(wrong)):
            tally.survive("the old state or the new", faults=0)
        for story in wrong:
            tally.lose(story, faults=0)
    tally.faults = updates


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_const", dest="updates", const=QUICK_UPDATES,
                        help=f"{QUICK_UPDATES} updates")
    parser.add_argument("--updates", type=int)
    parser.set_defaults(updates=UPDATES)
    updates = parser.parse_args().updates
    tally = Tally("readers")
    with tempfile.TemporaryDirectory() as directory, MisskeyServer(profile="2025") as server:
        daemon = Daemon(directory).start()
        try:
            for account, username in ACCOUNTS.items():
                assert authorize(daemon, server, account, username)["outcome"] == "AUTHORIZED"
            watch(daemon, server, updates, tally)
        finally:
            assert daemon.stop() == 0
    return 0 if tally.report() else 1


if __name__ == "__main__":
    sys.exit(main())
