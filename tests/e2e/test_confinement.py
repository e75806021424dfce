# SPDX-License-Identifier: MIT
"""The daemon keeps itself from what it does not need: the real one is made to try it (tests/confinement/attempts.c)."""

import os
import re
import socket
import subprocess
import threading

import pytest

from confined import ALL, FILES, Setting, abi_of_this_kernel
from harness import authorize, needs_root
from misskey_server import MisskeyServer

ABI = abi_of_this_kernel()
needs_landlock = pytest.mark.skipif(ABI == 0, reason="this kernel has no Landlock")
UNCONFINED = "notifications = no\nconfinement = no"


@pytest.fixture
def setting(make_daemon):
    """A daemon that is not started, and what it is to try its attempts on."""
    daemon = make_daemon()
    one = Setting(daemon.home, daemon.config_file)
    one.daemon = daemon
    daemon.configure(daemon="notifications = no")
    yield one
    one.close()


def run(setting, attempts, **env):
    """Starts the daemon and has it try."""
    daemon = setting.daemon
    before = dict(daemon.env)
    daemon.env.update(setting.environment(attempts, **env))
    daemon.env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
    try:
        daemon.start()
    finally:
        daemon.env = before
    return daemon.log


def confinement(daemon):
    return daemon.control("GET", "/v1/status")[1]["confinement"]


def test_each_attempt_is_refused(setting):
    log = run(setting, ALL)
    setting.check(ALL, log, ABI)
    assert setting.file_of_another_program.read_text() == "secret\n"


def test_each_attempt_succeeds_if_the_config_declines(setting):
    """Otherwise their failure would prove nothing."""
    setting.daemon.configure(daemon=UNCONFINED)
    attempts = [one for one in ALL if one.control]
    results = setting.results(attempts, run(setting, attempts))
    refused = [(one.name, one.target, result) for one, result in zip(attempts, results) if result != "allowed"]
    assert not refused, refused
    assert confinement(setting.daemon) == {
        "wanted": False, "complete": False, "landlock_abi": 0, "seccomp": False,
        "summary": "none, because the config says `confinement = no`"}


@needs_landlock
@pytest.mark.parametrize("abi", range(1, ABI))
def test_an_older_kernel_refuses_what_it_can(setting, abi):
    setting.check(ALL, run(setting, ALL, LANDLOCK_ABI=str(abi)), abi)
    said = confinement(setting.daemon)
    assert (said["landlock_abi"], said["complete"]) == (abi, True)
    assert said["summary"].startswith(f"Landlock ABI {abi}, seccomp")
    assert ("abstract" in said["summary"]) == (abi < 6)


def test_without_landlock_the_calls_are_refused(setting):
    setting.check(ALL, run(setting, ALL, LANDLOCK_ABI="0"), 0)
    said = confinement(setting.daemon)
    assert (said["landlock_abi"], said["seccomp"], said["complete"]) == (0, True, False)
    assert "does not allow Landlock" in said["summary"]
    assert re.search(r"^confined: seccomp alone", setting.daemon.log(), re.M)
    assert "does not allow Landlock" in setting.daemon.authctl("status").stdout


@needs_landlock
def test_without_seccomp_the_files_are_kept_apart(setting):
    setting.check(FILES, run(setting, FILES, NO_SECCOMP="1"), ABI, has_seccomp=False)
    said = confinement(setting.daemon)
    assert (said["landlock_abi"], said["seccomp"], said["complete"]) == (ABI, False, False)


def test_a_whole_login_works(setting, server_2025):
    daemon = setting.daemon.start()
    assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"
    assert confinement(daemon)["complete"] == (ABI > 0)
    assert daemon.control("POST", "/v1/reload")[0] == 200
    assert daemon.control("POST", "/v1/accounts/me/verify")[0] == 200
    assert daemon.control("DELETE", "/v1/accounts/me")[0] == 200


# ---- A daemon that refuses ----

def test_what_answers_for_a_refusing_daemon_is_confined(activated):
    """It reads what clients send, and is another process than the one that tries again."""
    setting = Setting(activated.home, activated.config_file)
    try:
        activated.config_file.write_text("[daemon\n")
        # The other process, which reads nothing from outside, waits too.
        activated.env.update(setting.environment(ALL), ONLY_CONFINED="1")
        activated.env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
        assert activated.control("GET", "/v1/status")[1]["problems"][0]["code"] == "BAD_CONFIG"
        setting.check([*ALL], activated.log, ABI)
    finally:
        setting.close()


# ---- What a reload cannot have ----

def reload(daemon):
    return daemon.authctl("reload")


@needs_landlock
@pytest.mark.parametrize("place", ["other/ca.pem", ".ssh/ca.pem", "ca.pem"])
def test_another_ca_file_needs_a_restart_and_that_is_said(setting, certificate, place):
    daemon = setting.daemon.start()
    file = daemon.home / place
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(certificate[0].read_bytes())
    daemon.configure(daemon=f"notifications = no\nca_file = {file}")
    done = reload(daemon)
    assert done.returncode == 1 and str(file) in done.stderr
    assert "systemctl --user restart misskey-authd" in done.stderr and "named when it started" in done.stderr
    daemon.restart()
    assert reload(daemon).returncode == 0


