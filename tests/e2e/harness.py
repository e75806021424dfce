# SPDX-License-Identifier: MIT
"""What the end-to-end tests share: the real programs in a private home, and the ways to consent."""

import http.client
import http.cookiejar
import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

try:
    import jsonschema
except ImportError:
    jsonschema = None  # test_schema.py says what is not tested then

TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
sys.path.insert(0, str(TESTS))

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do what this test does")

# The programs of scripts/torture; what they share is in the same directory.
TORTURES = ["fail", "kill", "readers", "soak"]

BIN = Path(os.environ.get("MISSKEY_BIN_DIR") or ROOT / "build/asan/bin").resolve()

# What misskey-authctl says to start the daemon by, on a machine like this one.
START_ADVICE = ("misskey-authctl enable" if Path("/run/systemd/system").exists()
                else "There is no systemd here. Start the daemon by hand")

NPM_SECONDS = 120

LOGGED_IN = "You are logged in"
UNKNOWN_TOKEN = "00000000-0000-4000-8000-000000000000"

# On every reply of the callback listener, whatever it is.
SECURITY_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


# Below those that the kernel gives to clients, and a part for each worker of pytest-xdist: what is free once
# stays so over restarts.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
PORTS = itertools.cycle(range(12000 + 2000 * (WORKER % 10), 14000 + 2000 * (WORKER % 10)))


# What the daemon says when a port that was free is another's by the time of a restart.
PORT_TAKEN = "is taken by another program"


def spread_ports():
    """Begins somewhere else than other processes do: also for one that was forked."""
    for _ in range(random.randrange(2000)):
        next(PORTS)


spread_ports()


def free_port():
    """A port of 127.0.0.1 that is free now. Kept over restarts, unlike port 0."""
    for port in PORTS:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def connections_to(port):
    """How many connections to that port of 127.0.0.1 are open."""
    table = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()]
    return sum(row[1] == f"0100007F:{port:04X}" and row[3] == "01" for row in table)


