# SPDX-License-Identifier: MIT
"""Overlays over this machine's directories: what is done to them is done to a copy, which is gone in the end."""

import os
import shutil
import subprocess
from pathlib import Path

# Mounts that nobody else sees; they last as long as the shell does, which waits for the end of its input.
PREPARE = "set -e; mount -t tmpfs tmpfs $1; cd $1; mkdir upper work root; "
LINGER = "; test -e $root/var/lib/dpkg/status; echo mounted; read line || true"
# A root directory to chroot to.
ROOT = PREPARE + """
mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work overlay root
mount -t tmpfs tmpfs root/run
mount -t proc proc root/proc
mount --rbind /dev root/dev
root=root""" + LINGER
# What a package is installed to, in its place: all else is the machine's, its users and user managers above all.
SYSTEM = PREPARE + """
for name in usr etc var; do
    mkdir upper/$name work/$name
    mount -t overlay -o lowerdir=/$name,upperdir=upper/$name,workdir=work/$name overlay /$name
done
root=""" + LINGER
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8",
               "DEBIAN_FRONTEND": "noninteractive"}


class Overlay:
    """`directory` is an empty one to mount in, `mounts` one of the above."""

    def __init__(self, directory, mounts):
        self.directory = Path(directory)
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", mounts, "-", str(directory)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        self.complaint = self.process.stdout.readline().strip()
        self.mounted = self.complaint == "mounted"
        self.enter = ["nsenter", f"--mount=/proc/{self.process.pid}/ns/mnt"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)

    def _enter(self, *command):
        return subprocess.run(
            [*self.enter, *map(str, command)], text=True, capture_output=True, timeout=120, stdin=subprocess.DEVNULL,
            env=ENVIRONMENT,
        )


class System(Overlay):
    """/usr, /etc and /var are copies."""

    def __init__(self, directory):
        super().__init__(directory, SYSTEM)

    def run(self, *command):
        """As root."""
        return self._enter(*command)


class Root(Overlay):
    """A whole root directory, and nothing of what runs on the machine."""

    def __init__(self, directory):
        super().__init__(directory, ROOT)

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
