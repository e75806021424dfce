# SPDX-License-Identifier: MIT
"""The systemd user units, under a real user manager of an ordinary user."""

import shutil
import subprocess

import pytest

from harness import BIN, free_port, open_start, wait_for
from misskey_server import MisskeyServer
from user_manager import SOURCES, UNITS, unit_text


def test_units_are_right(tmp_path):
    """systemd-analyze ends with 0 on a misspelt key: anything that it says is a failure."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    for name in UNITS:
        (tmp_path / name).write_text(unit_text(name, BIN))
    checked = subprocess.run(
        ["systemd-analyze", "--user", "verify", "--man=no", *(tmp_path / name for name in UNITS)], text=True,
        capture_output=True, timeout=60, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin",
                                              "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.fixture
def service(manager):
    """The daemon as a service, with a fresh state."""
    shutil.rmtree(manager.home / ".local", ignore_errors=True)
    manager.write(".config/misskey-authd/config.ini", f"[daemon]\nlisten = 127.0.0.1:{free_port()}\n")
    started = manager.systemctl("start", "misskey-authd.service")
    assert started.returncode == 0, started.stderr
    yield manager
    # The sockets too: they make the directories that the sandbox shows when they start.
    manager.systemctl("stop", "misskey-authd-callback.socket", "misskey-authd-control.socket", "misskey-authd.service",
                      "misskey-authd-verify.timer", "misskey-authd-verify.service")
    manager.systemctl("reset-failed")


def log_in(manager, server):
    """Without a browser: the page is printed, the test approves it and requests the redirect."""
    page = manager.authctl("login", server.origin, "--as", "me", "--no-wait")
    assert page.returncode == 0, page.stderr
    token = page.stdout.strip().rsplit("/", 1)[1]
    if "/start/" in page.stdout:
        _, token = open_start(page.stdout.strip())
    server.accept(token, "alice")
    assert manager.authctl("callback", token).returncode == 0


def test_the_timer_finds_a_revoked_credential(service):
    with MisskeyServer(profile="2025") as server:
        log_in(service, server)
        assert service.show("misskey-authd.service", "ActiveState", "SubState") == ["active", "running"]
        # The day is over at once.
        service.write(".config/systemd/user/misskey-authd-verify.timer.d/now.conf",
                      "[Timer]\nOnCalendar=\nOnCalendar=*-*-* *:*:*\nRandomizedDelaySec=0\nAccuracySec=100ms\n")
        service.systemctl("daemon-reload")
        assert service.systemctl("start", "misskey-authd-verify.timer").returncode == 0
        calls = len(server.calls("i"))
        wait_for(lambda: len(server.calls("i")) >= calls + 2, what="two verifications by the timer")
        server.revoke("alice")
        wait_for(lambda: "revoked" in service.authctl("list").stdout, what="the revocation by the timer")
        service.systemctl("stop", "misskey-authd-verify.timer")
    # The timer may have started another one in between.
    wait_for(lambda: service.show("misskey-authd-verify.service", "Result", "ExecMainStatus") == ["exit-code", "4"],
             what="the verification's exit status")


def test_the_timer_is_daily_and_makes_up_for_a_machine_that_was_off(manager):
    shutil.rmtree(manager.home / ".config/systemd/user/misskey-authd-verify.timer.d", ignore_errors=True)
    manager.systemctl("daemon-reload")
    assert manager.show("misskey-authd-verify.timer", "LoadState", "Persistent") == ["loaded", "yes"]
    assert "daily" in (SOURCES / "misskey-authd-verify.timer").read_text()
    enabled = manager.systemctl("enable", "--now", "misskey-authd-verify.timer")
    assert enabled.returncode == 0, enabled.stderr
    assert manager.show("misskey-authd-verify.timer", "ActiveState", "UnitFileState") == ["active", "enabled"]
    manager.systemctl("disable", "--now", "misskey-authd-verify.timer")


def test_a_reload_of_the_service_says_when_the_config_is_bad(service):
    config = (service.home / ".config/misskey-authd/config.ini").read_text()
    service.write(".config/misskey-authd/config.ini", config + "[account bot]\nserver = misskey.example\n")
    assert service.systemctl("reload", "misskey-authd.service").returncode == 0
    assert "bot" in service.authctl("list").stdout
    service.write(".config/misskey-authd/config.ini", config + "[account bot]\nsever = misskey.example\n")
    assert service.systemctl("reload", "misskey-authd.service").returncode != 0
    assert "bot" in service.authctl("list").stdout
    assert service.show("misskey-authd.service", "ActiveState") == ["active"]


def test_doctor_knows_the_unit(service):
    found = service.authctl("doctor", "--json")
    assert '"units"' in found.stdout and "misskey-authd-verify.timer" in found.stdout
