# SPDX-License-Identifier: MIT
"""Servers that attack: certificates, every knob at every step, tarpits, rubbish for what is kept or shown."""

import inspect
import re
import shutil
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

import misskey_server as misskey
from harness import accept, authorize, needs_root, wait_for
from misskey_server import MisskeyServer, knobs

CREATE, GENERATE, USERKEY, I = STEPS = ("app/create", "auth/session/generate", "auth/session/userkey", "i")
NAME = "misskey.localhost"
REQUEST_S = 1  # of every daemon here
SHOWN_NEVER = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@pytest.fixture
def hasty(make_daemon):
    """Makes a daemon that waits for no answer for long, with further lines in its [daemon]. AddressSanitizer keeps what
    was freed, up to so many MiB."""
    def make(servers, lines="", quarantine_mb=64):
        daemon = make_daemon(servers=servers)
        daemon.env["ASAN_OPTIONS"] += f":quarantine_size_mb={quarantine_mb}"
        daemon.configure(daemon=f"request_time = {REQUEST_S}s\n{lines}")
        return daemon.start()
    return make


# Certificates

AUTHORITY = """
[ca]
default_ca = own
[own]
database = index
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""


def openssl(directory, *commands):
    for command in commands:
        subprocess.run(["openssl", *command.split()], cwd=directory, check=True, capture_output=True)


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """A directory with ca.pem and, for each kind of certificate, KIND.pem and KIND.key."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl program to make certificates with")
    directory = tmp_path_factory.mktemp("pki")
    (directory / "ca.conf").write_text(AUTHORITY)
    (directory / "index").touch()
    (directory / "serial").write_text("01\n")
    key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    name = f"-subj /CN={NAME} -addext subjectAltName=DNS:{NAME}"
    openssl(
        directory, f"req -x509 {key} -subj /CN=authority -days 2 -keyout ca.key -out ca.pem",
        f"req -x509 {key} {name} -days 2 -keyout self-signed.key -out self-signed.pem",
    )
    for kind, dates in (
        ("good", "-days 2"), ("wrong-host", "-days 2"),
        ("expired", "-startdate 20200101000000Z -enddate 20210101000000Z"),
        ("not-yet-valid", "-startdate 20480101000000Z -enddate 20490101000000Z"),
    ):  # fmt: skip
        host = "other.localhost" if kind == "wrong-host" else NAME
        asked = f"-subj /CN={kind} -addext subjectAltName=DNS:{host}"
        openssl(
            directory, f"req {key} {asked} -keyout {kind}.key -out {kind}.csr",
            f"ca -batch -notext -config ca.conf -cert ca.pem -keyfile ca.key {dates} -in {kind}.csr -out {kind}.pem",
        )
    return directory


def https_server(pki, kind):
    return MisskeyServer(tls=(pki / f"{kind}.pem", pki / f"{kind}.key"), public_host=NAME)


def refused_by(daemon, origin):
    """What misskey-authctl says of a login there that sends nothing."""
    done = daemon.authctl("login", origin, "--as", "me")
    assert done.returncode == 6 and done.stdout == "" and origin in done.stderr
    assert not (daemon.state / "registry.json").exists() and not daemon.credentials()
    return done.stderr


@pytest.mark.parametrize("kind, reason, remedy", [
    ("wrong-host", "name", "is the server's name right?"),
    ("expired", "expired", "this computer's clock is wrong"),
    ("not-yet-valid", "not yet valid", "this computer's clock is wrong"),
    ("self-signed", "self-signed", "ca_file in config.ini"),
])  # fmt: skip
def test_a_bad_certificate_is_refused_with_what_to_do(pki, hasty, kind, reason, remedy):
    """A certificate of a trusted authority: only the fault under test is wrong with it."""
    with https_server(pki, kind) as server:
        message = refused_by(hasty([server], f"ca_file = {pki}/ca.pem"), server.origin)
        assert "certificate could not be verified" in message and reason in message and remedy in message
        assert not server.requests, "nothing was sent"


def test_the_file_of_authorities_decides(pki, hasty):
    """What differs from the refused ones is nothing but the certificate; without the file it is refused too."""
    with https_server(pki, "good") as server:
        daemon = hasty([server])
        assert "ca_file in config.ini" in refused_by(daemon, server.origin) and not server.requests
        daemon.configure(daemon=f"ca_file = {pki}/ca.pem")
        # A daemon that runs cannot read what its config did not name.
        reload = daemon.authctl("reload")
        assert reload.returncode == 1 and "restart the daemon" in reload.stderr
        daemon.restart()
        assert authorize(daemon, server)["outcome"] == "AUTHORIZED"


