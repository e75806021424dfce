# SPDX-License-Identifier: MIT
"""This machine's root directory as an overlay: what is done to it is done to a copy, which is gone in the end."""

import os
import shutil
import subprocess
from pathlib import Path

# Mounts that nobody else sees; they last as long as the shell does, which waits for the end of its input.
MOUNTS = """
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
mount -t tmpfs tmpfs "$1/root/run"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
test -e "$1/root/var/lib/dpkg/status"
echo mounted
read line || true
"""
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8",
               "DEBIAN_FRONTEND": "noninteractive"}


class ThrowawayRoot:
    """`directory` is an empty one to mount in."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", MOUNTS, "-", str(directory)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        self.complaint = self.process.stdout.readline().strip()
        self.mounted = self.complaint == "mounted"

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)

    def _enter(self, *command, timeout=120, **options):
        return subprocess.run(
            ["nsenter", f"--mount=/proc/{self.process.pid}/ns/mnt", *map(str, command)], text=True,
            capture_output=True, timeout=timeout, stdin=subprocess.DEVNULL, env=ENVIRONMENT, **options,
        )

    def run(self, *command):
        """In the root, as root."""
        return self._enter("chroot", self.directory / "root", *command)

    def shell(self, script):
        """What a script in the root prints; it must succeed."""
        done = self.run("sh", "-euc", script)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def put(self, source, path):
        """A copy of a file or a directory of this machine's, with its owners and modes."""
        copied = self._enter("cp", "-a", source, f"{self.directory}/root{path}")
        assert copied.returncode == 0, copied.stderr

    def changed(self):
        """What is not as on this machine: files that are new, other or missing, and new directories."""
        upper = self.directory / "upper"
        listed = self._enter("find", upper, "-mindepth", "1", "-printf", "%y %P\\n").stdout.splitlines()
        entries = (line.split(" ", 1) for line in listed)
        return {f"/{path}" for kind, path in entries if kind != "d" or not os.path.isdir(f"/{path}")}


def why_not():
    """Why there can be none here, or None."""
    if os.geteuid() != 0:
        return "only root can mount an overlay"
    if not shutil.which("unshare") or not shutil.which("nsenter"):
        return "there is no unshare or nsenter"
    return None
