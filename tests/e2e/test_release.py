# SPDX-License-Identifier: MIT
"""scripts/release in a clone, with a key that is thrown away: tag, tarball, checksums and signatures."""

import os
import re
import shutil
import subprocess
import tarfile

import pytest

from harness import ROOT

KEY = "Throw-away <key@misskey-authd.invalid>"
VERSION = re.search(r"project\(misskey-authd VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]


class Clone:
    """A git repository with this tree as it is, whose CHANGELOG.md has a heading for the version."""

    def __init__(self, directory):
        self.tree = directory / "tree"
        self.out = self.tree / f"build/release-{VERSION}"
        home = directory / "home"
        home.mkdir(mode=0o700)
        self.env = {**os.environ, "HOME": str(home), "GNUPGHOME": str(home)}
        ignored = shutil.ignore_patterns("build", ".git", "node_modules", "__pycache__", "images", "e2e", "fuzz")
        shutil.copytree(ROOT, self.tree, symlinks=True, ignore=ignored)
        self.run("gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", KEY)
        self.run("git", "init", "--quiet", "--initial-branch=main")
        for name, value in (("user.name", "Somebody"), ("user.email", "somebody@misskey-authd.invalid")):
            self.run("git", "config", name, value)
        self.change("CHANGELOG.md", r"(?m)^## \[Unreleased\]$", f"## [Unreleased]\n\n## [{VERSION}] - 2026-12-01")

    def start(self, *command):
        return subprocess.run(list(map(str, command)), cwd=self.tree, env=self.env, text=True, capture_output=True, timeout=60)

    def run(self, *command):
        done = self.start(*command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def change(self, name, old, new):
        """Commits it."""
        file = self.tree / name
        file.write_text(re.sub(old, new, file.read_text(), count=1))
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", f"change {name}")

    def release(self, *options):
        return self.start("scripts/release", "--no-packages", *options, VERSION)

    def refused(self, why):
        done = self.release()
        assert done.returncode == 1 and why in done.stderr, done.stderr
        assert not self.out.exists()


@pytest.fixture
def clone(tmp_path):
    for tool in ("git", "gpg"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    one = Clone(tmp_path)
    yield one
    one.start("gpgconf", "--kill", "all")


def test_tag_tarball_checksums_and_signatures(clone):
    done = clone.release("--key", KEY)
    assert done.returncode == 0, done.stderr
    assert {file.name for file in clone.out.iterdir()} == {f"misskey-authd-{VERSION}.tar.gz", "SHA256SUMS", "SHA256SUMS.asc"}
    clone.run("git", "verify-tag", f"v{VERSION}")
    clone.run("gpg", "--verify", clone.out / "SHA256SUMS.asc", clone.out / "SHA256SUMS")
    clone.run("sh", "-c", f"cd {clone.out} && sha256sum --check --strict SHA256SUMS")
    with tarfile.open(clone.out / f"misskey-authd-{VERSION}.tar.gz") as tarball:
        files = {member.name for member in tarball if not member.isdir()}
    assert files == {f"misskey-authd-{VERSION}/{path}" for path in clone.run("git", "ls-files").splitlines()}
    first = (clone.out / "SHA256SUMS").read_bytes()
    # As a forge does it for the tag, without the key.
    assert clone.release("--tagged").returncode == 0
    assert (clone.out / "SHA256SUMS").read_bytes() == first
    assert "there is a tag" in clone.release().stderr


def test_it_refuses_what_is_not_ready(clone):
    (clone.tree / "README.md").write_text("changed")
    clone.refused("not committed")
    clone.run("git", "checkout", "--quiet", "README.md")
    for name, old, new in (("CHANGELOG.md", rf"\[{VERSION}\] - ", f"[{VERSION}] "),
                           ("debian/changelog", re.escape(VERSION), "99.0.0"),
                           ("CMakeLists.txt", f"VERSION {VERSION}", "VERSION 99.0.0")):
        clone.change(name, old, new)
        clone.refused(name)
    assert clone.run("git", "tag") == ""
