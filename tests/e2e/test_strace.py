# SPDX-License-Identifier: MIT
"""The system calls of one login: where secrets are written, and what is durable before anybody is told."""

import re
import shutil
import subprocess

import pytest

from harness import accept, needs_root, wait_for

# The daemon is not dumpable: what its descriptors are is for root alone to see.
pytestmark = needs_root

TRACED = "openat,write,pwrite64,writev,pwritev,sendto,sendmsg,fsync,rename,renameat,renameat2,fallocate,connect"
WRITES = ("write", "pwrite64", "writev", "pwritev", "sendto", "sendmsg")
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)(?:<(.*?)>)?(?: .*)?$")


class Call:
    """One system call that succeeded, or began to connect: its name, its arguments as strace prints them, and what it returned."""

    def __init__(self, name, arguments, result):
        self.name = name
        self.arguments = arguments
        self.result = result
        described = re.match(r"\d+<(.*?)>(?:, |$)", arguments)
        self.target = described.group(1) if described else ""  # the path or addresses of the descriptor

    def writes(self, text):
        return self.name in WRITES and text in self.arguments


class Trace(list):
    def __init__(self, text):
        super().__init__()
        for line in text.splitlines():
            found = CALL.match(line)
            if found and (found.group(1) == "connect" or not found.group(3).startswith("-")):
                self.append(Call(found.group(1), found.group(2), found.group(4)))

    def find(self, what, start=0):
        """The index of the first call from `start` for which what(call) is true."""
        index = next((n for n in range(start, len(self)) if what(self[n])), None)
        assert index is not None, "no such call in the trace"
        return index

    def fsync(self, target, start):
        return self.find(lambda call: call.name == "fsync" and call.target == str(target), start)

    def durable(self, directory, name, mark):
        """The index at which the first content with `mark` in it is durable as `name`."""
        written = {call.target: n for n, call in reversed(list(enumerate(self)))
                   if call.target.startswith(f"{directory}/.tmp-") and call.writes(mark)}
        renamed = self.find(lambda call: call.name.startswith("rename") and f'"{name}"' in call.arguments and
                            any(f'"{temporary.rsplit("/", 1)[1]}"' in call.arguments for temporary in written))
        write = next(n for temporary, n in written.items() if temporary.rsplit("/", 1)[1] in self[renamed].arguments)
        assert self.fsync(self[write].target, write) < renamed
        return self.fsync(directory, renamed)


class Login:
    """A login under strace."""

    def __init__(self, daemon, server):
        log = daemon.directory / "trace"
        daemon.wrapper = ["strace", "-D", "-f", "-yy", "-s", "65535", "-e", f"trace={TRACED}", "-o", str(log)]
        daemon.env["ASAN_OPTIONS"] = "detect_leaks=0:exitcode=99"  # the leak checker cannot be traced
        # The agent's calls would be between the daemon's.
        daemon.start("--no-agent")
        browser, self.session = accept(daemon, server, daemon.login("me", server=server.origin))
        assert "You are logged in" in browser.get(daemon.callback_url(self.session))[3]
        assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
        (app,) = server.apps.values()
        (token,) = server.access_tokens
        self.secrets = {"appSecret": app.secret, "accessToken": token.token, "i": token.hash}
        self.state = daemon.state.resolve()
        self.port, self.server = daemon.port, f"->127.0.0.1:{server.port}]"
        assert daemon.stop() == 0, daemon.log()
        wait_for(lambda: "+++ exited with 0 +++" in log.read_text(errors="replace"), what="the end of the trace")
        self.trace = Trace(log.read_text(errors="replace"))
        log.unlink()

    def sends(self, call, text):
        """Whether it sends `text` to the server."""
        return self.server in call.target and call.writes(text)

    def tells_the_browser(self, call, text):
        return f"[127.0.0.1:{self.port}->" in call.target and call.writes(text)


@pytest.fixture
def login(server, make_daemon):
    if not shutil.which("strace") or subprocess.run(["strace", "-o", "/dev/null", "true"], check=False).returncode != 0:
        pytest.skip("no working strace here")
    return Login(make_daemon(servers=[server]), server)


def test_secrets_go_into_private_files_and_to_the_server_alone(login):
    private = {
        call.result for call in login.trace
        if call.name == "openat" and "O_CREAT|O_EXCL" in call.arguments and call.arguments.endswith(", 0600")
    }
    seen = {name: set() for name in login.secrets}
    for call in login.trace:
        for name, secret in login.secrets.items():
            if not call.writes(secret):
                continue
            if login.server in call.target:
                seen[name].add("server")
            else:
                assert call.target in private and call.target.startswith(f"{login.state}/"), (name, call.target)
                seen[name].add("file")
    # The token goes nowhere: what is stored is the i made of it.
    assert seen == {"appSecret": {"server", "file"}, "accessToken": set(), "i": {"server", "file"}}


def test_nothing_but_the_server_is_connected_to(login):
    addresses = [call.arguments for call in login.trace if call.name == "connect" and "AF_INET" in call.arguments]
    port = re.search(r":(\d+)\]", login.server).group(1)
    assert addresses and all(f"htons({port})" in each and '"127.0.0.1"' in each for each in addresses)


def test_the_session_is_durable_before_its_page_is_given_away(login):
    durable = login.trace.durable(login.state, "registry.json", login.session)
    assert durable < login.trace.find(lambda call: call.writes("start_url"))
    redirect = login.trace.find(lambda call: login.tells_the_browser(call, "Location: http"))
    assert durable < redirect


def test_the_place_for_the_answer_is_secured_before_it_is_asked_for(login):
    trace = login.trace
    asked = trace.find(lambda call: login.sends(call, "POST /api/auth/session/userkey "))
    for directory in (login.state, login.state / "accounts/me"):
        reserved = trace.find(lambda call: call.name == "fallocate" and call.target.startswith(f"{directory}/.tmp-"))
        assert reserved < asked, directory
    # That an exchange is under way is on disk.
    assert trace.durable(login.state, "registry.json", r'\"exchanging\": true') < asked


def test_the_answer_is_durable_before_anybody_is_told(login):
    trace, i = login.trace, login.secrets["i"]
    durable = trace.durable(login.state, "credentials.json", i)
    assert durable < trace.find(lambda call: login.tells_the_browser(call, "You are logged in"))
    assert durable < trace.find(lambda call: login.sends(call, "POST /api/i "))
    # One fsync is for both files of the account.
    assert trace.durable(login.state / "accounts/me", "env", i) == trace.durable(login.state / "accounts/me", "token", i)
    for name in ("env", "token"):
        assert trace.durable(login.state / "accounts/me", name, i) < trace.find(
            lambda call: login.tells_the_browser(call, "You are logged in"))
    # The asking was before: the order is not that of two logins.
    assert trace.find(lambda call: login.sends(call, "POST /api/auth/session/userkey ")) < durable
