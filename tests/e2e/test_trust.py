# SPDX-License-Identifier: MIT
"""Unsafe config files and hooks: another user's, writable by others, or out of reach. The remedy in the message works
when it is followed."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from doctoring import doctor
from harness import BIN, Daemon, needs_root, wait_for

# Users that this machine does not have.
USER, STRANGER = 4711, 4712


class Home:
    """A home with a config, a file of authorities and a hook, of root or of another user."""

    def __init__(self, directory, uid):
        self.uid = uid
        self.daemon = Daemon(directory)
        self.config = self.daemon.config_file
        self.ca = self.daemon.home / "certificates/ca.pem"
        self.hook = self.daemon.home / "hooks/hook"
        for file in (self.ca, self.hook):
            file.parent.mkdir()
            file.write_text("#!/bin/sh\n")
            file.chmod(0o755)
        self.daemon.configure(daemon=f"ca_file = {self.ca}\non_error = \"{self.hook}\"")
        self.identity = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else []
        self.daemon.wrapper = self.identity
        if uid:
            self.daemon.env["ASAN_OPTIONS"] += ":detect_leaks=0"
            for path in (directory, *directory.rglob("*")):
                os.chown(path, uid, uid)

    def run(self, *command):
        return subprocess.run([*self.identity, *map(str, command)], env=self.daemon.env, text=True, capture_output=True,
                              timeout=60, stdin=subprocess.DEVNULL)

    def check(self, *options):
        return self.run(BIN / "misskey-authd", "--check-config", *options)

    def start(self):
        """It answers its own user alone."""
        self.daemon.start(wait=False)
        wait_for(lambda: self.authctl("status").returncode == 0, what="the daemon")

    def authctl(self, *arguments):
        return self.run(BIN / "misskey-authctl", *arguments)

    def config_in_force(self):
        return json.loads(self.authctl("status", "--json").stdout)["config"]

    def follow(self, sentence):
        """Types the command at the end of it: as root after sudo, else as the user."""
        command = sentence.strip().rpartition(": ")[2]
        assert command.startswith("sudo ") or not self.uid or "chown" not in command
        identity = [] if command.startswith("sudo ") else self.identity
        subprocess.run([*identity, "sh", "-c", command.removeprefix("sudo ")], check=True)


@pytest.fixture(params=[0, USER], ids=["root", "user"])
def home(request):
    if request.param and os.geteuid() != 0:
        pytest.skip("only root can become another user")
    directory = Path(tempfile.mkdtemp(prefix="it's a home.", dir="/tmp"))
    directory.chmod(0o755)
    made = Home(directory, request.param if os.geteuid() == 0 else os.geteuid())
    yield made
    if made.daemon.process:
        assert made.daemon.stop() == 0, made.daemon.log()
    shutil.rmtree(directory)


WRONG = {
    "config": lambda home: home.config,
    "its directory": lambda home: home.config.parent,
    "the directory above": lambda home: home.config.parent.parent,
    "the home": lambda home: home.daemon.home,
    "ca_file": lambda home: home.ca,
    "its place": lambda home: home.ca.parent,
    "hook": lambda home: home.hook,
    "place of the hook": lambda home: home.hook.parent,
}


def refused(home, path):
    """Every reader of the config refuses it in the same words, with the remedy. The daemon keeps the old config."""
    said = home.check()
    assert (said.returncode, said.stdout) == (8, "") and str(path) in said.stderr and "is not safe to use" in said.stderr
    sentence = said.stderr.strip()
    assert home.check("-c", home.config).stderr.strip() == sentence
    assert home.run(BIN / "misskey-authd").stderr.strip() == sentence
    reload = home.authctl("reload")
    assert reload.returncode == 8 and sentence in reload.stderr
    assert home.config_in_force() == str(home.config)
    if not home.uid:
        doctor(home.daemon).expect("config", "error", sentence, "--check-config")
    home.follow(sentence)
    assert home.check().returncode == 0, home.check().stderr
    assert home.authctl("reload").returncode == 0


@needs_root
@pytest.mark.parametrize("what", WRONG)
def test_what_is_another_users_or_may_be_written_by_others_is_refused(home, what):
    assert home.check().returncode == 0, home.check().stderr
    home.start()
    path = WRONG[what](home)
    path.chmod(0o777)
    refused(home, path)
    path.chmod(0o755)
    os.chown(path, STRANGER, STRANGER)
    refused(home, path)


def test_a_hook_that_became_unsafe_later_is_not_run(home):
    home.start()
    wait_for(lambda: json.loads(home.authctl("status", "--json").stdout)["agent"], what="the agent")
    home.hook.write_text(f"#!/bin/sh\ntouch {home.hook.parent}/ran\n")
    home.hook.chmod(0o777)
    home.authctl("login", "http://127.0.0.1:1", "--as", "me", "--no-wait")
    wait_for(lambda: "is not safe to use" in home.daemon.log(), what="a hook that is refused")
    assert f"hook on_error (account me): {home.hook} cannot be started" in home.daemon.log()
    assert not (home.hook.parent / "ran").exists()


def dangling(home, path):
    """In the place of the path: a link to where nothing is. The path of its target."""
    target = home.daemon.home / "dotfiles" / path.name
    target.parent.mkdir()
    path.rename(target)
    path.symlink_to(target)
    if home.uid:
        os.chown(target.parent, home.uid, home.uid)
        os.chown(path, home.uid, home.uid, follow_symlinks=False)
    return target


@pytest.mark.parametrize("what", ["config", "its directory", "the directory above", "ca_file", "its place"])
def test_a_link_to_nowhere_is_an_error_that_names_its_target(home, what):
    path = WRONG[what](home)
    target = dangling(home, path)
    assert home.check().returncode == 0, home.check().stderr
    home.start()
    moved = target.with_suffix(".gone")
    target.rename(moved)
    said = home.check()
    assert (said.returncode, said.stdout) == (1, "")
    assert f"the symbolic link {path} leads to {target}" in said.stderr and "which is not there" in said.stderr
    assert home.run(BIN / "misskey-authd").stderr == said.stderr
    reload = home.authctl("reload")
    assert reload.returncode == 1 and str(target) in reload.stderr
    assert home.config_in_force() == str(home.config)
    if not home.uid:
        doctor(home.daemon).expect("config", "error", target, "--check-config")
    # Either piece of the advice.
    home.follow(said.stderr)
    assert not path.is_symlink()
    moved.rename(path)
    assert home.check().returncode == 0, home.check().stderr


def test_a_directory_that_cannot_be_entered_is_no_missing_config(home):
    if not home.uid:
        pytest.skip("root can enter every directory")
    home.config.parent.chmod(0o600)
    said = home.check()
    assert said.returncode == 1 and "Permission denied" in said.stderr and "namei -l" in said.stderr
    home.config.parent.chmod(0o700)
    assert home.check().returncode == 0


def test_a_hook_that_is_not_there_is_found_by_doctor(home):
    if home.uid:
        pytest.skip("once is enough")
    home.hook.rename(home.hook.with_suffix(".gone"))
    home.hook.symlink_to("nowhere")
    assert home.check().returncode == 0
    doctor(home.daemon).expect("config", "error", f"The command of on_error cannot be run: {home.hook}", "correct on_error")


@pytest.mark.parametrize("place", [".local/state", ".local/state/misskey-authd"])
def test_a_state_directory_that_leads_nowhere(home, place):
    """A disk that is not mounted: nothing is made in its place, and nobody says that there is no account."""
    link = home.daemon.home / place
    link.parent.mkdir(parents=True)
    link.symlink_to("/nonexistent/disk")
    started = home.run(BIN / "misskey-authd")
    assert started.returncode == 1 and f"link {link} leads to /nonexistent/disk" in started.stderr
    for arguments in (["me"], [], ["--list"]):
        token = home.run(BIN / "misskey-token", *arguments)
        assert (token.returncode, token.stdout) == (1, "") and "/nonexistent/disk" in token.stderr
    if not home.uid:
        doctor(home.daemon).expect("files", "error", "/nonexistent/disk", "restart")
