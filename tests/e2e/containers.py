# SPDX-License-Identifier: MIT
"""podman, real and rootless, with a root directory of a few programs of this machine instead of an image."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

# What a machine without delegated control groups, and without images, needs; the rest is podman's own.
CONFIG = """[containers]
cgroups = "disabled"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "none"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
"""
# Mounts of its own: crun takes control groups of both versions beside each other for a fault.
ENTER = ["unshare", "--mount", "sh", "-c", 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"', "-"]


def make_root(directory):
    """A root directory with a shell."""
    for program in ("sh", "cat", "ls", "env"):
        path = shutil.which(program)
        linked = subprocess.run(["ldd", path], text=True, capture_output=True, check=True).stdout
        for file in (path, *re.findall(r"(/\S+) \(0x", linked)):
            copy = directory / file.lstrip("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
    for name in ("proc", "sys", "dev", "etc", "run", "tmp"):
        (directory / name).mkdir(exist_ok=True)
    return directory


class Podman:
    """Runs the command lines of a person who has podman or docker, as the manager's user."""

    def __init__(self, manager, directory):
        self.manager = manager
        self.directory = Path(directory)
        self.root = make_root(self.directory / "root")
        self.config = self.directory / "containers.conf"
        self.config.write_text(CONFIG)
        for path in (self.directory, *self.directory.rglob("*")):
            os.chown(path, manager.user.pw_uid, manager.user.pw_gid)

    def command(self, line, *program):
        """What `line` is here. docker's runs as root: podman in its place, which takes the same options."""
        user = self.manager.user
        line = line.replace("$(id -u):$(id -g)", f"{user.pw_uid}:{user.pw_gid}").replace("~", str(self.manager.home))
        words = shlex.split(line.replace("run --rm", "run --rm --interactive"))
        words[words.index("IMAGE"):] = ["--rootfs", str(self.root), *program]
        if words[0] == "docker":
            storage = self.directory / "storage"
            words[:1] = ["podman", f"--root={storage}", f"--runroot={storage}-run"]
            return [*ENTER, *words]
        return [*ENTER, *self.manager.as_user(*words)]

    def start(self, line, *program):
        return subprocess.Popen(
            self.command(line, *program), env={**self.manager.env, "CONTAINERS_CONF": str(self.config)}, cwd="/", text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, line, *program):
        """What it prints; None if it fails, and then self.complaint says why."""
        process = self.start(line, *program)
        printed, self.complaint = process.communicate(timeout=60)
        return printed if process.returncode == 0 else None


def why_not():
    """Why there can be no containers here, or None."""
    if os.geteuid() != 0:
        return "only root can run containers as another user"
    missing = [program for program in ("podman", "crun", "newuidmap", "unshare", "ldd") if not shutil.which(program)]
    return f"not installed: {', '.join(missing)}" if missing else None
