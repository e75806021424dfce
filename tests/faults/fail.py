# SPDX-License-Identifier: MIT
"""Each call of a class fails once, in the real programs with their sanitizers: the first, the second, and so on.

fault.c lets it fail, control.py says how. Whatever fails, no program crashes, hangs or leaks, nothing stored is lost,
and what the person does next succeeds.
"""

import argparse
import contextlib
import http.client
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

from control import CLASSES, Control, error_name  # noqa: E402
from harness import BIN, PORT_TAKEN, Daemon, check_tokens, spread_ports, wait_for  # noqa: E402
from misskey_server import MisskeyServer  # noqa: E402
from person import Person, is_up  # noqa: E402
from tally import Tally  # noqa: E402

FAULT = BIN.parent / "tests/faults/fault.so"
QUICK_RUNS = 2  # of each of its stories, class and errno
SANITIZER = re.compile(r"Sanitizer|runtime error")
STATUSES = (0, 1, 2, 3, 4, 5, 6, 7, 8)  # those that are documented


class Scene:
    """A server, a daemon, a person, and one fault."""

    def __init__(self, server, daemon, control):
        self.server = server
        self.daemon = daemon
        daemon.options = ["--no-agent"]  # it would inherit the fault
        self.person = Person(daemon, server)
        self.control = control
        self.wrapper = ["env", f"LD_PRELOAD={FAULT}", f"FAULT_CONTROL={control.path}"]

    def start_faulty(self):
        self.daemon.wrapper = self.wrapper
        self.daemon.start(wait=False)
        self.daemon.wrapper = []

    def wait_until_up(self):
        wait_for(lambda: self.daemon.process.poll() is not None or is_up(self.daemon), 60, "the start")

    def ended(self):
        """Whether the daemon has ended; if so, as documented and with a reason."""
        status = self.daemon.process.poll()
        if status is None:
            return False
        assert status in (1, 8), f"exit status {status}"
        assert self.daemon.log().strip(), "the daemon ended without a word"
        return True

    def stop(self):
        assert self.daemon.stop(60) == 0, "the daemon's end"
        assert not SANITIZER.search(self.daemon.log())

    def log_in_before(self):
        self.daemon.start()
        assert self.person.log_in(browser=True) == "AUTHORIZED"

    def check_credential(self):
        """The credential is there, right, and verified, if need be by asking again: the log then has said why."""
        if self.daemon.credentials()["me"]["state"] == "unverified":
            assert re.search(r"its state could not be written|\(UNVERIFIED\)", self.daemon.log())
            assert ask(self, "POST", "/v1/accounts/me/verify") == 200
        entry = self.daemon.credentials()["me"]
        assert (entry["state"], entry["user"]["username"]) == ("verified", "alice"), entry
        check_tokens(self.daemon, [self.server])


def leaks_of_others(kind, directory):
    """OpenSSL 3.0, interrupted when it learns the names of its algorithms, learns one again and forgets the first."""
    file = directory / "lsan"
    file.write_text("leak:libcrypto.so\n" if kind == "memory" else "", encoding="ascii")
    return f"suppressions={file}:print_suppressions=0"


@contextlib.contextmanager
def scene(profile, kind, at, error):
    with MisskeyServer(profile=profile) as server, tempfile.TemporaryDirectory() as directory:
        daemon = Daemon(directory)
        # A confined daemon cannot start the process that looks for leaks.
        daemon.configure(daemon=f"poll_interval = 1s\nconfinement = {os.environ.get('FAIL_CONFINED', 'no')}")
        daemon.env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
        daemon.env["LSAN_OPTIONS"] = leaks_of_others(kind, Path(directory))
        try:
            yield Scene(server, daemon, Control(Path(directory) / "control", kind, at, error))
        except Exception as failure:
            raise AssertionError(f"{failure!r}\n{daemon.log()[-3000:]}") from failure
        finally:
            if daemon.process and daemon.process.poll() is None:
                daemon.kill()


# Stories: each plays until something fails and on to a good end, and returns how that came.


def start(scene):
    """The daemon starts, and stops."""
    scene.control.arm()
    scene.start_faulty()
    scene.wait_until_up()
    if scene.ended():
        how = "the daemon ended with a reason"
    else:
        scene.stop()
        how = "went on"
    scene.log_in_before()
    scene.check_credential()
    scene.stop()
    return how


def recover(scene, browser):
    """What a person does when a login did not end well: the same again, then a restart."""
    scene.control.disarm()
    if not scene.ended():
        try:
            return scene.person.go_on(browser)
        except AssertionError:
            scene.stop()
    scene.daemon.start()
    return "after a restart " + scene.person.go_on(browser)


def log_in(scene, browser):
    scene.start_faulty()
    scene.wait_until_up()
    scene.control.arm()
    how = "went on"
    consents = 0
    try:
        outcome = scene.person.log_in(browser)
    except (OSError, http.client.HTTPException, AssertionError) as error:
        outcome = repr(error)
    if outcome != "AUTHORIZED":
        consents = scene.person.consents
        how = recover(scene, browser)
        consents = scene.person.consents - consents
    scene.control.disarm()
    assert consents <= 1, f"{consents} new consent pages"
    scene.check_credential()
    scene.stop()
    scene.daemon.start()
    scene.check_credential()
    scene.stop()
    assert not scene.daemon.leftovers(), scene.daemon.leftovers()
    return how


def log_in_by_redirect(scene):
    """The daemon in a login by redirect."""
    return log_in(scene, browser=True)


def log_in_without_browser(scene):
    """The daemon in a login that is polled."""
    return log_in(scene, browser=False)


def ask(scene, method, path):
    """A status, or None if the connection ended."""
    try:
        return scene.daemon.control(method, path, timeout=60)[0]
    except (OSError, http.client.HTTPException, ValueError):
        return None


