# SPDX-License-Identifier: MIT
"""`cmake --install`: everything is below DESTDIR and the prefix, and is found from there."""

import os
import re
import shutil
import subprocess

import pytest

from harness import ROOT, free_port

PROGRAMS = ("misskey-authctl", "misskey-authd", "misskey-token")


def install(release, prefix, destination=None):
    """The installed files, as paths that begin with the prefix."""
    env = {**os.environ, "DESTDIR": str(destination or "")}
    done = subprocess.run(["cmake", "--install", str(release), "--prefix", str(prefix)], env=env, text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return (release / "install_manifest.txt").read_text().split()


@pytest.mark.parametrize("prefix, units", [
    ("/usr", "/usr/lib/systemd/user"), ("/usr/local", "/usr/local/lib/systemd/user"),
    ("/opt/misskey", "/opt/misskey/share/systemd/user"), ("/home/me/.local", "/home/me/.local/share/systemd/user"),
])
def test_everything_is_below_destdir_and_prefix(release, tmp_path, prefix, units):
    manifest = install(release, prefix, tmp_path)
    there = {f"/{file.relative_to(tmp_path)}" for file in tmp_path.rglob("*") if not file.is_dir()}
    assert there == set(manifest)
    assert all(path.startswith(f"{prefix}/") for path in manifest)
    for path in (
        *(f"bin/{program}" for program in PROGRAMS), "libexec/misskey-authd-agent", "share/man/man1/misskey-token.1", "share/man/man8/misskey-authd.8",
        "share/bash-completion/completions/misskey-authctl", "share/fish/vendor_completions.d/misskey-token.fish",
        "share/zsh/vendor-completions/_misskey-authd", "share/doc/misskey-authd/examples/post-note.sh",
        "share/doc/misskey-authd/tutorial.md", "share/doc/misskey-authd/examples/systemd/good-morning.timer",
        "share/locale/ja/LC_MESSAGES/misskey-authd.mo",
    ):
        assert f"{prefix}/{path}" in there
    assert f"{units}/misskey-authd-callback.socket" in there
    for file in (tmp_path / f".{units}").glob("*.service"):
        directory = "libexec" if "agent" in file.name else "bin"
        assert set(re.findall(r"^Exec\w+=(\S+)/misskey-", file.read_text(), re.M)) == {f"{prefix}/{directory}"}
        assert "@CMAKE" not in file.read_text()
    assert not [path for path in there if "misskey-authd.service.d" in path]


def test_nothing_tells_where_it_was_built(release, tmp_path):
    install(release, "/usr", tmp_path)
    for file in tmp_path.rglob("*"):
        if not file.is_dir():
            assert str(ROOT).encode() not in file.read_bytes(), file
            assert file.stat().st_mode & 0o222 == 0o200, file


def test_the_manifest_removes_it(release, tmp_path):
    """As docs/install.md says it."""
    install(release, tmp_path / "prefix")
    assert (tmp_path / "prefix/bin/misskey-token").exists()
    subprocess.run(["xargs", "rm"], stdin=(release / "install_manifest.txt").open(), check=True, timeout=60)
    assert not [file for file in tmp_path.rglob("*") if not file.is_dir()]


@pytest.fixture
def local(manager, release):
    """Installed into ~/.local of the manager's user, whose own units are put away meanwhile."""
    units = manager.home / ".config/systemd/user"
    away = units.rename(units.with_name("away"))
    manager.systemctl("stop", "misskey-authd.service", "misskey-authd-callback.socket", "misskey-authd-control.socket")
    install(release, manager.home / ".local")
    subprocess.run(["chown", "-R", f"{manager.user.pw_uid}:{manager.user.pw_gid}", manager.home], check=True)
    manager.write(".config/systemd/user/misskey-authd-callback.socket.d/port.conf",
                  f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{free_port()}\n")
    manager.systemctl("daemon-reload")
    yield manager
    manager.systemctl("stop", "misskey-authd.service", "misskey-authd-callback.socket", "misskey-authd-control.socket")
    manager.systemctl("reset-failed")
    shutil.rmtree(manager.home / ".local")
    shutil.rmtree(units)
    away.rename(units)
    manager.systemctl("daemon-reload")


def status(manager):
    """Runs the installed program, which starts the daemon."""
    return manager.run(manager.home / ".local/bin/misskey-authctl", "status")


def test_a_prefix_in_the_home_is_found(local):
    assert local.systemctl("start", "misskey-authd-control.socket").returncode == 0
    asked = status(local)
    assert asked.returncode == 0, asked.stderr
    pid = local.show("misskey-authd.service", "MainPID")[0]
    assert os.readlink(f"/proc/{pid}/exe") == str(local.home / ".local/bin/misskey-authd")
