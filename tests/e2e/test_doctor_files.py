# SPDX-License-Identifier: MIT
"""misskey-authctl doctor: what can be wrong with the files of the state directory, also for an ordinary user."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from doctoring import GROUPS, MANAGER, RESTART, START, Findings, doctor, fake_systemctl, says
from harness import BIN, Daemon, needs_root, wait_for
from misskey_server import MisskeyServer

FILES = ["credentials.json", "registry.json", "accounts/me/env", "accounts/me/token"]
DIRECTORIES = ["", "accounts", "accounts/me"]


@pytest.mark.parametrize("name", FILES + DIRECTORIES)
def test_modes(stopped, name):
    path = stopped.state / name
    mode, loose = (0o700, 0o755) if path.is_dir() else (0o600, 0o640)
    path.chmod(loose)
    found = doctor(stopped)
    finding = found.expect("files", "error", f"Other users have access to {path} (mode {loose:04o})",
                           f"If one may have used it, withdraw the credentials on their servers. Then: chmod {mode:o} '{path}'")
    assert found.status == 8 and len(found.of("files")) == 1
    assert path.stat().st_mode & 0o777 == loose, "it changes nothing"
    assert os.system(finding["remedy"].partition("Then: ")[2]) == 0
    assert path.stat().st_mode & 0o777 == mode


@needs_root
@pytest.mark.parametrize("name", FILES + DIRECTORIES)
def test_owners(stopped, name):
    path = stopped.state / name
    os.chown(path, 65534, -1)
    found = doctor(stopped)
    finding = found.expect("files", "error", f"{path} belongs to another user (uid 65534)", f"sudo chown 0 '{path}'")
    assert found.status == 8
    assert os.system(finding["remedy"].partition("sudo ")[2]) == 0
    assert doctor(stopped).of("files")[0]["status"] == "ok"


@pytest.mark.parametrize("name", ["accounts", "accounts/me"])
def test_a_directory_of_accounts_is_no_link(stopped, name):
    path, other = stopped.state / name, stopped.home / "other"
    path.rename(other)
    path.symlink_to(other)
    found = doctor(stopped)
    found.expect("files", "error", f"{path} is a symbolic link, which is not followed", f"mv '{path}' '{path}'.old && {RESTART}")
    assert found.status == 8


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kind", ["symbolic link", "hard link", "directory", "fifo"])
def test_kinds(stopped, name, kind):
    path, other = stopped.state / name, stopped.home / "other"
    path.rename(other)
    if kind == "symbolic link":
        path.symlink_to(other)
        message, remedy = "is a symbolic link, which is not followed", f"mv '{path}' '{path}'.old && {RESTART}"
    elif kind == "hard link":
        os.link(other, path)
        message, remedy = "has a second name (a hard link)", f"cp -p '{path}' '{path}'.new && mv"
    else:
        path.mkdir() if kind == "directory" else os.mkfifo(path)
        message, remedy = "is not a regular file", f"mv '{path}'"
    found = doctor(stopped)
    found.expect("files", "error", f"{path} {message}", remedy)
    assert found.status == 8
    shutil.rmtree(path) if kind == "directory" else path.unlink()
    other.rename(path)


def test_a_state_directory_may_be_a_link(stopped):
    moved = stopped.home / "moved"
    stopped.state.rename(moved)
    stopped.state.symlink_to(moved)
    assert doctor(stopped).of("files")[0]["status"] == "ok"


def test_a_state_directory_that_is_none(make_daemon):
    daemon = make_daemon()
    daemon.state.parent.mkdir(parents=True)
    daemon.state.write_text("")
    found = doctor(daemon)
    found.expect("files", "error", f"{daemon.state} is not a directory", f"mv '{daemon.state}'")
    daemon.state.unlink()
    daemon.state.parent.rmdir()
    daemon.state.parent.write_text("")
    found = doctor(daemon)
    found.expect("files", "error", f"{daemon.state} cannot be looked at: Not a directory", f"namei -l '{daemon.state}'")
    daemon.state.parent.unlink()


@pytest.mark.parametrize("content, where", [
    (b"", "byte 1"), (b"{", "byte 2"), (b'{"version":1}x', "byte 14"), (b"[]", '"version" is missing'),
    (b'{"version":0}', '"version" is missing or wrong'), (b'{"version":"1"}', '"version" is missing or wrong'),
])  # fmt: skip
@pytest.mark.parametrize("name", ["credentials.json", "registry.json"])
def test_damaged_files(stopped, name, content, where):
    path = stopped.state / name
    good = path.read_bytes()
    path.write_bytes(content)
    found = doctor(stopped)
    remedy = "keeps it aside and makes a new one" if name == "registry.json" else f"mv '{path}' '{path}'.damaged"
    finding = found.expect("files", "error", f"{path} is damaged: ", remedy)
    assert where in finding["message"] and found.status == 8
    path.write_bytes(good)


def test_a_file_that_is_too_large(stopped):
    path = stopped.state / "registry.json"
    os.truncate(path, 33 * 1024 * 1024)
    finding = doctor(stopped).expect("files", "error", f"{path} is damaged: ", "keeps it aside")
    assert "is larger than" in finding["message"]


@pytest.mark.parametrize("name", ["credentials.json", "registry.json"])
def test_newer_files(stopped, name):
    path = stopped.state / name
    good = path.read_bytes()
    path.write_bytes(good.replace(b'"version": 1', b'"version": 2', 1))
    found = doctor(stopped)
    found.expect("files", "error", f"{path} is of version 2, and 1 is the newest", f"Update misskey-authd, then: {RESTART}")
    assert found.status == 8
    # The daemon says so too, and more about it.
    stopped.start()
    found = doctor(stopped)
    found.expect("files", "error", "this misskey-authd knows version 1 at most", "Stop the daemon before")
    assert found.status == 8 and len(found.of("files")) == 1
    assert stopped.stop() == 0
    path.write_bytes(good)


def test_a_file_that_only_the_daemon_knows_to_be_damaged(stopped):
    path = stopped.state / "credentials.json"
    good = path.read_bytes()
    path.write_bytes(good.replace(b'"i"', b'"j"', 1))
    stopped.start()
    found = doctor(stopped)
    found.expect("files", "error", f"{path} is damaged (", START)
    assert found.status == 8
    path.write_bytes(good)
    stopped.restart()
    assert not doctor(stopped).bad()


def test_a_registry_that_was_set_aside(stopped):
    (stopped.state / "registry.json").write_bytes(b"{")
    stopped.start()
    found = doctor(stopped)
    found.expect("files", "warning", "registry.json was damaged", "misskey-authctl login ACCOUNT")
    assert found.status == 0


def test_a_missing_credentials_file(stopped):
    (stopped.state / "credentials.json").unlink()
    found = doctor(stopped)
    found.expect("files", "warning", f"{stopped.state}/accounts has may be the last copies", "Restore it from a backup")


def test_a_missing_directory(stopped):
    shutil.rmtree(stopped.state / "accounts")
    doctor(stopped).expect("files", "warning", f"There is no {stopped.state}/accounts: the daemon makes it", RESTART)
    stopped.start()
    assert not doctor(stopped).bad()


def test_derived_files_that_disagree(server_2025, stopped):
    env, token = stopped.state / "accounts/me/env", stopped.state / "accounts/me/token"
    repair = f"The daemon writes it again when it starts: {RESTART}"

    def found(message, remedy=repair, status="error"):
        findings = doctor(stopped)
        assert len(findings.of("files")) == 1
        finding = findings.expect("files", status, message, remedy)
        assert not re.search(r"[0-9a-f]{64}", finding["message"])
        # The remedy helps.
        stopped.start()
        assert not doctor(stopped).bad()
        assert stopped.stop() == 0

    good = token.read_text()
    token.write_text("0" * 64 + "\n")
    found(f"{env} has one credential, but {token} has another")
    token.unlink()
    found(f"{env} has a credential, but {token} is not there")
    env.write_text(env.read_text().replace("verified", "revoked"))
    found(f"{env} has no credential, but {token} is there")
    env.write_text("nonsense\n")
    found(f"{env} is damaged: a line is not KEY=VALUE")
    env.unlink()
    found(f"{token} is there, but {env} is not: misskey-token does not know the account", RESTART, "warning")
    assert token.read_text() == good


def test_leftovers(stopped):
    left = [stopped.state / f".tmp-{1:032x}", *(stopped.state / f"accounts/me/.tmp-{n:032x}" for n in (2, 3))]
    left[0].write_text("")
    doctor(stopped).expect("files", "note", f"left 1 temporary file in {stopped.state}", START)
    for file in left:
        file.write_text("")
    found = doctor(stopped)
    found.expect("files", "note", f"left 3 temporary files in {stopped.state}", START)
    found.expect("files", "ok", "is intact and private")
    stopped.start()
    assert not any(file.exists() for file in left)
    # A login under way has its reservations there.
    left[0].write_text("")
    assert len(doctor(stopped).of("files")) == 1
    left[0].unlink()


@pytest.mark.parametrize("fault", ["full", "read-only"])
@needs_root
def test_a_disk_that_cannot_take_more(make_daemon, fault):
    daemon = make_daemon()
    daemon.state.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "mode=0700,size=2m", "tmpfs", daemon.state]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        daemon.start()
        assert not doctor(daemon).bad()
        assert daemon.stop() == 0
        if fault == "full":
            (daemon.state / "filler").write_bytes(bytes(1100 * 1024))
        else:
            subprocess.run(["mount", "-o", "remount,ro", daemon.state], check=True)
        found = doctor(daemon)
        found.expect("files", "error", f"{daemon.state} is {fault}: no login can be stored",
                     "Make room there" if fault == "full" else "mount it for writing")
        assert found.status == 1
    finally:
        subprocess.run(["umount", daemon.state], check=True)


def test_a_state_directory_that_scripts_do_not_look_in(daemon):
    found = doctor(daemon, XDG_STATE_HOME=str(daemon.home / "elsewhere"))
    found.expect("files", "warning", f"The daemon keeps its files in {daemon.state}, but misskey-token looks for them in "
                 f"{daemon.home}/elsewhere/misskey-authd", "Give both the same HOME and XDG_STATE_HOME")


def test_much_of_one_kind(make_daemon):
    daemon = make_daemon().start()
    assert daemon.stop() == 0
    for number in range(150):
        file = daemon.state / f"accounts/account{number}/env"
        file.parent.mkdir(0o700)
        file.write_text("")
        file.chmod(0o600)
    done = daemon.authctl("doctor", "--json")
    found = json.loads(done.stdout)["findings"]
    assert len([each for each in found if each["check"] == "files"]) == 100 and done.returncode == 8
    assert "50 more findings are left out: 100 of one kind are shown." in done.stderr
    assert done.stderr.splitlines()[-1] == "151 errors, 0 warnings."
    shutil.rmtree(daemon.state / "accounts")


# Another user than root


@needs_root
def test_an_ordinary_user():
    """Runs a copy of the programs: where they were built the user may have no access."""
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    with tempfile.TemporaryDirectory(prefix="doctor.") as directory, MisskeyServer(profile="2025") as server:
        base = Path(directory)
        base.chmod(0o755)
        daemon = Daemon(base)
        daemon.env["ASAN_OPTIONS"] = "detect_leaks=0"
        for program in ("misskey-authd", "misskey-authd-agent", "misskey-authctl"):
            shutil.copy(BIN / program, base / program)
        for path in (base, *base.rglob("*")):
            os.chown(path, 65534, 65534)

        def found(systemctl=says(MANAGER)):
            path = fake_systemctl(base, systemctl)
            return Findings(subprocess.run(
                [*user, base / "misskey-authctl", "doctor", "--json"], text=True, capture_output=True, timeout=60,
                env={**daemon.env, "PATH": path, "DISPLAY": ":1", "BROWSER": "true"}, check=False))

        with daemon.log_file.open("ab") as log:
            process = subprocess.Popen([*user, base / "misskey-authd"], env=daemon.env, stdout=log, stderr=log)
        try:
            daemon.process = process
            assert wait_until_up(daemon)
            # Root is not the socket's owner, and is turned away: the user logs in by himself.
            run = subprocess.run([*user, base / "misskey-authctl", "login", server.origin, "--as", "me", "--no-wait"],
                                 env=daemon.env, text=True, capture_output=True, timeout=60, check=True)
            server.accept(run.stdout.strip().rsplit("/", 1)[1], "alice")
            subprocess.run([*user, base / "misskey-authctl", "login", server.origin, "--as", "me"], env=daemon.env,
                           capture_output=True, timeout=60, check=True)
            assert list(dict.fromkeys((finding["check"], finding["status"]) for finding in found())) == [
                (check, "ok") for check in GROUPS]
        finally:
            process.terminate()
            process.wait(10)
        for name, mode, message, remedy in (
            ("", 0o500, f"{daemon.state} (mode 0500)", f"chmod 700 '{daemon.state}'"),
            ("", 0, f"{daemon.state} (mode 0000)", f"chmod 700 '{daemon.state}'"),
            ("accounts", 0, f"{daemon.state}/accounts (mode 0000)", f"chmod 700 '{daemon.state}/accounts'"),
            ("credentials.json", 0, f"{daemon.state}/credentials.json (mode 0000)", "chmod 600"),
            ("accounts/me/env", 0, f"{daemon.state}/accounts/me/env (mode 0000)", "chmod 600"),
        ):
            path = daemon.state / name
            good = path.stat().st_mode
            path.chmod(mode)
            found().expect("files", "error", f"You have too little access to your own {message}", remedy)
            path.chmod(good)
        os.chown(daemon.state, 0, 0)
        findings = found()
        findings.expect("files", "error", f"{daemon.state} belongs to another user (uid 0)", "sudo chown 65534")
        assert findings.status == 8
        os.chown(daemon.state, 65534, 65534)
        if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) > 81:
            daemon.config_file.write_text("[daemon]\nlisten = 127.0.0.1:81\n")
            found("exit 1").expect("port", "warning", "127.0.0.1:81 cannot be used: Permission denied", "listen = 127.0.0.1:PORT")


def wait_until_up(daemon):
    """Whether its socket listens: others than its user are not answered."""
    def listens():
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(daemon.socket)) == 0
    return wait_for(listens, what="the control socket")
