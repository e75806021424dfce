# SPDX-License-Identifier: MIT
"""misskey-authctl doctor: what can be wrong with servers, the ways to them, and the clock."""

import shutil
import subprocess
import time
from email.utils import formatdate

import pytest

import misskey_server as misskey
from doctoring import doctor
from harness import authorize
from misskey_server import MisskeyServer


@pytest.fixture
def named(make_daemon, server_2025):
    """A daemon that is not started, whose config has an account there."""
    return make_daemon(config=f"[account me]\nserver = {server_2025.origin}\n", servers=[server_2025])


@pytest.mark.parametrize("knob, status, message, remedy", [
    (misskey.Status(404), "error", "does not answer as a Misskey server does: HTTP status 404", "Is the name right?"),
    (misskey.Html(200), "error", "does not tell its version", "Open it in a browser"),
    (misskey.RawJson('{"version": 2025}'), "error", "does not tell its version", "Open it in a browser"),
    (misskey.RawJson('["version"]'), "error", "does not tell its version", "Open it in a browser"),
    (misskey.Nested(64), "error", "does not tell its version", "Open it in a browser"),
    (misskey.Html(502), "warning", "is in trouble: it answers with the HTTP status 502", "try again"),
    (misskey.RateLimited(5), "warning", "is in trouble: it answers with the HTTP status 429", "try again"),
    (misskey.Redirect("https://new.example/api/meta"), "error",
     "sends everybody on to another address, which is not followed: https://new.example/api/meta",
     "misskey-authctl login https://new.example"),
    (misskey.Redirect("/sign-in"), "error", "/sign-in", "in a browser"),
    (misskey.Redirect("ftp://x/\x1b[31m"), "error", r"ftp://x/\x1b[31m", "in a browser"),
    (misskey.Status(302), "error", "it does not say where", "in a browser"),
    (misskey.Cut(), "error", "does not answer as a Misskey server does: ", "curl -v http://127.0.0.1:"),
    (misskey.Truncated(), "error", "does not answer as a Misskey server does: ", "curl -v http://127.0.0.1:"),
    (misskey.Oversized(5 * 1024 * 1024, chunked=True), "error", "the answer is larger than 4194304 bytes", "curl -v"),
    (misskey.Endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: " + b"y" * 4000 + b"\r\n"),
     "error", "the answer is larger than 4194304 bytes", "curl -v"),
    (misskey.Rewrite(lambda meta: {**meta, "uri": "https://new.example"}), "warning",
     "calls itself https://new.example", "misskey-authctl login https://new.example"),
    (misskey.Rewrite(lambda meta: {**meta, "uri": "nonsense"}), "ok", " runs misskey 2025.3.1", None),
])  # fmt: skip
def test_servers(named, server_2025, knob, status, message, remedy):
    server_2025.misbehave("meta", knob, None)
    found = doctor(named)
    found.expect("servers", status, message, remedy)
    assert len(found.of("servers")) == 1
    assert len(server_2025.calls("meta")) == 1, "nothing is repeated or followed"


@pytest.mark.parametrize("profile, software", [("sharkey", "sharkey 2025.4.6"), ("iceshrimp", "iceshrimp 2026.5.1")])
def test_a_fork_is_called_by_its_name(make_daemon, profile, software):
    with MisskeyServer(profile=profile) as server:
        daemon = make_daemon(config=f"[account me]\nserver = {server.origin}\n", servers=[server])
        doctor(daemon).expect("servers", "ok", f"{server.origin} runs {software}")


@pytest.mark.parametrize("knob", [
    misskey.Status(404), misskey.Html(200), misskey.RawJson('{"software": "x"}'), misskey.Cut(),
    misskey.RawJson('{"software": {"name": "", "version": "9"}}'), misskey.RawJson('{"software": {"name": "x"}}'),
    misskey.Redirect("https://new.example/nodeinfo/2.0"),
])  # fmt: skip
def test_a_server_that_does_not_name_its_software(named, server_2025, knob):
    server_2025.misbehave("nodeinfo/2.0", knob, None)
    found = doctor(named)
    found.expect("servers", "ok", f"{server_2025.origin} answers as a Misskey server does; its version is 2025.3.1")
    assert len(server_2025.calls("nodeinfo/2.0")) == 1 == len(found.of("servers"))


def test_a_server_that_is_down(named, server_2025):
    server_2025.stop()
    found = doctor(named)
    found.expect("servers", "error", f"{server_2025.origin} cannot be reached: ", f"curl -v {server_2025.origin}")
    found.expect("clock", "note", "was not compared")


def test_a_server_that_never_answers(named, server_2025):
    server_2025.misbehave("meta", misskey.NeverAnswer(), None)
    doctor(named).expect("servers", "error", "cannot be reached: Operation timed out", "is this computer online?")


def test_a_server_whose_name_is_wrong(make_daemon):
    daemon = make_daemon(config="[account me]\nserver = nowhere.invalid\n")
    doctor(daemon).expect("servers", "error", "https://nowhere.invalid cannot be reached: ", "Is the name right")


def test_a_proxy_is_not_asked_for_this_machine(named):
    found = doctor(named, http_proxy="http://127.0.0.1:1", all_proxy="http://127.0.0.1:1")
    found.expect("servers", "ok", " runs misskey ")


