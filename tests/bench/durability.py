# SPDX-License-Identifier: MIT
"""From the redirect to the durable credential, less the server's own time, beside a bare write of the same files."""

import json
import re
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from comparison import PROGRAMS, Goal, Row
from harness import UNKNOWN_TOKEN, Daemon, accept
from misskey_server import MisskeyServer

# Two fsyncs each in the bare write. A first login syncs the directory of the last two once, and the one in which that
# directory is new: as many.
FILES = ("registry.json", "credentials.json", "accounts/me/env", "accounts/me/token")


def ask_directly(server):
    """Seconds of a call of userkey on a connection of its own: what the server takes."""
    body = json.dumps({"appSecret": "none", "token": UNKNOWN_TOKEN})
    begin = time.monotonic()
    with socket.create_connection((server.host, server.port), timeout=30) as one:
        one.sendall(f"POST /api/auth/session/userkey HTTP/1.1\r\nHost: {server.host}\r\nConnection: close\r\n"
                    f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        assert one.recv(4096)
        return time.monotonic() - begin


def first_login(daemon, server):
    """One that writes every file, up to the redirect: the browser and the session's token."""
    daemon.control("DELETE", "/v1/accounts/me")
    return accept(daemon, server, daemon.login("me", server=server.origin))


def log_in(daemon, server):
    """Seconds from the redirect until the server is asked whether the credential works: it is durable then."""
    server.requests.clear()
    browser, token = first_login(daemon, server)
    begin = time.monotonic()
    browser.get(daemon.callback_url(token), follow=False)
    (call,) = server.wait_for_calls("i")
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    return call.time - begin


def bare_write(daemon, directory):
    """Seconds for as many files of the same sizes."""
    arguments = []
    for name in FILES:
        file = directory / "bare" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        arguments += [file, (daemon.state / name).stat().st_size]
    done = subprocess.run([PROGRAMS / "bare_write", "1", *map(str, arguments)], text=True, capture_output=True,
                          check=True)
    return int(done.stdout) / 1e9


def fsyncs(daemon, server):
    """What is synced in one login from the redirect to its end, in order, by its place in the state directory."""
    browser, token = first_login(daemon, server)
    with tempfile.NamedTemporaryFile("r") as trace:
        tracer = subprocess.Popen(["strace", "-y", "-e", "trace=fsync,fdatasync", "-o", trace.name, "-p",
                                   str(daemon.process.pid)], stderr=subprocess.PIPE, text=True)
        assert "attached" in tracer.stderr.readline()
        browser.get(daemon.callback_url(token))
        assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
        tracer.terminate()
        tracer.wait()
        tracer.stderr.close()
        paths = re.findall(r"^f(?:data)?sync\(\d+<(.*)>\)", trace.read(), re.M)
    return [named(str(Path(path).relative_to(daemon.state))) for path in paths]


def named(path):
    return "the directory" if path == "." else re.sub(r"\.tmp-\w+", "a new file", path)


def measure(scale):
    # Not /tmp, which may be in memory.
    with tempfile.TemporaryDirectory(dir=PROGRAMS) as directory, MisskeyServer(profile="2025") as server:
        daemon = Daemon(directory).start("--log-level", "info")
        try:
            log_in(daemon, server)  # connections, pages of memory: as in a daemon that has run for a while
            times = {"login": [], "server": [], "bare": []}
            for _ in range(scale.rounds(60)):
                times["login"].append(log_in(daemon, server))
                times["server"].append(ask_directly(server))
                times["bare"].append(bare_write(daemon, daemon.directory))
            synced = fsyncs(daemon, server)
        finally:
            assert daemon.stop() == 0
    medians = {name: statistics.median(values) * 1000 for name, values in times.items()}
    yield Row("redirect to durable credential", medians["login"] - medians["server"], medians["bare"],
              f"bare write of the {len(FILES)} files", "ms", Goal("≤", 1.6))
    yield Row("fsyncs of a whole login after the redirect", len(synced), 2 * len(FILES),
              "bare write of the files", "fsyncs")
    scale.note(f"fsyncs of that login, in order: {', '.join(synced)}")
