# SPDX-License-Identifier: MIT
"""Builds the Debian package of this tree in a copy of it, build/package/misskey-authd."""

import fcntl
import os
import shutil
import subprocess
from contextlib import contextmanager

from harness import ROOT

DIRECTORY = ROOT / "build/package"
SOURCE = DIRECTORY / "misskey-authd"
# What debian/rules compiles; it stays for the next time.
BUILD = SOURCE / "build/deb"
ENVIRONMENT = {**os.environ, "DEB_BUILD_PROFILES": "nocheck",
               "DEB_BUILD_OPTIONS": f"nocheck noautodbgsym parallel={os.cpu_count()}"}


def why_not():
    """Why no package can be built here, or None."""
    for tool, package in (("dpkg-buildpackage", "dpkg-dev"), ("dh", "debhelper")):
        if not shutil.which(tool):
            return f"{package} is not installed"
    return None


@contextmanager
def locked():
    """Tests that run beside this one build it too."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    with (DIRECTORY / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(*command):
    done = subprocess.run(command, cwd=SOURCE, env=ENVIRONMENT, text=True, capture_output=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr


def copy_tree():
    SOURCE.mkdir(exist_ok=True)
    for entry in SOURCE.iterdir():
        if entry.name == "build":
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    shutil.copytree(ROOT, SOURCE, symlinks=True, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("build", ".git", "node_modules", "__pycache__", ".debhelper",
                                                  "debhelper-build-stamp"))


def compiled():
    """The directory with the package's programs, not packed yet."""
    with locked():
        copy_tree()
        run("debian/rules", "build")
    return BUILD


def built():
    """The package. The dependencies are not looked at: they may come from elsewhere."""
    with locked():
        copy_tree()
        run("dpkg-buildpackage", "-us", "-uc", "-b", "-nc", "-d")
        return next(DIRECTORY.glob("misskey-authd_*.deb"))
