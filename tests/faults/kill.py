# SPDX-License-Identifier: MIT
"""The daemon is killed at every system call of a login, and then a person goes on.

A login is traced once from the daemon's start to its stop. Then it is done again for each system call of it, with
SIGKILL at the entrance of that call: what came before has happened, the call itself has not. strace counts the calls of
each name.
"""

import argparse
import collections
import contextlib
import http.client
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

from harness import BIN, PORT_TAKEN, Daemon, check_log, check_tokens, sha256sum, spread_ports, wait_for  # noqa: E402
from hook_recorder import Recorder  # noqa: E402
from misskey_server import MisskeyServer  # noqa: E402
from person import RELOADED, Person, is_up  # noqa: E402
from tally import Tally  # noqa: E402

QUICK_RUNS = 8  # of each story
NOT_CUT_OFF = "not cut off: this time there were fewer calls of that name"
CALL = re.compile(r"^(?:\d+ +)?(\w+)\(", re.M)


class Story:
    """A login that can be cut off: by redirect or polled, of a new account or of one that has a credential."""

    def __init__(self, name, browser=True, again=False, method="app"):
        self.name = name
        self.method = method
        self.browser = browser
        self.again = again

    follow = ["-f"]

    @contextlib.contextmanager
    def prepare(self, profile):
        """A server, and a daemon that is not started, with a home of its own."""
        with MisskeyServer(profile=profile) as server, tempfile.TemporaryDirectory() as directory:
            daemon = Daemon(directory)
            daemon.options = ["--no-agent"]
            daemon.configure(daemon="poll_interval = 1s")
            daemon.env["ASAN_OPTIONS"] = "detect_leaks=0"  # it cannot look while strace does
            if self.again:
                daemon.start()
                assert Person(daemon, server, self.method).log_in(browser=True) == "AUTHORIZED"
                assert daemon.stop() == 0
            try:
                yield server, daemon
            finally:
                if daemon.process and daemon.process.poll() is None:
                    daemon.kill()

    def play(self, daemon, person):
        """From the start of the daemon to its stop, or to the moment in which it is not there any more."""
        daemon.start(wait=False)
        try:
            wait_for(lambda: daemon.process.poll() is not None or is_up(daemon), 60, "the start")
            assert person.log_in(self.browser) == "AUTHORIZED"
            terminate(daemon)
        except (OSError, http.client.HTTPException, ValueError):
            pass  # cut off, perhaps within an answer
        return daemon.process.wait(60)


class AgentStory(Story):
    """A login while the agent is watched: it is what is cut off, between the daemon's words, its hook and its file."""

    # It is one process; what its hooks do is their own affair.
    follow = []

    @contextlib.contextmanager
    def prepare(self, profile):
        with super().prepare(profile) as (server, daemon):
            self.hook = Recorder(daemon.directory / "hook")
            daemon.configure(daemon=f"on_credential_changed = {self.hook.command()}")
            daemon.start()
            yield server, daemon

    def start_agent(self, daemon, wrapper):
        with daemon.log_file.open("ab") as log:
            return subprocess.Popen([*wrapper, str(BIN / "misskey-authd-agent"), "--log-level", "debug"],
                                    env=daemon.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def is_told(self, daemon):
        told = self.hook.told()
        entry = daemon.credentials()["me"]
        return told and (told[-1]["i"], told[-1]["state"]) == (entry["i"], entry["state"])

    def play(self, daemon, person):
        wrapper, daemon.wrapper = daemon.wrapper, []
        agent = self.start_agent(daemon, wrapper)
        wait_for(lambda: agent.poll() is not None or daemon.control("GET", "/v1/status")[1]["agent"], 60, "the agent")
        assert person.log_in(True) == "AUTHORIZED"
        wait_for(lambda: agent.poll() is not None or self.is_told(daemon), 60, "the hook")
        time.sleep(0.4)  # it writes what was told
        end_agent(agent)
        return agent.wait(60)

    def check(self, daemon):
        """The next agent tells what was not told."""
        agent = self.start_agent(daemon, [])
        wait_for(lambda: self.is_told(daemon) and daemon.control("GET", "/v1/status")[1]["agent"], 20, "what is new")
        assert agent.poll() is None, "the next agent has ended"
        end_agent(agent)
        assert agent.wait(20) == 0


def end_agent(agent):
    """SIGTERM for it, or for strace's child, if it is still there."""
    if agent.poll() is not None:
        return
    children = Path(f"/proc/{agent.pid}/task/{agent.pid}/children")
    for process in (children.read_text(encoding="ascii").split() if agent.args[0] == "strace" else [agent.pid]):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(process), signal.SIGTERM)


STORIES = [
    Story("a first login"),
    Story("a login without a browser", browser=False),
    Story("a login of an account that has a credential", again=True),
    Story("a first login by MiAuth", method="miauth"),
    Story("a login by MiAuth without a browser", browser=False, method="miauth"),
    AgentStory("the agent, of a login with a hook"),
]