@pytest.mark.parametrize("content", [
    "", "no certificate\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
])  # fmt: skip
def test_a_file_without_authorities_is_named(pki, hasty, tmp_path, content):
    file = tmp_path / "authorities.pem"
    file.write_text(content)
    with https_server(pki, "good") as server:
        message = refused_by(hasty([server], f"ca_file = {file}"), server.origin)
        assert "correct ca_file in config.ini" in message and str(file) in message
        assert not server.requests


def test_a_missing_file_of_authorities_is_named(make_daemon, tmp_path):
    daemon = make_daemon()
    daemon.configure(daemon=f"ca_file = {tmp_path}/missing.pem")
    daemon.start(wait=False)
    assert daemon.process.wait(10) == 1
    daemon.process = None
    assert f"Cannot read the file of trusted certificates {tmp_path}/missing.pem" in daemon.log()


def test_plain_http_on_the_port_of_https(server_2025, hasty):
    origin = server_2025.origin.replace("http:", "https:")
    message = refused_by(hasty([server_2025]), origin)
    assert "secure connection" in message and "is it a server of https?" in message
    assert not server_2025.requests


class OldTls(MisskeyServer):
    """Knows no TLS that is newer than 1.1."""

    def start(self):
        super().start()
        context = self._listener.tls_context
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1


@needs_root
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_older_than_1_2_is_refused(pki, make_daemon, tmp_path):
    """Also where the system's configuration of OpenSSL would allow it."""
    (tmp_path / "openssl.cnf").write_text(
        "openssl_conf = main\n[main]\nssl_conf = ssl\n[ssl]\nsystem_default = lax\n"
        "[lax]\nMinProtocol = TLSv1\nCipherString = ALL:@SECLEVEL=0\n"
    )
    with OldTls(tls=(pki / "good.pem", pki / "good.key"), public_host=NAME) as server:
        daemon = make_daemon(servers=[server])
        script = f"mount --bind {tmp_path}/openssl.cnf /etc/ssl/openssl.cnf && exec \"$@\""
        daemon.wrapper = ["unshare", "--mount", "sh", "-c", script, "sh"]
        daemon.configure(daemon=f"ca_file = {pki}/ca.pem")
        message = refused_by(daemon.start(), server.origin)
        assert "secure connection" in message and "TLS 1.2 is the oldest" in message
        assert not server.requests


# Every knob at every step

RUBBISH = (
    '{"id":"../x","secret":"a\\nb","token":"x","url":"x","accessToken":"x y","user":{"id":"\\u0007","username":""}}'
)


def renamed(reply):
    """The same members with keys in upper case."""
    return {key.upper(): value for key, value in reply.items()}


# What each does to a login, at whatever step: it goes "on" (after a while), or ends with "BAD_REPLY" or "REFUSED".
# What arrives at `i` ends nothing, because the credential is stored by then.
KNOBS = {
    "a delay": (misskey.Delay(0.3), "on"),
    "a delay after": (misskey.Delay(0.3, "after"), "on"),
    "no answer": (misskey.NeverAnswer(), "on"),
    "no answer after": (misskey.NeverAnswer("after"), "on"),
    "a cut": (misskey.Cut(), "on"),
    "a cut after": (misskey.Cut("after"), "on"),
    "a reset": (misskey.Cut(reset=True), "on"),
    "a reset after": (misskey.Cut("after", reset=True), "on"),
    "half an answer": (misskey.Truncated(), "on"),
    "another type": (misskey.WrongContentType("text/html"), "on"),
    "a limit": (misskey.RateLimited(1), "on"),
    "a limit after": (misskey.RateLimited(None, "after"), "on"),
    "a bad gateway": (misskey.Html(502), "on"),
    "a bad gateway after": (misskey.Html(504, "after"), "on"),
    "a byte a second": (misskey.Tarpit(1), "on"),
    "a status": (misskey.Status(418), "REFUSED"),
    "a firewall": (misskey.Html(403), "REFUSED"),
    "no place": (misskey.Status(404, "Not Found"), "REFUSED"),
    **{
        f"a redirect {status} to {where}": (misskey.Redirect(where, status), "on" if status in (302, 303, 307) else "REFUSED")
        for status, where in (
            (300, "https://evil.example/"), (301, "file:///etc/passwd"), (302, "http://127.0.0.1:1/"), (303, "/"),
            (305, "http://evil.example:3128"), (307, "gopher://evil.example/"), (308, "\x1b]0;x\x07"),
        )
    },
    "nothing new": (misskey.Status(304), "REFUSED"),
    "a page": (misskey.Html(200), "BAD_REPLY"),
    "too much": (misskey.Oversized(1024 * 1024), "BAD_REPLY"),
    "too much, chunked": (misskey.Oversized(1024 * 1024, chunked=True), "BAD_REPLY"),
    "a deep one": (misskey.Nested(100_000), "BAD_REPLY"),
    "rubbish": (misskey.RawJson(RUBBISH), "BAD_REPLY"),
    "keys of another case": (misskey.Rewrite(renamed), "BAD_REPLY"),
    "every member twice": (misskey.RawJson(RUBBISH[:-1] + "," + RUBBISH[1:]), "BAD_REPLY"),
    "a control byte": (misskey.RawJson('{"id":"a\x01","secret":"s","token":"t"}'), "BAD_REPLY"),
    "half a surrogate": (misskey.RawJson(r'{"id":"\ud800","secret":"s"}'), "BAD_REPLY"),
    "a number with a leading zero": (misskey.RawJson('{"id":"a","secret":"s","x":0123}'), "BAD_REPLY"),
    "compressed": (
        misskey.Status(200, b"\x1f\x8b\x08\x00" + b"\x00" * 60, None, {"Content-Encoding": "gzip"}), "BAD_REPLY"
    ),
    "an endless stream": (misskey.Endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096), "BAD_REPLY"),
}


