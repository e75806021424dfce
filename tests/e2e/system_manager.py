# SPDX-License-Identifier: MIT
"""A real `systemd --system`, as process 1 of namespaces of its own: it sees this machine's programs, and changes nothing of it.

It starts the units that it is given and nothing else. Its /run, /home and /usr/local/bin are empty ones of its own, and all
else is read-only.
"""

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness import wait_for
from user_manager import SYSTEMD, cgroup_roots

# Mounts are shared, as on a booted system: services with credentials need that.
BOOT = """
set -e
mount --make-rshared /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/system /run/given
cp -R "$1"/. /run/systemd/system
mount --bind "$2" /run/given
for directory in /home /usr/local/bin; do mount -t tmpfs -o mode=755 tmpfs "$directory"; done
mkdir -p "$3"
mount --bind /run/given "$3"
for directory in /tmp /var/tmp; do mount -t tmpfs -o mode=1777 tmpfs "$directory"; done
mount -o remount,bind,ro /
exec env -i container=test PATH=/usr/bin:/bin:/usr/sbin:/sbin "$4" --system --unit=nothing.target --log-target=null
"""
NOTHING = "[Unit]\nDefaultDependencies=no\n"


def why_not():
    """Why there can be no system manager here, or None."""
    if os.geteuid() != 0:
        return "only root can start a system manager"
    if not SYSTEMD.exists() or not shutil.which("systemctl"):
        return "there is no systemd"
    if not cgroup_roots():
        return "there are no control groups for a system manager"
    return None


class SystemManager:
    """`units` are {name: text}; the directory `source` is seen as `target`."""

    def __init__(self, directory, units, source, target):
        texts = directory / "units"
        for name, text in {"nothing.target": NOTHING, **units}.items():
            (texts / f"{name}.d").mkdir(parents=True)
            (texts / name).write_text(text)
            # What the system's units want as they are started would be all of this machine's.
            (texts / f"{name}.d/tests.conf").write_text(NOTHING)
        self.groups = [root / f"misskey-test-{os.getpid()}-system" for root in cgroup_roots()]
        for group in self.groups:
            group.mkdir(exist_ok=True)

        def enter_groups():
            for group in self.groups:
                (group / "cgroup.procs").write_text(str(os.getpid()))
        self.process = subprocess.Popen(
            ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "--cgroup", "--uts", "--ipc",
             "sh", "-c", BOOT, "-", str(texts), str(source), str(target), str(SYSTEMD)],
            preexec_fn=enter_groups, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.enter = None

    def _is_up(self):
        if self.process.poll() is not None:
            return True
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        if not children:
            return False
        self.enter = ["nsenter", f"--target={children[0]}", "--all"]
        return self.systemctl("is-active", "nothing.target").returncode == 0

    def starts(self):
        """Whether it is there."""
        wait_for(self._is_up, what="the system manager")
        return self.process.poll() is None

    def run(self, *command, text=None):
        return subprocess.run([*self.enter, *map(str, command)], text=True, capture_output=True, input=text, timeout=60)

    def systemctl(self, *arguments):
        return self.run("systemctl", *arguments)

    def is_active(self, unit):
        """As systemd says it: active, failed, and so on."""
        return self.systemctl("is-active", unit).stdout.strip()

    def stop(self):
        self.process.kill()  # its child too, and with process 1 all others
        self.process.wait()
        for group in self.groups:
            wait_for(lambda group=group: not any(file.read_text() for file in group.rglob("cgroup.procs")))
            for directory, _, _ in os.walk(group, topdown=False):
                os.rmdir(directory)


@contextmanager
def running_system(*arguments):
    """One that runs. Skips the test where there can be none."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    one = SystemManager(*arguments)
    try:
        if not one.starts():
            pytest.skip("a system manager does not start here")
        yield one
    finally:
        one.stop()