def terminate(daemon):
    """SIGTERM for the daemon itself, strace's child, if it is still there."""
    children = Path(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children").read_text(encoding="ascii")
    for child in children.split():
        os.kill(int(child), signal.SIGTERM)


def record(story, profile):
    """The system calls of the story, in their order: (name, how many of that name so far)."""
    with story.prepare(profile) as (server, daemon):
        trace = daemon.directory / "trace"
        daemon.wrapper = ["strace", *story.follow, "-o", str(trace)]
        status = story.play(daemon, Person(daemon, server, story.method))
        assert status == 0, daemon.log()
        names = CALL.findall(trace.read_text(encoding="utf-8", errors="replace"))
    seen = collections.Counter()
    calls = []
    for name in names:
        seen[name] += 1
        calls.append((name, seen[name]))
    return calls


def check_files(daemon, server, before):
    """As the kill left them: intact, and scripts get a working credential if there was one before."""
    for name in ("credentials.json", "registry.json"):
        if (daemon.state / name).exists():
            json.loads((daemon.state / name).read_text(encoding="utf-8"))
    found = daemon.token("me")
    if found.returncode == 0:
        good = {sha256sum(token.token + token.app.secret) + "\n" for token in server.access_tokens}
        good |= {token.token + "\n" for token in server.miauth_tokens}
        assert found.stdout in good, "misskey-token gives another i"
    else:
        assert (found.returncode, found.stdout) in ((3, ""), (4, "")) and not before, found
    for file in daemon.state.glob("accounts/*/*"):
        assert file.name.startswith(".tmp-") or file.read_text(encoding="utf-8").endswith("\n"), f"{file.name} is torn"


def run(work):
    """One kill: (how it ended, None) or (None, what was lost). Again if another program was given the daemon's port."""
    outcome, loss = run_once(*work)
    return run_once(*work) if loss and PORT_TAKEN in loss else (outcome, loss)


def run_once(story, profile, name, number):
    with story.prepare(profile) as (server, daemon):
        try:
            return cut_off(story, daemon, server, name, number), None
        except Exception as error:  # whatever it is, it is a finding
            return None, f"{story.name}, {profile}, {name} {number}: {error!r}\n{daemon.log()[-2000:]}"


def cut_off(story, daemon, server, name, number):
    person = Person(daemon, server, story.method)
    before = story.again
    daemon.wrapper = ["strace", *story.follow, "-qq", "-o", "/dev/null", "-e", f"trace={name}",
                      "-e", f"inject={name}:signal=KILL:when={number}"]
    status = story.play(daemon, person)
    if isinstance(story, AgentStory):
        story.check(daemon)
        check_log(daemon, [server])
        return NOT_CUT_OFF if status == 0 else "the agent was killed; the next one told it"
    consents = person.consents
    check_files(daemon, server, before)
    daemon.wrapper = []
    daemon.start()
    check_files(daemon, server, before)
    has_page = person.callback is not None
    how = person.go_on(story.browser)
    assert how == RELOADED or not has_page, "a reload did not suffice"
    new = person.consents - consents
    entry = daemon.credentials()["me"]
    assert (entry["state"], entry["user"]["username"]) == ("verified", "alice"), entry
    check_tokens(daemon, [server])
    assert new <= 1, f"{new} new consent pages"
    assert daemon.stop() == 0
    assert not daemon.leftovers(), daemon.leftovers()
    check_log(daemon, [server])
    if status == 0:
        return NOT_CUT_OFF
    if consents == 0:
        return f"killed before the consent; {how}"
    return f"killed after the consent; {how}, {new} new consent pages"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=f"about {QUICK_RUNS} calls of each story")
    parser.add_argument("--offset", type=int, default=os.getpid(), help="which calls --quick takes")
    arguments = parser.parse_args()
    fine = True
    with multiprocessing.Pool(os.cpu_count(), spread_ports) as pool:
        for profile in ("11", "2025"):
            for story in STORIES:
                if story.method == "miauth" and profile == "11":
                    continue
                calls = record(story, profile)
                step = max(1, len(calls) // QUICK_RUNS) if arguments.quick else 1
                offset = arguments.offset % step
                print(f"{story.name}, {profile}: {len(calls)} system calls, every {step}. from {offset} on", flush=True)
                tally = Tally(f"kill: {story.name}, {profile}")
                work = [(story, profile, *call) for call in calls[offset::step]]
                for outcome, loss in pool.imap_unordered(run, work):
                    tally.lose(loss) if loss else tally.survive(outcome)
                if tally.outcomes[NOT_CUT_OFF] > tally.runs / 4:
                    tally.lose("strace has killed next to nobody", faults=0)
                fine = tally.report() and fine
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