def wait_for(condition, seconds=60, what="the condition"):
    """Waits until condition() is true and returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what} did not come within {seconds} s"
        time.sleep(0.02)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the control socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Daemon:
    """misskey-authd with a home of its own."""

    def __init__(self, directory, config=""):
        self.directory = Path(directory)
        self.home = self.directory / "home"
        self.runtime = self.directory / "run"
        self.home.mkdir(exist_ok=True)
        self.runtime.mkdir(mode=0o700, exist_ok=True)
        self.state = self.home / ".local/state/misskey-authd"
        self.config_file = self.home / ".config/misskey-authd/config.ini"
        self.log_file = self.directory / "daemon.log"
        self.socket = self.runtime / "misskey-authd/control.sock"
        self.port = free_port()
        self.process = None
        self.wrapper = []  # e.g. strace
        self.options = []  # of every start
        self.env = {
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            # A confined daemon cannot start the process that looks for leaks.
            "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:exitcode=99",
        }
        self.configure(config)

    def configure(self, text="", daemon=""):
        """Writes the config: `text` has the accounts, `daemon` further keys of [daemon]."""
        self.config_file.parent.mkdir(parents=True, exist_ok=True)
        self.config_file.write_text(
            f"[daemon]\nlisten = 127.0.0.1:{self.port}\n{daemon}\n{text}\n", encoding="utf-8"
        )

    # The process

    def start(self, *options, wait=True, seconds=60):
        env = self.env
        # Only root may look at a process that is not dumpable.
        declines = self.config_file.exists() and "confinement = no" in self.config_file.read_text(encoding="utf-8")
        if os.geteuid() == 0 and declines:
            env = {**env, "ASAN_OPTIONS": f"{env['ASAN_OPTIONS']}:detect_leaks=1"}
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, str(BIN / "misskey-authd"), "--log-level", "debug", *self.options, *options],
                env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
        if wait:
            wait_for(self._is_up, seconds, "the daemon's control socket")
        return self

    def _is_up(self):
        assert self.process.poll() is None, f"the daemon ended: {self.log()}"
        try:
            return self.control("GET", "/v1/status")[0] == 200
        except OSError:
            return False

    def stop(self, seconds=60):
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(seconds)
        self.process = None
        return status

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart_after_sessions(self):
        """Restarted when the time of its pending logins is over."""
        assert self.stop() == 0, self.log()
        file = self.state / "registry.json"
        text, count = re.subn(r'("expires_at": ?)\d+', r"\g<1>1", file.read_text())
        assert count
        file.write_text(text)
        self.start()

    def restart(self):
        assert self.stop() == 0, self.log()
        return self.start()

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    # Its interfaces

    def control(self, method, path, body=None, timeout=70):
        """One request to the control socket: (status, JSON)."""
        connection = UnixConnection(self.socket, timeout)
        try:
            connection.request(method, path, body=None if body is None else json.dumps(body))
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read() or b"null")
        finally:
            connection.close()

    def login(self, account, expect=200, **body):
        """POST login; the LOGIN object, or the error."""
        status, answer = self.control("POST", f"/v1/accounts/{account}/login", body)
        assert status == expect, answer
        return answer

    def outcome(self, account, seconds=60):
        """Waits for the end of the account's login: the LOGIN object."""
        def ended():
            answer = self.control("GET", f"/v1/accounts/{account}/login?wait=5")[1]
            return answer if answer.get("state") == "finished" else None
        return wait_for(ended, seconds, f"the end of the login of {account}")

    def account(self, name):
        return self.control("GET", f"/v1/accounts/{name}")[1]

    def run(self, program, *arguments, timeout=60, **env):
        leaks = {"ASAN_OPTIONS": f"{self.env['ASAN_OPTIONS']}:detect_leaks=1"}
        return subprocess.run(
            [str(BIN / program), *arguments], env={**self.env, **leaks, **env}, text=True,
            capture_output=True, timeout=timeout, stdin=subprocess.DEVNULL,
        )

    def authctl(self, *arguments, **env):
        return self.run("misskey-authctl", *arguments, **env)

    def token(self, *arguments):
        return self.run("misskey-token", *arguments)

    def callback_url(self, token):
        return f"http://127.0.0.1:{self.port}/callback?token={token}"

    # Its files

    def credentials(self):
        """{account: entry} of credentials.json."""
        file = self.state / "credentials.json"
        return json.loads(file.read_text())["accounts"] if file.exists() else {}

    def registry(self):
        return json.loads((self.state / "registry.json").read_text())

    def memory(self):
        """Bytes that are in memory for the daemon alone."""
        lines = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))

    def leftovers(self):
        """Temporary files in the state directory."""
        return [file for file in self.state.rglob(".tmp-*")]


