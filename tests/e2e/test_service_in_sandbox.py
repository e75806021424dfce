# SPDX-License-Identifier: MIT
"""The daemon does all its work in the service's sandbox, and says what that hides."""

import os
import shutil
import socket
import subprocess

import pytest

from harness import PlainBrowser, free_port
from misskey_server import MisskeyServer

SERVICE = "misskey-authd.service"
SOCKETS = ("misskey-authd-callback.socket", "misskey-authd-control.socket")
DROP_INS = f".config/systemd/user/{SERVICE}.d"


def stop(manager):
    manager.systemctl("stop", SERVICE, *SOCKETS)
    manager.systemctl("reset-failed")


@pytest.fixture
def sandboxed(manager):
    """The units, of a user who has never had any state or configuration."""
    stop(manager)
    port = ".config/systemd/user/misskey-authd-callback.socket.d/port.conf"
    manager.write(port, f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{free_port()}\n")
    for directory in (".local", ".config/misskey-authd"):
        shutil.rmtree(manager.home / directory, ignore_errors=True)
    manager.systemctl("daemon-reload")
    yield manager
    stop(manager)
    (manager.home / port).unlink()
    (manager.home / DROP_INS / "more.conf").unlink(missing_ok=True)
    for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        manager.systemctl("unset-environment", variable)
    manager.systemctl("daemon-reload")


@pytest.fixture
def named_server(tmp_path):
    """An https server that is known by a name, and its certificate."""
    name = socket.gethostname()
    try:
        address = socket.gethostbyname(name)
    except OSError:
        pytest.skip("this machine's name cannot be resolved")
    certificate, key = tmp_path / "ca.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    with MisskeyServer(host=address, public_host=name, tls=(certificate, key)) as server:
        yield server, certificate.read_text()


def log_in(manager, server):
    page = manager.authctl("login", server.origin, "--as", "me", "--no-wait", DISPLAY=":1", BROWSER="/bin/true")
    assert page.returncode == 0, page.stderr
    browser = PlainBrowser()
    token = browser.get(page.stdout.strip(), follow=False)[2]["Location"].rsplit("/", 1)[1]
    server.accept(token, "alice")
    callback = f"{page.stdout.strip().split('/start/')[0]}/callback?token={token}"
    assert "alice" in browser.get(callback)[3]


def sandbox_findings(manager):
    return [line for line in manager.authctl("doctor").stdout.splitlines() if " sandbox " in line or "→" in line]


@pytest.mark.parametrize("by_sockets", [True, False], ids=["by its sockets", "by itself"])
def test_a_first_login_at_a_server_with_a_name_and_a_certificate(sandboxed, named_server, by_sockets):
    server, certificate = named_server
    sandboxed.systemctl("start", *(SOCKETS if by_sockets else [SERVICE]))
    sandboxed.write(".config/misskey-authd/ca.pem", certificate)
    sandboxed.write(".config/misskey-authd/config.ini",
                    f"[daemon]\nca_file = {sandboxed.home}/.config/misskey-authd/ca.pem\n")
    if not by_sockets:
        assert sandboxed.systemctl("reload", SERVICE).returncode == 0
    log_in(sandboxed, server)
    printed = sandboxed.run(sandboxed.programs / "misskey-token", "me", ASAN_OPTIONS="detect_leaks=0")
    assert len(printed.stdout) == 65, printed.stderr


def test_the_systems_certificates_can_be_read(sandboxed, named_server):
    """They refuse the server, which no file that is missing does in the same words."""
    server, _ = named_server
    sandboxed.systemctl("start", *SOCKETS)
    refused = sandboxed.authctl("login", server.origin, "--no-wait")
    assert refused.returncode == 6 and "certificate" in refused.stderr and "ca_file" in refused.stderr


def test_the_control_socket_of_its_own(sandboxed):
    """Without the socket units, as with an override that leaves them out."""
    sandboxed.write(f"{DROP_INS}/more.conf", "[Service]\nSockets=\n")
    sandboxed.systemctl("mask", "--runtime", *SOCKETS)
    sandboxed.systemctl("daemon-reload")
    try:
        for directory in (".local/state/misskey-authd", ".config/misskey-authd"):
            sandboxed.write(f"{directory}/made", "")
        assert sandboxed.systemctl("start", SERVICE).returncode == 0
        assert sandboxed.authctl("status").returncode == 0
    finally:
        sandboxed.systemctl("unmask", "--runtime", *SOCKETS)


def test_a_hidden_ca_file_is_said_with_the_drop_in_that_shows_it(sandboxed, named_server):
    server, certificate = named_server
    sandboxed.write("certificates/ca.pem", certificate)
    sandboxed.write(".config/misskey-authd/config.ini", f"[daemon]\nca_file = {sandboxed.home}/certificates/ca.pem\n")
    sandboxed.systemctl("start", *SOCKETS)
    drop_in = f"BindReadOnlyPaths={sandboxed.home}/certificates/ca.pem"
    assert drop_in in sandboxed.authctl("list").stderr
    assert any(drop_in in line for line in sandbox_findings(sandboxed))
    sandboxed.write(f"{DROP_INS}/more.conf", f"[Service]\n{drop_in}\n")
    sandboxed.systemctl("daemon-reload")
    sandboxed.systemctl("restart", SERVICE)
    log_in(sandboxed, server)
    assert not any(drop_in in line for line in sandbox_findings(sandboxed))


def test_a_hidden_state_directory_is_said_with_the_drop_in_that_shows_it(sandboxed, server_2025):
    state = sandboxed.home / "elsewhere"
    sandboxed.write("elsewhere/misskey-authd/made", "")
    sandboxed.systemctl("set-environment", f"XDG_STATE_HOME={state}")
    sandboxed.systemctl("start", *SOCKETS)
    drop_in = f"BindPaths={state}/misskey-authd"
    assert drop_in in sandboxed.authctl("list").stderr
    assert any(drop_in in line for line in sandboxed.authctl("doctor", XDG_STATE_HOME=str(state)).stdout.splitlines())
    sandboxed.write(f"{DROP_INS}/more.conf", f"[Service]\n{drop_in}\n")
    sandboxed.systemctl("daemon-reload")
    sandboxed.systemctl("restart", SERVICE)
    log_in(sandboxed, server_2025)
    assert (state / "misskey-authd/credentials.json").exists()


def test_a_hidden_configuration_is_said_with_the_drop_in_that_shows_it(sandboxed):
    config = sandboxed.home / "settings"
    sandboxed.write("settings/misskey-authd/config.ini", "[account bot]\nserver = misskey.example\n")
    sandboxed.systemctl("set-environment", f"XDG_CONFIG_HOME={config}")
    sandboxed.systemctl("start", *SOCKETS)
    drop_in = f"BindReadOnlyPaths={config}/misskey-authd"
    assert drop_in in sandboxed.authctl("login", "misskey.example", "--no-wait").stderr
    assert any(drop_in in line for line in sandboxed.authctl("doctor", XDG_CONFIG_HOME=str(config)).stdout.splitlines())
    sandboxed.write(f"{DROP_INS}/more.conf", f"[Service]\n{drop_in}\n")
    sandboxed.systemctl("daemon-reload")
    sandboxed.systemctl("restart", SERVICE)
    assert "bot" in sandboxed.authctl("list").stdout


def test_a_configuration_that_is_a_link_out_of_the_sandbox_is_said_with_its_target(sandboxed):
    """Without it the defaults would apply, and somebody else than its `user` could log in."""
    link, target = sandboxed.home / ".config/misskey-authd/config.ini", sandboxed.home / "dotfiles/config.ini"
    sandboxed.write("dotfiles/config.ini", "[account bot]\nserver = misskey.example\nuser = bob\n")
    sandboxed.write(".config/misskey-authd/made", "")
    sandboxed.run("ln", "-s", "../../dotfiles/config.ini", link)
    sandboxed.systemctl("start", *SOCKETS)
    drop_in = f"BindReadOnlyPaths={target}"
    refused = sandboxed.authctl("login", "bot", "--no-wait")
    assert refused.returncode == 1 and f"link {link} leads to {target}" in refused.stderr and drop_in in refused.stderr
    sandboxed.write(f"{DROP_INS}/more.conf", f"[Service]\n{drop_in}\n")
    sandboxed.systemctl("daemon-reload")
    sandboxed.systemctl("restart", SERVICE)
    assert "bot" in sandboxed.authctl("list").stdout


def test_a_configuration_of_root_or_another_user_is_refused(sandboxed):
    """The sandbox shows both as the same user."""
    file = sandboxed.home / ".config/misskey-authd/config.ini"
    sandboxed.write(".config/misskey-authd/config.ini", "[account bot]\nserver = misskey.example\n")
    os.chown(file, 0, 0)
    sandboxed.systemctl("start", *SOCKETS)
    refused = sandboxed.authctl("list")
    command = f"chown {sandboxed.user.pw_uid} '{file}'"
    assert f"{file} is not safe to use" in refused.stderr and f"sudo {command}" in refused.stderr
    subprocess.run(["sh", "-c", command], check=True)
    assert "bot" in sandboxed.authctl("list").stdout