def serve(scene):
    """The daemon answers verify, reload, status, list, token."""
    scene.log_in_before()
    scene.stop()
    scene.start_faulty()
    scene.wait_until_up()
    scene.control.arm()
    answers = [ask(scene, *request) for request in (
        ("POST", "/v1/accounts/me/verify"), ("POST", "/v1/reload"), ("GET", "/v1/status"), ("GET", "/v1/accounts"),
        ("GET", "/v1/accounts/me/token"),
    )]
    scene.control.disarm()
    if scene.ended():
        scene.daemon.start()
    assert ask(scene, "POST", "/v1/accounts/me/verify") == 200
    scene.check_credential()
    scene.stop()
    return "went on" if set(answers) == {200} else "an error was answered"


def log_out(scene):
    """The daemon forgets an account."""
    scene.log_in_before()
    scene.stop()
    scene.start_faulty()
    scene.wait_until_up()
    scene.control.arm()
    answer = ask(scene, "DELETE", "/v1/accounts/me")
    scene.control.disarm()
    if scene.ended():
        scene.daemon.start()
    if answer != 200:
        assert ask(scene, "DELETE", "/v1/accounts/me") in (200, 404)
    assert scene.daemon.token("me").returncode == 3
    assert not scene.daemon.credentials()
    scene.stop()
    return "went on" if answer == 200 else "an error was answered"


def run_client(scene, program, *arguments):
    """One of the programs that a person or a script runs, once with the fault and once without."""
    scene.log_in_before()
    good = scene.daemon.run(program, *arguments)
    assert good.returncode == 0, good
    scene.control.arm()
    done = subprocess.run([*scene.wrapper, str(BIN / program), *arguments], env=scene.daemon.env, text=True,
                          capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    scene.control.disarm()
    assert done.returncode in STATUSES, (done.returncode, done.stderr)
    assert not SANITIZER.search(done.stderr), done.stderr
    if done.returncode != 0:
        assert done.stderr.strip(), "it failed without a word"
    scene.check_credential()
    scene.stop()
    if done.returncode == 0:
        return "went on"
    return "an error was said"


CLIENTS = [
    ("misskey-token", "me"), ("misskey-token", "me", "--json"), ("misskey-token", "me", "--env"),
    ("misskey-token", "--list"), ("misskey-token", "me", "--exec", "true"),
    ("misskey-token", "me", "--format", "misskeys://{token}@{host}"), ("misskey-token", "me", "--set", "I=token", "--exec", "true"),
    ("misskey-authctl", "list"), ("misskey-authctl", "status", "--json"), ("misskey-authctl", "verify", "me"),
    ("misskey-authctl", "doctor"), ("misskey-authctl", "reload"),
]
STORIES = {
    "start": start, "login": log_in_by_redirect, "polled": log_in_without_browser, "serve": serve, "logout": log_out,
}
QUICK_STORIES = ["start", "login", "logout", "misskey-token me", "misskey-authctl list"]
STORIES |= {" ".join(client): client for client in CLIENTS}


def play(name, scene):
    story = STORIES[name]
    return run_client(scene, *story) if isinstance(story, tuple) else story(scene)


def run(work):
    """One fault: (how it ended, whether it came to it, None), or what was lost instead. Again if another program was
    given the daemon's port.
    """
    how, is_hit, loss = run_once(*work)
    return run_once(*work) if loss and PORT_TAKEN in loss else (how, is_hit, loss)


def run_once(name, profile, kind, at, error):
    try:
        with scene(profile, kind, at, error) as one:
            how = play(name, one)
            return how, one.control.is_hit, None
    except Exception as failure:  # whatever it is, it is a finding
        return None, True, f"{name}, {profile}, {kind} {at} {error_name(error)}: {failure}"


def count(work):
    """How many calls of the class there are when none fails."""
    name, profile, kind = work
    with scene(profile, kind, 0, 0) as one:
        how = play(name, one)
        assert how == "went on", how
        return one.control.count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_RUNS} calls of each class, story and errno")
    parser.add_argument("--offset", type=int, default=os.getpid(), help="which calls --quick takes")
    parser.add_argument("--profile", default="2025", choices=("11", "2025"))
    parser.add_argument("--only", action="append", help="a class")
    parser.add_argument("--confined", action="store_true", help="as installed; then nobody looks for the daemon's leaks")
    parser.add_argument("--story", action="append", choices=STORIES)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at once; many only wait")
    arguments = parser.parse_args()
    if arguments.confined:
        os.environ["FAIL_CONFINED"] = "yes"
    kinds = arguments.only or list(CLASSES)
    stories = arguments.story or (QUICK_STORIES if arguments.quick else list(STORIES))
    pairs = [(name, arguments.profile, kind) for kind in kinds for name in stories]
    fine = True
    with multiprocessing.Pool(arguments.jobs, spread_ports) as pool:
        counts = dict(zip(pairs, pool.map(count, pairs, 1)))
        for kind in kinds:
            tally = Tally(f"fail: {kind}")
            work = []
            for name in stories:
                number = counts[name, arguments.profile, kind]
                step = max(1, number // QUICK_RUNS) if arguments.quick else 1
                offset = 1 + arguments.offset % step
                print(f"{kind}, {name}: {number} calls, every {step}. from {offset} on", flush=True)
                work += [(name, arguments.profile, kind, at, error)
                         for at in range(offset, number + 1, step) for error in CLASSES[kind]]
            for how, is_hit, loss in pool.imap_unordered(run, work):
                if loss:
                    tally.lose(loss)
                else:
                    tally.survive(how if is_hit else "not hit: this time there were fewer calls", int(is_hit))
            fine = tally.report() and fine
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