class PlainBrowser:
    """A browser as far as HTTP goes: follows redirects, keeps cookies, sends Sec-Fetch headers."""

    HEADERS = {
        "User-Agent": "Mozilla/5.0",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
        "Sec-Fetch-Site": "cross-site",
        "Accept-Language": "en",
    }

    def __init__(self):
        self.cookies = http.cookiejar.CookieJar()

    def get(self, url, follow=True, **headers):
        """(status, final URL, headers, text)"""
        class NoRedirect(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None
        handlers = [urllib.request.HTTPCookieProcessor(self.cookies)]
        if not follow:
            handlers.append(NoRedirect())
        opener = urllib.request.build_opener(*handlers)
        request = urllib.request.Request(url, headers={**self.HEADERS, **headers})
        try:
            reply = opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            reply = error
        with reply:
            return reply.status, reply.geturl(), reply.headers, reply.read().decode()


def open_start(start_url):
    """Opens a login's start page: the browser, and the session's token."""
    browser = PlainBrowser()
    status, _, headers, _ = browser.get(start_url, follow=False)
    assert status == 303, status
    return browser, headers["Location"].rsplit("/", 1)[1]


def accept(daemon, server, login, username="alice"):
    """Opens the login's start page and consents, without following the redirect: the browser and the token."""
    browser, token = open_start(login["start_url"])
    server.accept(token, username)
    return browser, token


def read_page(process):
    """What `misskey-authctl login` says up to the address of the page to open, which is the last word of it."""
    said = ""
    while "/start/" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    return said, {"start_url": said.rsplit(": ", 1)[1].strip()}


def start_login(daemon, *arguments, **env):
    """`misskey-authctl login` on a desktop whose browser does nothing, and its read_page()."""
    process = subprocess.Popen(
        [BIN / "misskey-authctl", "login", *arguments], env={**daemon.env, "DISPLAY": ":0", "BROWSER": "true", **env},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return process, *read_page(process)


def consent(daemon, server, login, username="alice"):
    """Opens the login's start page, consents and follows the redirect: the browser and the last reply."""
    browser, token = accept(daemon, server, login, username)
    return browser, browser.get(server.callback_url(token))


def authorize(daemon, server, account="me", username="alice", **body):
    """A whole login by plain HTTP: the LOGIN object at its end."""
    login = daemon.login(account, server=server.origin, **body)
    consent(daemon, server, login, username)
    return daemon.outcome(account)


def seconds_of(action):
    started = time.monotonic()
    action()
    return time.monotonic() - started


def session_token(server):
    """The token of the only session there is."""
    (token,) = server.sessions
    return token


def check_stored(daemon, server):
    """The credential is alice's, verified, and was had by one call of userkey."""
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    entry = daemon.credentials()["me"]
    assert (entry["state"], entry["user"]["username"]) == ("verified", "alice")
    assert entry["server"] == server.origin
    assert len(server.calls("auth/session/userkey")) == 1


def sha256sum(text):
    """What coreutils say, so that the product's own digest is not its own witness."""
    return subprocess.run(
        ["sha256sum"], input=text.encode(), capture_output=True, check=True
    ).stdout.decode().split()[0]


def check_tokens(daemon, servers):
    """Every good credential is accessToken+appSecret through sha256sum, and misskey-token prints it."""
    digests = {
        (server.origin, sha256sum(token.token + token.app.secret)) for server in servers for token in server.access_tokens
    } | {(server.origin, token.token) for server in servers for token in server.miauth_tokens}
    for account, entry in daemon.credentials().items():
        if entry["state"] not in ("verified", "unverified"):
            continue
        assert (entry["server"], entry["i"]) in digests, account
        assert daemon.token(account).stdout == entry["i"] + "\n"


SCHEMA = json.loads((ROOT / "docs/credentials.schema.json").read_text(encoding="utf-8"))


def schema_complaints(content):
    """What docs/credentials.schema.json has against the content of a credentials.json."""
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [error.message for error in validator.iter_errors(content)]


def check_schema(daemon):
    """What is in credentials.json at the end, whatever the test was about, is as documented."""
    file = daemon.state / "credentials.json"
    if jsonschema and file.exists():
        assert schema_complaints(json.loads(file.read_text(encoding="utf-8"))) == []


def npm_install(source, copy):
    """Copies a directory with a package.json, and has npm install what it asks for; a skip where that cannot be."""
    missing = [program for program in ("node", "npm") if not shutil.which(program)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("node_modules"))
    try:
        # The caller's environment: it knows the way to the registry.
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--fetch-retries=1"], cwd=copy, text=True, capture_output=True,
            timeout=NPM_SECONDS, stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install what {source.name} needs within {NPM_SECONDS} s")
    if done.returncode != 0:
        pytest.skip(f"npm cannot install what {source.name} needs: {done.stderr[-300:]}")
    return copy


def secrets_of(daemon, servers):
    """Every secret that a test's run knows."""
    secrets = {entry["i"] for entry in daemon.credentials().values() if entry["i"]}
    for server in servers:
        secrets |= {app.secret for app in server.apps.values()}
        secrets |= {token.token for token in server.access_tokens}
        secrets |= {token.hash for token in server.access_tokens}
        secrets |= {secret for token in server.miauth_tokens for secret in (token.token, token.session)}
    return secrets


def check_log(daemon, servers):
    """No secret is in the log, and no sanitizer complained."""
    log = daemon.log()
    for secret in secrets_of(daemon, servers):
        assert secret not in log
    assert not re.search(r"Sanitizer|runtime error", log), log