@needs_landlock
def test_a_ca_file_that_is_replaced_is_read_again(setting, certificate):
    """As editors and packages do it, if it has a directory of its own; beside other things its rule is its own."""
    daemon = setting.daemon
    for place, goes_on in (("own/ca.pem", True), ("ca.pem", False)):
        file = daemon.home / place
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(certificate[0].read_bytes())
        daemon.configure(daemon=f"notifications = no\nca_file = {file}")
        daemon.start()
        new = file.with_name("new")
        new.write_bytes(file.read_bytes())
        new.rename(file)
        assert (reload(daemon).returncode == 0) == goes_on
        assert daemon.stop() == 0


@needs_landlock
def test_a_config_in_a_new_directory_needs_a_restart_and_that_is_said(setting):
    daemon = setting.daemon.start()
    directory = daemon.config_file.parent
    directory.rename(directory.with_name("old"))
    daemon.configure(daemon="notifications = no")
    done = reload(daemon)
    assert done.returncode == 1 and "named when it started" in done.stderr
    daemon.restart()
    assert reload(daemon).returncode == 0


def test_a_config_that_is_written_later_is_read(activated):
    """Its directory is made for that."""
    activated.config_file.unlink()
    activated.config_file.parent.rmdir()
    assert activated.control("GET", "/v1/status")[1]["config"] is None
    activated.config_file.write_text("[account one]\nserver = misskey.example\n")
    assert reload(activated).returncode == 0
    assert activated.account("one")["account"] == "one"


def test_another_confinement_needs_a_restart_and_that_is_said(setting):
    daemon = setting.daemon.start()
    daemon.configure(daemon=UNCONFINED)
    done = reload(daemon)
    assert done.returncode == 0 and "needs a restart: systemctl --user restart misskey-authd" in done.stderr
    assert "another `confinement`" in daemon.authctl("status").stdout
    daemon.configure(daemon="notifications = no")
    assert reload(daemon).returncode == 0
    assert daemon.control("GET", "/v1/status")[1]["problems"] == []


# ---- Names ----

class Resolver(threading.Thread):
    """A DNS server that knows every name as 127.0.0.1, and has no IPv6."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # A resolver's port is always 53; the loopback network has room for many of them.
        self.address = f"127.{os.getpid() % 250 + 2}.{threading.get_native_id() % 250 + 2}.54"
        self.socket.bind((self.address, 53))
        self.questions = 0

    def run(self):
        while True:
            try:
                question, client = self.socket.recvfrom(512)
            except OSError:
                return
            self.questions += 1
            end = question.index(b"\0", 12) + 5
            is_ipv4 = question[end - 4:end - 2] == b"\0\1"
            head = question[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_ipv4 else b"\0\0") + bytes(4)
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1" if is_ipv4 else b""
            self.socket.sendto(head + question[12:end] + answer, client)


@needs_root
def test_names_are_asked_of_dns_and_no_other_program(make_daemon, tmp_path):
    """nscd would be asked first, by a Unix stream: here is one that never answers."""
    resolver = Resolver()
    resolver.start()
    (tmp_path / "resolv.conf").write_text(f"nameserver {resolver.address}\n")
    (tmp_path / "nsswitch.conf").write_text("hosts: resolve [!UNAVAIL=return] mdns4_minimal [NOTFOUND=return] files dns\n")
    (tmp_path / "nscd").mkdir()
    nscd = socket.socket(socket.AF_UNIX)
    nscd.bind(str(tmp_path / "nscd/socket"))
    nscd.listen()
    nscd.setblocking(False)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=dns.example", "-addext",
         "subjectAltName=DNS:dns.example", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "ca.pem"], check=True,
        capture_output=True)
    daemon = make_daemon()
    daemon.configure(daemon=f"notifications = no\nca_file = {tmp_path}/ca.pem")
    mounts = [*((tmp_path / name, f"/etc/{name}") for name in ("resolv.conf", "nsswitch.conf")), (tmp_path / "nscd", "/run/nscd")]
    script = "mount -t tmpfs tmpfs /run && mkdir /run/nscd && " + " && ".join(f'mount --bind "{ours}" {theirs}' for ours, theirs in mounts)
    daemon.wrapper = ["unshare", "--mount", "sh", "-c", f'{script} && exec "$@"', "sh"]
    if subprocess.run([*daemon.wrapper, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no mount namespace can be made here")
    with MisskeyServer(public_host="dns.example", tls=(tmp_path / "ca.pem", tmp_path / "key.pem")) as server:
        daemon.start()
        login = daemon.login("me", server=server.origin, browser=False)
        assert login["state"] == "consent" and resolver.questions > 0
        assert daemon.stop() == 0
    resolver.socket.close()
    with pytest.raises(BlockingIOError):
        nscd.accept()
