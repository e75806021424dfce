# SPDX-License-Identifier: MIT
"""What the service logs, as the journal has it; and that no secret gets to where none belongs."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness import free_port, open_start, secrets_of, wait_for
from journal import Journal, read
from misskey_server import MisskeyServer
from user_manager import running, why_not

SERVICE = "misskey-authd.service"
SOCKETS = ("misskey-authd-callback.socket", "misskey-authd-control.socket")
UNIT = ("-u", "misskey-authd")
# systemd's own lines about the unit: "Started …".
OURS = "SYSLOG_IDENTIFIER=misskey-authd"
DEBUG = "[daemon]\nlog_level = debug\non_credential_changed = /bin/true\n"
# Whose job it is to keep secrets.
KEEPERS = re.compile(r"(credentials\.json|registry\.json|accounts/[^/]+/(env|token))$")


@pytest.fixture(scope="module")
def logging():
    """A user manager with a journal, and the daemon with log_level = debug."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    journal = Journal()
    try:
        if not journal.start():
            pytest.skip("there is no systemd-journald")
        with running("-j") as one:
            one.write(".config/systemd/user/misskey-authd-callback.socket.d/port.conf",
                      f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{free_port()}\n")
            one.systemctl("daemon-reload")
            yield one
    finally:
        journal.stop()


@pytest.fixture
def service(logging):
    logging.forget()
    logging.write(".config/misskey-authd/config.ini", DEBUG)
    assert logging.systemctl("start", *SOCKETS, SERVICE).returncode == 0
    yield logging
    logging.systemctl("stop", *SOCKETS, SERVICE)


def pid(manager):
    return int(manager.show(SERVICE, "MainPID")[0])


def log_in(manager, server):
    """Logs in by a browser: returns every secret on the way, besides the credential and the app's."""
    page = manager.authctl("login", server.origin, "--as", "me", "--no-wait", DISPLAY=":1", BROWSER="/bin/true")
    assert page.returncode == 0, page.stderr
    start = page.stdout.strip()
    browser, token = open_start(start)
    server.accept(token, "alice")
    _, result, _, text = browser.get(f"{start.split('/start/')[0]}/callback?token={token}")
    assert "alice" in text
    return {token, start.rsplit("/", 1)[1], result.rsplit("/", 1)[1]}


def entries(manager, what):
    """The daemon's entries, once one has WHAT in its message."""
    def found():
        all_entries = read(manager, *UNIT, OURS)
        return all_entries if any(what in entry["MESSAGE"] for entry in all_entries) else None
    return wait_for(found, what=f"{what!r} in the journal")


def test_each_line_has_its_priority_and_its_unit(service):
    with MisskeyServer(profile="2025") as server:
        log_in(service, server)
        server.revoke("alice")
        assert service.authctl("verify").returncode == 4
        service.write(".config/misskey-authd/config.ini", "[daemon]\nnonsense = 1\n")
        service.systemctl("restart", SERVICE)
        found = entries(service, "nonsense")
    priority = {}
    for entry in found:
        assert isinstance(entry["MESSAGE"], str) and not entry["MESSAGE"].startswith("<"), entry
        assert entry["_SYSTEMD_USER_UNIT"] == SERVICE and entry["_COMM"] == "misskey-authd"
        priority.setdefault(entry["PRIORITY"], []).append(entry["MESSAGE"])
    assert set(priority) == {"3", "4", "6"}
    assert any("nonsense" in message for message in priority["3"])
    assert any("account me: the credential does not work" in message for message in priority["4"])
    assert any(message.startswith("ready: ") for message in priority["6"])


def test_what_a_person_is_shown(service):
    """One event is one line, with the program's name and what -p asks for."""
    entries(service, "ready: ")
    shown = service.run("journalctl", "--user", "--no-pager", *UNIT, "--output=short", "-p", "info").stdout.splitlines()
    confined, ready = [line for line in shown if f" misskey-authd[{pid(service)}]: " in line]
    assert "]: confined: " in confined and "]: ready: callback http://127.0.0.1:" in ready
    assert all(re.match(r"[A-Z][a-z]{2} \d\d [\d:]{8} \S+ \S+\[\d+\]: |-- ", line) for line in shown), shown


def processes_of(manager):
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == manager.user.pw_uid or pid(manager) == int(process.name):
                yield process
        except OSError:
            continue


def places(manager):
    """(name, bytes) of everything that the run wrote and that others could come to see."""
    journal = subprocess.run(["journalctl", "--quiet", "--no-pager", "--all", "--output=export",
                              f"_UID={manager.user.pw_uid}"], check=True, capture_output=True).stdout
    assert b"ready: " in journal
    yield "the journal", journal
    for process in processes_of(manager):
        for name in ("environ", "cmdline"):
            try:
                yield f"{process}/{name}", (process / name).read_bytes()
            except OSError:
                continue
    for top in (manager.home, manager.runtime / "misskey-authd"):
        for file in top.rglob("*"):
            if file.is_file() and not KEEPERS.search(str(file)):
                yield str(file), file.read_bytes()


def secrets_of_run(manager, server, of_the_way):
    state = manager.home / ".local/state/misskey-authd"
    daemon = SimpleNamespace(credentials=lambda: json.loads((state / "credentials.json").read_text())["accounts"])
    secrets = {secret for secret in secrets_of(daemon, [server]) | of_the_way if secret}
    assert len(secrets) >= 6
    return {secret.encode() for secret in secrets}


def test_no_secret_is_where_none_belongs(service):
    with MisskeyServer(profile="2025") as server:
        of_the_way = log_in(service, server)
        assert service.authctl("verify").returncode == 0
        secrets = secrets_of_run(service, server, of_the_way)
        # The journal's last lines are there when the daemon has ended; its processes while it runs.
        leaks = [(name, secret) for name, content in places(service) for secret in secrets if secret in content]
    assert leaks == []
    kept = (service.home / ".local/state/misskey-authd/credentials.json").read_bytes()
    assert any(secret in kept for secret in secrets), "they are looked for in the form in which they are kept"


@pytest.fixture
def core_files(service):
    """A directory in which the kernel writes core files: one that the daemon may write too."""
    pattern = Path("/proc/sys/kernel/core_pattern")
    before = pattern.read_text()
    directory = service.home / ".local/state/misskey-authd"
    try:
        pattern.write_text(f"{directory}/core.%p")
    except OSError:
        pytest.skip("core_pattern cannot be set here")
    yield directory
    pattern.write_text(before)


def test_an_aborted_daemon_leaves_no_core_file(service, core_files):
    other = service.run("systemd-run", "--user", "--wait", "--quiet", "-p", "LimitCORE=infinity",
                        "/bin/sh", "-c", "kill -ABRT $$$$")
    assert other.returncode != 0
    wait_for(lambda: list(core_files.glob("core.*")), what="the core file of another process, as a proof")
    aborted = pid(service)
    os.kill(aborted, signal.SIGABRT)
    wait_for(lambda: pid(service) not in (0, aborted), what="the restart after the abort")
    assert not (core_files / f"core.{aborted}").exists()