def test_the_table_has_every_knob():
    named = {type(knob) for knob, _ in KNOBS.values()}
    known = {each for _, each in inspect.getmembers(knobs, inspect.isclass) if issubclass(each, misskey.Knob)}
    assert known - named == {misskey.Knob, knobs.TimedKnob}


def log_in(daemon, server, account):
    """As authorize(), with a browser that stays at the result's page, which may lead to another consent page."""
    login = daemon.login(account, server=server.origin, method="app")
    if login["state"] == "finished":
        return login
    browser, token = accept(daemon, server, login)
    page = browser.get(daemon.callback_url(token))[1]

    def ended():
        browser.get(page)
        answer = daemon.account(account)["login"]
        return answer if answer["state"] == "finished" else None
    return wait_for(ended, what=f"the end of the login of {account}")


@pytest.mark.parametrize("step, profile", [(CREATE, "11"), (GENERATE, "2025"), (USERKEY, "11"), (I, "2025")])
def test_every_knob_at_every_step(hasty, step, profile):
    """Each at a server of its own; after it, the same account logs in at the same server."""
    with ExitStack() as stack:
        made = {name: stack.enter_context(MisskeyServer(profile=profile, auto_accept="alice")) for name in KNOBS}
        daemon = hasty(list(made.values()))

        def meet(number, name):
            knob, expected = KNOBS[name]
            server, account = made[name], f"a{number}"
            server.misbehave(step, knob)
            end = log_in(daemon, server, account)
            goes_on = expected == "on" or step == I
            # On a busy machine, other answers can be late too.
            assert end["outcome"] in (("AUTHORIZED", "UNVERIFIED") if goes_on else (expected,)), (name, end)
            if not goes_on:
                assert server.origin in end["message"] and any(
                    word in end["message"] for word in (f" {step} ", "the app authorization (app/create)")), (name, end)
            assert not SHOWN_NEVER.search(end["message"] or ""), name
            assert (account in daemon.credentials()) == goes_on, name
            assert log_in(daemon, server, account)["outcome"] in ("AUTHORIZED", "UNVERIFIED"), name
            wait_for(lambda: daemon.account(account)["state"] == "verified", what=name)

        with ThreadPoolExecutor(10) as pool:
            list(pool.map(meet, range(len(KNOBS)), KNOBS))
        assert len(daemon.credentials()) == len(KNOBS)
        assert not SHOWN_NEVER.search(daemon.log())


