# SPDX-License-Identifier: MIT
"""A real `systemd --user` of an ordinary user, also on a machine that systemd did not boot.

What is missing there is made, and taken away again: the directories that say "booted by systemd", a user,
its runtime directory, and a control group that is its own.
"""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness import BIN, ROOT

SYSTEMD = Path("/lib/systemd/systemd")
CGROUPS = Path("/sys/fs/cgroup")
BOOTED = (Path("/run/systemd/system"), Path("/run/systemd/unit-root"))

SOURCES = ROOT / "systemd"
UNITS = sorted({file.name.removesuffix(".in") for file in SOURCES.iterdir()
                if file.suffix in (".in", ".timer", ".socket")})
# A sanitizer's leak check needs to trace the process, which does not let its user. That there are no core files is the
# program's and the unit's doing, not the sanitizer's.
ENVIRONMENT = "[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0:disable_coredump=0:exitcode=99\n"


def unit_text(name, directory):
    """As CMake installs it, for programs in another directory."""
    file = SOURCES / f"{name}.in"
    text = (file if file.exists() else SOURCES / name).read_text(encoding="utf-8")
    for variable in ("@CMAKE_INSTALL_FULL_BINDIR@", "@CMAKE_INSTALL_FULL_LIBEXECDIR@"):
        text = text.replace(variable, str(directory))
    return text


def why_not():
    """Why there can be no user manager here, or None."""
    if os.geteuid() != 0:
        return "only root can start another user's manager"
    if not SYSTEMD.exists() or not shutil.which("systemctl"):
        return "there is no systemd"
    if not shutil.which("setpriv") or not shutil.which("useradd"):
        return "there is no setpriv or useradd"
    if not cgroup_roots():
        return "there are no control groups that a user can be given"
    return None


def remove_if_empty(directory):
    try:
        os.rmdir(directory)
    except OSError:
        pass


def refuse_user_namespaces():
    """For `prepare`: in a user namespace of its own, where everybody keeps their number, and that may have none below
    it: what user.max_user_namespaces=0 does to a whole machine."""
    ready_to_map, unshared = os.pipe()
    mapper = os.fork()
    if mapper == 0:
        os.read(ready_to_map, 1)
        for file in ("uid_map", "gid_map"):
            Path(f"/proc/{os.getppid()}/{file}").write_text("0 0 65536\n")
        os._exit(0)
    CLONE_NEWUSER = 0x10000000
    assert ctypes.CDLL(None).unshare(CLONE_NEWUSER) == 0
    os.write(unshared, b".")
    assert os.waitpid(mapper, 0)[1] == 0
    os.close(ready_to_map)
    os.close(unshared)
    Path("/proc/sys/user/max_user_namespaces").write_text("0")


def cgroup_roots():
    """The hierarchies in which the user needs a group: systemd's own, the unified one, and those of the controllers
    that our units have limits for; or the unified one alone."""
    named = [CGROUPS / name for name in ("systemd", "unified", "memory", "pids")]
    roots = [CGROUPS] if (CGROUPS / "cgroup.procs").exists() else [root for root in named if root.is_dir()]
    return [root for root in roots if os.access(root, os.W_OK)]


