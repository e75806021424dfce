# SPDX-License-Identifier: MIT
"""Servers whose TLS or HTTP/2 attacks: everybody else is served meanwhile, and the login ends."""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from doctoring import doctor
from harness import accept, authorize, wait_for
from hostile_tls import PROGRAM, HostileTls, Watch

CREATE, USERKEY = "app/create", "auth/session/userkey"
SOON_S = 3.5  # a busy machine is slow, but a loop that stands still does so for REQUEST_S at least
REQUEST_S = 4

# In the handshake: no request is sent. Instead of an answer: one is.
HANDSHAKE = ["hello-requests", "change-cipher-specs", "alerts", "empty-handshake", "chain", "chain-1.2"]
ANSWER = [
    "key-updates", "key-updates-asked", "tickets", "renegotiations", "empty-records", "mostly-empty-records",
    "small-records",
]


@pytest.fixture
def attacked(make_daemon, certificate):
    """Makes a server that attacks from a connection on, and a daemon that trusts its certificate."""
    servers = []

    def make(attack, start_at=1):
        server = HostileTls(certificate, attack, start_at)
        servers.append(server)
        server.start()
        daemon = make_daemon(servers=[server])
        daemon.configure(daemon=f"request_time = {REQUEST_S}s\nca_file = {certificate[0]}")
        return server, daemon.start()
    yield make
    for server in servers:
        server.stop()


def test_each_attack_of_the_server_is_tried():
    if not PROGRAM.exists():
        pytest.skip(f"{PROGRAM} is not built")
    known = subprocess.run([PROGRAM, "--list"], capture_output=True, text=True, check=True).stdout.split()
    assert sorted(known) == sorted(HANDSHAKE + ANSWER + ["none", "forced-h2"])


def said_of(attack, step):
    """Before a request is sent, making the connection is the step."""
    return "A secure connection to the server could not be made" if attack in HANDSHAKE else step


@pytest.mark.parametrize("attack", HANDSHAKE + ANSWER)
def test_the_first_call(attacked, attack):
    """It ends with an error that names the step, and nobody waits for it."""
    server, daemon = attacked(attack)
    with Watch(daemon) as watch:
        end = daemon.login("me", server=server.origin)
    assert end["outcome"] in ("UNREACHABLE", "BAD_REPLY", "REFUSED"), end
    assert server.origin in end["message"] and said_of(attack, CREATE) in end["message"], end
    assert watch.worst < SOON_S and watch.answers
    assert [path for _, path in server.asked] == (["/api/app/create"] * len(server.asked))
    assert bool(server.asked) == (attack in ANSWER)


@pytest.mark.parametrize("attack", HANDSHAKE + ANSWER)
def test_the_exchange(attacked, attack):
    """The problem names the step, one connection has one userkey, and SIGTERM ends the daemon at once."""
    # Before userkey: app/create, auth/session/generate and nodeinfo.
    server, daemon = attacked(attack, 4)
    login = daemon.login("me", server=server.origin)
    with ThreadPoolExecutor() as pool, Watch(daemon) as watch:
        browser, token = accept(daemon, server, login)
        page = pool.submit(browser.get, daemon.callback_url(token))

        def said():
            now = daemon.account("me")["login"]
            return (now["problem"] or now)["message"]
        assert said_of(attack, USERKEY) in wait_for(said)
        assert watch.worst < SOON_S
        started = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - started < SOON_S + 2, "DAEMON_DRAIN_MS"
        page.exception()
    numbers = [number for number, path in server.asked if path.endswith(USERKEY)]
    assert len(numbers) == len(set(numbers)) and bool(numbers) == (attack in ANSWER)


@pytest.mark.parametrize("attack", ["key-updates", "hello-requests", "tickets", "renegotiations"])
def test_doctor_keeps_the_same_rules(attacked, attack):
    server, daemon = attacked(attack)
    daemon.stop()
    daemon.configure(f"[account me]\nserver = {server.origin}\n", daemon=f"ca_file = {server.ca}")
    started = time.monotonic()
    (finding,) = doctor(daemon).of("servers")
    assert finding["status"] == "error" and server.origin in finding["message"]
    assert time.monotonic() - started < 30


# HTTP/2


@pytest.mark.parametrize("attack", ["refused-streams", "empty-data", "pings"])
def test_http2_is_not_spoken(make_daemon, certificate, attack):
    hostile_h2 = pytest.importorskip("hostile_h2", reason="python3-h2 is not installed")
    ca, chain, key = certificate
    with hostile_h2.HostileH2(attack, tls=(chain, key), public_host="misskey.localhost") as server:
        daemon = make_daemon(servers=[server])
        daemon.configure(daemon=f"request_time = {REQUEST_S}s\nca_file = {ca}")
        daemon.start()
        with Watch(daemon) as watch:
            login = daemon.login("me", server=server.origin)
        assert not server.asked, "no request came by HTTP/2"
        assert login["state"] == "consent" and watch.worst < SOON_S
        browser, token = accept(daemon, server, login)
        browser.get(daemon.callback_url(token))
        assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
        assert len(server.calls(USERKEY)) == 1
        doctor(daemon).expect("servers", "ok", " runs misskey ")
        assert set(server.negotiated) == {"http/1.1"}


def test_http2_that_was_not_offered(attacked):
    """A server that says "h2" all the same is not believed."""
    server, daemon = attacked("forced-h2")
    end = daemon.login("me", server=server.origin)
    assert end["outcome"] == "REFUSED" and said_of("chain", CREATE) in end["message"]
    assert not server.asked


# The environment


def test_no_keys_are_written(make_daemon, public_server, certificate, tmp_path):
    keys = tmp_path / "keys"
    daemon = make_daemon(servers=[public_server])
    daemon.configure(daemon=f"ca_file = {certificate[0]}")
    daemon.env["SSLKEYLOGFILE"] = str(keys)
    daemon.start()
    assert authorize(daemon, public_server)["outcome"] == "AUTHORIZED"
    doctor(daemon).expect("servers", "ok", " runs misskey ")
    assert not keys.exists()


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "CURL_CA_BUNDLE"])
def test_the_config_alone_says_whom_to_trust(make_daemon, public_server, certificate, name):
    daemon = make_daemon(servers=[public_server])
    daemon.env[name] = str(certificate[0])
    daemon.start()
    end = daemon.login("me", server=public_server.origin)
    assert end["outcome"] == "REFUSED" and "certificate" in end["message"]
    assert not public_server.requests


def test_openssl_reads_no_config_of_the_environment(make_daemon, tmp_path):
    """That file can name code to load. A daemon that reads this one cannot start."""
    (tmp_path / "openssl.cnf").write_text(
        "config_diagnostics = 1\nopenssl_conf = main\n[main]\nproviders = all\n[all]\nevil = evil\n"
        "[evil]\nmodule = /nowhere/evil.so\nactivate = 1\n"
    )
    daemon = make_daemon()
    daemon.env["OPENSSL_CONF"] = str(tmp_path / "openssl.cnf")
    daemon.start()