# Answers without an end

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LONG = b"X-Padding: " + b"y" * 4000 + b"\r\n"
# What comes, and a part of what is said of it.
TARPITS = {
    "a byte a second": (misskey.Endless(OK + b"\r\n{", b" ", 1), "in time"),
    "a status line, byte by byte": (misskey.Endless(b"H", b"T", 2), "app/create"),
    "headers, one by one": (misskey.Endless(OK, b"X: y\r\n", 20), "in time"),
    "headers, all at once": (misskey.Endless(OK, LONG), "larger"),
    "a header without an end": (misskey.Endless(OK + b"X: ", b"y" * 4096), "app/create"),
    "chunks": (misskey.Endless(CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n"), "larger"),
    "a chunk's extension": (misskey.Endless(CHUNKED + b"1;", b"x" * 4096), "app/create"),
    "trailers": (misskey.Endless(CHUNKED + b"0\r\n", LONG), "larger"),
    "100 GB": (misskey.Endless(OK + b"Content-Length: 107374182400\r\n\r\n", b"x" * 4096), "larger"),
    "a length beyond all numbers": (
        misskey.Endless(OK + b"Content-Length: 99999999999999999999\r\n\r\n", b"x" * 4096), "app/create"
    ),
    "continue": (misskey.Endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "larger"),
    "early hints": (misskey.Endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), "larger"),
    "zeros, compressed": (
        misskey.Endless(OK + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00", b"\x00" * 4096), "larger"
    ),
}


def peak_kib(daemon):
    """The most memory that the daemon ever had."""
    with open(f"/proc/{daemon.process.pid}/status", encoding="utf-8") as status:
        return int(re.search(r"VmHWM:\s*(\d+)", status.read())[1])


def test_tarpits_end_and_cost_no_memory(hasty):
    """The daemon gives each up after its tries; others are served meanwhile."""
    with ExitStack() as stack:
        made = {name: stack.enter_context(MisskeyServer()) for name in TARPITS}
        good = stack.enter_context(MisskeyServer())
        daemon = hasty([good], quarantine_mb=1)
        assert authorize(daemon, good)["outcome"] == "AUTHORIZED"
        before = peak_kib(daemon)
        started = time.monotonic()

        def meet(number, name):
            knob, message = TARPITS[name]
            made[name].misbehave(CREATE, knob, None)
            end = daemon.login(f"a{number}", server=made[name].origin)
            assert end["outcome"] in ("UNREACHABLE", "BAD_REPLY"), (name, end)
            assert CREATE in end["message"] and message in end["message"], (name, end)

        with ThreadPoolExecutor(len(TARPITS)) as pool:
            ends = [pool.submit(meet, number, name) for number, name in enumerate(TARPITS)]
            for server in made.values():
                server.wait_for_calls(CREATE)
            assert authorize(daemon, good, "other")["outcome"] in ("AUTHORIZED", "UNVERIFIED")
            for end in ends:
                end.result()
        assert time.monotonic() - started < 45
        assert peak_kib(daemon) - before < 32 * 1024
        assert set(daemon.credentials()) == {"me", "other"}


# What is kept or shown

BAD_IDS = ("", "../../etc/passwd", "a b", "a\nb", "a\0b", "\u202ea", "a" * 129, "a" * 100_000, "<b>", 7, None, ["a"])


@pytest.mark.parametrize("step, outcome", [(CREATE, "BAD_REPLY"), (USERKEY, "BAD_REPLY"), (I, "UNVERIFIED")])
def test_rubbish_for_an_id_is_not_kept(server_2025, daemon, step, outcome):
    for bad in BAD_IDS:
        change = {"id": bad} if step != USERKEY else {"user": {"id": bad, "username": "alice"}}
        server_2025.misbehave(step, misskey.Rewrite(lambda reply, change=change: {**reply, **change}))
        assert log_in(daemon, server_2025, "me")["outcome"] == outcome, bad
        assert [entry["user"]["id"] for entry in daemon.credentials().values()] == (
            [server_2025.users["alice"].id] if step == I else []
        ), bad


@pytest.mark.parametrize("name", [
    "a\u2066b\u2069", "a\u200bb", "\ufeffa", "a\u200fb", "a\u2028b", "a\x1b]0;title\x07b", "a" * 100_000,
    "\u202e" * 33_000,
], ids=lambda name: f"{len(name)}-{ord(name[0]):x}")  # fmt: skip
def test_marks_and_long_names_reach_no_terminal_and_no_page(server_2025, daemon, name):
    """The user's name, and what the server says of the app, which nobody needs from it."""
    server_2025.misbehave(CREATE, misskey.Rewrite(lambda reply: {**reply, "name": name, "description": name}))
    user = {"username": name, "name": name}
    server_2025.misbehave(USERKEY, misskey.Rewrite(lambda reply: {**reply, "user": {**reply["user"], **user}}))
    server_2025.misbehave(I, misskey.Rewrite(lambda reply: {**reply, **user}), None)
    login = daemon.login("me", server=server_2025.origin)
    browser, token = accept(daemon, server_2025, login)
    shown = [browser.get(daemon.callback_url(token))[3]]
    end = daemon.outcome("me")
    assert end["outcome"] in ("AUTHORIZED", "BAD_REPLY")
    assert (end["outcome"] == "AUTHORIZED") == bool(daemon.credentials())
    for arguments in (["list"], ["status"], ["verify"], ["login", "me", "--no-wait"]):
        done = daemon.authctl(*arguments)
        shown += [done.stdout, done.stderr]
    shown.append(daemon.log())
    for text in shown:
        assert not SHOWN_NEVER.search(text) and name not in text and len(text) < 60_000
    assert all(entry["app"]["name"].startswith("misskey-authd: me") for entry in daemon.credentials().values())