class UserManager:
    """Its user, its home, and the way to run commands as it."""

    def __init__(self, suffix="", prepare=None, system=False):
        """`prepare` is called in the manager's process, as root, before it becomes the user's."""
        self.prepare = prepare
        self.name = f"misskey-test-{os.getpid()}{suffix}"
        kind = ["--system"] if system else []
        subprocess.run(["useradd", *kind, "--create-home", "--shell", "/bin/sh", self.name], check=True, capture_output=True)
        self.user = pwd.getpwnam(self.name)
        self.home = Path(self.user.pw_dir)
        self.runtime = Path(f"/run/user/{self.user.pw_uid}")
        # Named as on a booted system: by this the journal knows whose a line is, and of which unit.
        uid = self.user.pw_uid
        self.groups = [root / f"user.slice/user-{uid}.slice/user@{uid}.service" for root in cgroup_roots()]
        self.made = [directory for directory in BOOTED if not directory.exists()]
        self.env = {
            "HOME": str(self.home), "USER": self.name, "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "XDG_RUNTIME_DIR": str(self.runtime), "LANG": "C.UTF-8",
        }
        self.process = None
        # Not in the home, which the services' sandbox hides, nor in /tmp, of which they have their own.
        self.programs = Path(tempfile.mkdtemp(prefix="misskey-test-", dir="/opt"))
        self.programs.chmod(0o755)

    def as_user(self, *command):
        identity = [f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--init-groups"]
        return ["setpriv", *identity, *map(str, command)]

    def start(self):
        for directory in (*self.made, *self.groups):
            directory.mkdir(parents=True, exist_ok=True)
        self.runtime.mkdir(parents=True, mode=0o700, exist_ok=True)
        for path in (self.runtime, *self.groups, *(file for group in self.groups for file in group.iterdir())):
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

        def enter_groups():
            for group in self.groups:
                (group / "cgroup.procs").write_text(str(os.getpid()))
            if self.prepare:
                self.prepare()
        self.process = subprocess.Popen(
            self.as_user(SYSTEMD, "--user"), env=self.env, cwd="/", preexec_fn=enter_groups, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )
        end = time.monotonic() + 20
        while self.run("systemctl", "--user", "list-units").returncode != 0:
            if self.process.poll() is not None or time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def restart(self):
        """The session ends, with all that runs in it, and another begins."""
        self.end()
        assert self.start()

    def forget(self):
        """What misskey-authd keeps for its user."""
        for path in (".local", ".config/misskey-authd"):
            shutil.rmtree(self.home / path, ignore_errors=True)

    def run(self, *command, **env):
        return subprocess.run(
            self.as_user(*command), env={**self.env, **env}, cwd="/", text=True, capture_output=True, timeout=90,
            stdin=subprocess.DEVNULL,
        )

    def systemctl(self, *arguments):
        return self.run("systemctl", "--user", *arguments)

    def show(self, unit, *properties):
        """Their values, in order."""
        shown = self.systemctl("show", unit, *(f"--property={name}" for name in properties)).stdout
        values = dict(line.split("=", 1) for line in shown.splitlines())
        return [values[name] for name in properties]

    def install_programs(self):
        """Those of the build."""
        for program in ("misskey-authd", "misskey-authd-agent", "misskey-authctl", "misskey-token"):
            shutil.copy(BIN / program, self.programs / program)

    def install_units(self, directory=".config/systemd/user"):
        for name in UNITS:
            self.write(f"{directory}/{name}", unit_text(name, self.programs))
            if name.endswith(".service"):
                self.write(f"{directory}/{name}.d/tests.conf", ENVIRONMENT)
        assert self.systemctl("daemon-reload").returncode == 0

    def authctl(self, *arguments, **env):
        return self.run(self.programs / "misskey-authctl", *arguments, ASAN_OPTIONS="detect_leaks=0", **env)

    def write(self, path, text):
        """A file of the user's, below its home."""
        file = self.home / path
        made = [parent for parent in file.parents if not parent.exists()]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        for each in (*made, file):
            os.chown(each, self.user.pw_uid, self.user.pw_gid)

    def end(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        subprocess.run(["pkill", "-KILL", "-u", str(self.user.pw_uid)], check=False)
        time.sleep(0.2)

    def stop(self):
        self.end()
        for group in self.groups:
            for directory, _, _ in os.walk(group, topdown=False):
                remove_if_empty(directory)
            remove_if_empty(group.parent)
            remove_if_empty(group.parent.parent)
        shutil.rmtree(self.runtime, ignore_errors=True)
        shutil.rmtree(self.programs, ignore_errors=True)
        subprocess.run(["userdel", "--remove", self.name], check=False, capture_output=True)
        for directory in self.made:
            shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def running(suffix="", prepare=None):
    """One that runs, with our programs and units. Skips the test where there can be none."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    one = UserManager(suffix, prepare)
    try:
        if not one.start():
            pytest.skip("a user manager does not start here")
        one.install_programs()
        one.install_units()
        yield one
    finally:
        one.stop()