@pytest.mark.parametrize("variable", ["https_proxy", "ALL_PROXY"])
def test_a_proxy_that_only_this_shell_has(make_daemon, variable):
    """Then doctor reaches a server that the daemon does not."""
    daemon = make_daemon().start()
    doctor(daemon, **{variable: "http://127.0.0.1:1"}).expect(
        "servers", "warning", f"This shell has a proxy ({variable}), but the daemon has none",
        f"systemctl --user import-environment {variable}; then: ")
    assert not [finding for finding in doctor(daemon) if "a proxy (" in finding["message"]]
    assert daemon.stop() == 0
    daemon.env[variable] = "http://127.0.0.1:1"
    daemon.start()
    assert not [finding for finding in doctor(daemon) if "a proxy (" in finding["message"]]


def test_certificates(make_daemon, tmp_path):
    command = ("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout key.pem -out"
               " {} -subj /CN=misskey.localhost -addext subjectAltName=DNS:{}")
    for file, name in (("own.pem", "misskey.localhost"), ("other.pem", "other.localhost")):
        subprocess.run(["openssl", *command.format(file, name).split()], cwd=tmp_path, check=True, capture_output=True)
        if file == "own.pem":
            shutil.copy(tmp_path / "key.pem", tmp_path / "own.key")
    own, other = tmp_path / "own.pem", tmp_path / "other.pem"
    with MisskeyServer(profile="2025", tls=(own, tmp_path / "own.key"), public_host="misskey.localhost") as server:
        account = f"[account me]\nserver = {server.origin}\n"
        daemon = make_daemon()
        daemon.configure(account)
        found = doctor(daemon)
        finding = found.expect("servers", "error", f"The secure connection to {server.origin} failed: ",
                               "ca_file = /path/to/ca.pem")
        assert "certificate" in finding["message"] and found.status == 1
        daemon.configure(account, daemon=f"ca_file = {other}")
        doctor(daemon).expect("servers", "error", "The secure connection to ", f"{other}, are trusted instead")
        daemon.configure(account, daemon=f"ca_file = {own}")
        doctor(daemon).expect("servers", "ok", f"{server.origin} runs misskey ")
        assert len(server.calls("meta")) == 1, "untrusted, it hears nothing"


def test_no_plain_http_elsewhere(make_daemon):
    """An env file is not the config: its server is held to the same rule."""
    daemon = make_daemon().start()
    assert daemon.stop() == 0
    file = daemon.state / "accounts/me/env"
    file.parent.mkdir(mode=0o700)
    file.write_text("MISSKEY_STATE=absent\nMISSKEY_SERVER=http://192.0.2.1\nMISSKEY_ACCOUNT=me\n")
    file.chmod(0o600)
    doctor(daemon).expect("servers", "note", "no server was asked", "misskey-authctl login")


def test_every_server_is_asked_once(make_daemon):
    with MisskeyServer(profile="11") as one, MisskeyServer(profile="2025") as two:
        daemon = make_daemon(config="".join(
            f"[account {name}]\nserver = {server.origin}\n" for name, server in (("a", one), ("b", one), ("c", two))
        ), servers=[one, two]).start()
        assert authorize(daemon, two, "d")["outcome"] == "AUTHORIZED"
        assert [finding["status"] for finding in doctor(daemon).of("servers")] == ["ok", "ok"]
        assert daemon.stop() == 0
        doctor(daemon)
        assert len(one.calls("meta")) == len(two.calls("meta")) == 2


def test_many_servers(make_daemon):
    daemon = make_daemon(config="".join(
        f"[account a{number}]\nserver = 127.0.0.1:{number + 1}\n" for number in range(60)
    ))
    found = doctor(daemon)
    assert len([finding for finding in found.of("servers") if finding["status"] == "error"]) == 50
    found.expect("servers", "note", "There are more servers: 50 of them were asked")


@pytest.mark.parametrize("ahead_s, message", [
    (-400, "is 6 minutes behind that of"), (3 * 3600 + 60, "is 3 hours ahead of that of"),
    (400 * 86400 + 60, "is 400 days ahead of that of"), (290, None), (-290, None),
])  # fmt: skip
def test_the_clock(named, server_2025, ahead_s, message):
    class WrongClock(misskey.Knob):
        def after(self, exchange, reply):
            reply.set_header("Date", formatdate(time.time() - ahead_s, usegmt=True))
            return reply

    server_2025.misbehave("meta", WrongClock(), None)
    found = doctor(named)
    if message:
        found.expect("clock", "warning", f"This computer's clock {message} {server_2025.origin}", "timedatectl")
    else:
        found.expect("clock", "ok", "agrees with the servers'")
    assert found.of("servers")[0]["status"] == "ok"


def test_the_clock_of_one_of_two_servers(make_daemon):
    with MisskeyServer(profile="11") as right, MisskeyServer(profile="2025") as wrong:
        daemon = make_daemon(config=f"[account a]\nserver = {right.origin}\n[account b]\nserver = {wrong.origin}\n")
        wrong.misbehave("meta", misskey.Status(200, '{"version":"1"}', headers={"Date": formatdate(0, usegmt=True)}), None)
        doctor(daemon).expect("clock", "note", f"The clock of {wrong.origin} is wrong: this computer's, which other servers")


def test_no_date(named, server_2025):
    server_2025.misbehave("meta", misskey.Status(200, '{"version":"1"}', headers={"Date": "nonsense"}), None)
    doctor(named).expect("clock", "note", "No server told the time")
