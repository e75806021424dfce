# SPDX-License-Identifier: MIT
"""The confinement under a real user manager: as a service, by hand as an ordinary user, and without user namespaces."""

import os
import shutil
import socket
import subprocess
import time

import pytest

from confined import ALL, ATTEMPTS, Attempt, Setting, abi_of_this_kernel
from harness import BIN, free_port, open_start, wait_for
from misskey_server import MisskeyServer
from user_manager import ENVIRONMENT, refuse_user_namespaces, running, unit_text

SERVICE = "misskey-authd.service"
SOCKETS = ("misskey-authd-callback.socket", "misskey-authd-control.socket")
DROP_INS = f".config/systemd/user/{SERVICE}.d"
PORT = ".config/systemd/user/misskey-authd-callback.socket.d/port.conf"
ABI = abi_of_this_kernel()
# What the user's systemd listens on.
OWN = [Attempt("stream", "bus"), Attempt("stream", "private")]


def stop(manager):
    manager.systemctl("stop", SERVICE, *SOCKETS)
    manager.systemctl("reset-failed")


def prepare(manager):
    """A user who has never had any state or configuration, and a port that is free."""
    stop(manager)
    manager.write(PORT, f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{free_port()}\n")
    for directory in (".local", ".config/misskey-authd"):
        shutil.rmtree(manager.home / directory, ignore_errors=True)
    manager.systemctl("daemon-reload")


def clean(manager):
    stop(manager)
    (manager.home / PORT).unlink()
    for name in ("more.conf", "trying.conf"):
        (manager.home / DROP_INS / name).unlink(missing_ok=True)
    for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        manager.systemctl("unset-environment", variable)
    manager.systemctl("daemon-reload")


@pytest.fixture
def service(manager):
    prepare(manager)
    yield manager
    clean(manager)


@pytest.fixture(scope="module")
def refusing():
    """A user manager on a system that refuses user namespaces."""
    with running("-r", prepare=refuse_user_namespaces) as one:
        yield one


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


class Stage:
    """A user manager's user, and what the daemon is made to try on what is theirs."""

    def __init__(self, manager):
        self.manager = manager
        manager.write(".config/misskey-authd/config.ini", "[daemon]\nnotifications = no\n")
        self.attempts = manager.programs / ATTEMPTS.name
        shutil.copy(ATTEMPTS, self.attempts)
        self.log = manager.programs / f"log-{time.monotonic_ns()}"
        self.log.touch()
        owner = (manager.user.pw_uid, manager.user.pw_gid)
        os.chown(self.log, *owner)
        self.setting = Setting(manager.home, manager.home / ".config/misskey-authd/config.ini", manager.as_user, owner)
        self.setting.bus = manager.runtime / "bus"
        self.setting.private = manager.runtime / "systemd/private"

    def environment(self, **more):
        return {**self.setting.environment([*ALL, *OWN], self.attempts), **more,
                "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0:exitcode=99"}

    def serve(self, **more):
        """As a service."""
        lines = [f'Environment="{name}={value}"' for name, value in self.environment(**more).items()]
        # After tests.conf, which has other options for the sanitizer.
        self.manager.write(f"{DROP_INS}/trying.conf", "\n".join([
            "[Service]", f"StandardError=append:{self.log}", *lines, ""]))
        self.manager.systemctl("daemon-reload")
        started = self.manager.systemctl("start", SERVICE)
        assert started.returncode == 0, self.log.read_text()

    def check(self, abi=ABI):
        self.setting.check([*ALL, *OWN], self.log.read_text, abi)

    def pid(self):
        return int(self.manager.show(SERVICE, "MainPID")[0])


@pytest.fixture
def stage(service):
    one = Stage(service)
    yield one
    one.setting.close()


def test_each_attempt_of_the_service_is_refused(stage):
    stage.serve()
    stage.check()
    summary = f"Landlock ABI {ABI}, seccomp" if ABI else "seccomp alone"
    assert summary in stage.manager.authctl("status").stdout
    assert any(summary in line for line in stage.manager.authctl("doctor").stdout.splitlines() if " confined " in line)


def test_each_attempt_is_refused_where_user_namespaces_are(refusing):
    """The service starts there as it is."""
    prepare(refusing)
    one = Stage(refusing)
    try:
        one.serve()
        one.check()
    finally:
        one.setting.close()
        clean(refusing)


def test_each_attempt_of_the_service_is_refused_without_landlock(stage):
    stage.serve(LANDLOCK_ABI="0")
    stage.check(0)
    status = stage.manager.authctl("status")
    assert "does not allow Landlock" in status.stdout
    doctor = stage.manager.authctl("doctor").stdout
    assert "only in part" in doctor, doctor


def test_the_service_can_do_it_if_the_config_declines(stage):
    """Otherwise the refusals would prove nothing. But for what an ordinary user may not do."""
    stage.manager.write(".config/misskey-authd/config.ini", "[daemon]\nnotifications = no\nconfinement = no\n")
    stage.serve()
    attempts = [*ALL, *OWN]
    results = stage.setting.results(attempts, stage.log.read_text)
    refused = [(one.name, one.target, result) for one, result in zip(attempts, results)
               if one.control and result != "allowed"]
    assert not refused, refused
    assert "confinement = no" in stage.manager.authctl("status").stdout


def run_by_hand(stage):
    """As an ordinary user, without systemd."""
    env = {**stage.manager.env, **stage.environment(), "XDG_RUNTIME_DIR": str(stage.manager.runtime)}
    with stage.log.open("ab") as log:
        return subprocess.Popen(
            stage.manager.as_user(stage.manager.programs / "misskey-authd"), env=env, cwd="/", stdin=subprocess.DEVNULL,
            stdout=log, stderr=log)


def test_each_attempt_is_refused_by_hand_as_an_ordinary_user(stage):
    stage.manager.write(".config/misskey-authd/config.ini",
                        f"[daemon]\nlisten = 127.0.0.1:{free_port()}\nnotifications = no\n")
    process = run_by_hand(stage)
    try:
        stage.check()
    finally:
        process.terminate()
        assert process.wait(20) == 0, stage.log.read_text()


# ---- Nobody of the same user reads it ----

def as_user_python(manager, code):
    return manager.run("/usr/bin/python3", "-c", code)


def test_other_processes_of_the_user_cannot_read_the_daemon(service):
    service.systemctl("start", SERVICE)
    pid = service.show(SERVICE, "MainPID")[0]
    for what in ("environ", "mem", "maps", "auxv"):
        read = service.run("cat", f"/proc/{pid}/{what}")
        assert read.returncode != 0 and "ermission denied" in read.stderr, (what, read)
    for what in ("fd", "cwd/", "map_files"):
        assert service.run("ls", f"/proc/{pid}/{what}").returncode != 0, what
    traced = as_user_python(service, f"""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
assert libc.ptrace(16, {pid}, None, None) == -1 and ctypes.get_errno() == 1
fd = os.pidfd_open({pid})
assert libc.syscall(438, fd, 0, 0) == -1 and ctypes.get_errno() == 1
""")
    assert traced.returncode == 0, traced.stderr


def test_they_could_if_it_were_not_protected(service):
    """The same of another process, so that the failure above says something."""
    other = subprocess.Popen(service.as_user("sleep", "60"))
    try:
        assert service.run("cat", f"/proc/{other.pid}/environ").returncode == 0
        assert service.run("ls", f"/proc/{other.pid}/fd").returncode == 0
    finally:
        other.kill()
        other.wait()


# ---- What it can do ----

def log_in(manager, server):
    page = manager.authctl("login", server.origin, "--as", "me", "--no-wait", DISPLAY=":1", BROWSER="/bin/true")
    assert page.returncode == 0, page.stderr
    browser, token = open_start(page.stdout.strip())
    server.accept(token, "alice")
    callback = f"{page.stdout.strip().split('/start/')[0]}/callback?token={token}"
    assert "alice" in browser.get(callback)[3]


@pytest.mark.parametrize("by_sockets", [True, False], ids=["by its sockets", "by itself"])
def test_a_first_login_at_a_server_with_a_name_and_a_certificate(service, named_server, by_sockets):
    """The config comes after the daemon, to which its directory was unknown."""
    server, certificate = named_server
    service.systemctl("start", *(SOCKETS if by_sockets else [SERVICE]))
    if not by_sockets:
        wait_for((service.home / ".config/misskey-authd").is_dir)
    service.write(".config/misskey-authd/ca.pem", certificate)
    service.write(".config/misskey-authd/config.ini",
                  f"[daemon]\nca_file = {service.home}/.config/misskey-authd/ca.pem\n")
    if not by_sockets:
        assert service.systemctl("reload", SERVICE).returncode == 0
    log_in(service, server)
    printed = service.run(service.programs / "misskey-token", "me", ASAN_OPTIONS="detect_leaks=0")
    assert len(printed.stdout) == 65, printed.stderr


def test_the_systems_certificates_can_be_read(service, named_server):
    """They refuse the server, which no file that is missing does in the same words."""
    server, _ = named_server
    service.systemctl("start", *SOCKETS)
    refused = service.authctl("login", server.origin, "--no-wait")
    assert refused.returncode == 6 and "certificate" in refused.stderr and "ca_file" in refused.stderr


def test_the_control_socket_of_its_own(service):
    """Without the socket units: it makes it before it is confined, and removes it at the end."""
    text = "".join(line for line in unit_text(SERVICE, BIN).replace(str(BIN), str(service.programs)).splitlines(True)
                   if not line.startswith(("Sockets=", "Also=")))
    service.write(".config/systemd/user/alone.service", text)
    service.write(".config/systemd/user/alone.service.d/tests.conf", ENVIRONMENT)
    service.write(".config/misskey-authd/config.ini", f"[daemon]\nlisten = 127.0.0.1:{free_port()}\n")
    service.systemctl("daemon-reload")
    try:
        assert service.systemctl("start", "alone.service").returncode == 0
        status = service.authctl("status")
        assert status.returncode == 0 and ("Landlock" in status.stdout or not ABI)
    finally:
        assert service.systemctl("stop", "alone.service").returncode == 0
        (service.home / ".config/systemd/user/alone.service").unlink()
        service.systemctl("daemon-reload")
    assert not (service.runtime / "misskey-authd/control.sock").exists()


def test_files_elsewhere_need_no_drop_in(service, named_server):
    """The state, the config by a symbolic link, and ca_file."""
    server, certificate = named_server
    service.write("certificates/ca.pem", certificate)
    service.write("dotfiles/config.ini", f"[daemon]\nca_file = {service.home}/certificates/ca.pem\n")
    service.write("settings/misskey-authd/made", "")
    service.run("ln", "-s", "../../dotfiles/config.ini", service.home / "settings/misskey-authd/config.ini")
    service.systemctl("set-environment", f"XDG_STATE_HOME={service.home}/elsewhere",
                      f"XDG_CONFIG_HOME={service.home}/settings")
    service.systemctl("start", *SOCKETS)
    log_in(service, server)
    assert (service.home / "elsewhere/misskey-authd/credentials.json").exists()
    # An editor replaces what it writes.
    service.write("dotfiles/new", f"[daemon]\nca_file = {service.home}/certificates/ca.pem\n[account bot]\nserver = a.example\n")
    service.run("mv", service.home / "dotfiles/new", service.home / "dotfiles/config.ini")
    assert service.systemctl("reload", SERVICE).returncode == 0
    assert "bot" in service.authctl("list").stdout


# ---- The unit ----

def test_the_unit_has_nothing_that_needs_a_namespace_or_filters_calls():
    """On systemd 252 its filter of system calls would refuse Landlock."""
    section = unit_text(SERVICE, BIN).split("[Service]\n")[1].split("\n[")[0]
    names = {line.split("=")[0] for line in section.splitlines() if line and line[0] != "#"}
    assert names == {
        "Type", "ExecStart", "ExecReload", "Sockets", "Restart", "RestartSec", "WatchdogSec", "TimeoutStartSec",
        "TimeoutStopSec", "RuntimeDirectory", "RuntimeDirectoryMode", "RuntimeDirectoryPreserve",
        "NoNewPrivileges", "UMask", "LimitCORE", "MemoryMax", "TasksMax"}


def test_the_verification_has_nothing_that_needs_a_namespace():
    text = unit_text("misskey-authd-verify.service", BIN)
    assert "SystemCallFilter" in text
    assert not [name for name in ("PrivateUsers", "Protect", "BindPaths", "TemporaryFileSystem", "PrivateTmp") if name in text]
