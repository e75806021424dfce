# SPDX-License-Identifier: MIT
"""Replies to redirects per second, a connection each, beside a bare libmicrohttpd that answers the same."""

import contextlib
import http.client
import re
import shutil
import statistics
import subprocess
import tempfile

from comparison import PROGRAMS, Goal, Row
from harness import UNKNOWN_TOKEN, Daemon, accept
from misskey_server import MisskeyServer

# wrk's threads would take the processor from the two servers.
THREADS = 1
# libmicrohttpd writes these itself.
OWN_FIELDS = {"connection", "date", "content-length"}


def reply_to(port, target):
    """Status, header fields and body, as a client gets them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", target, headers={"Connection": "close"})
        reply = connection.getresponse()
        return reply.status, reply.getheaders(), reply.read()
    finally:
        connection.close()


def comparable(reply):
    status, fields, body = reply
    return status, sorted((name, value) for name, value in fields if name.lower() != "date"), body


@contextlib.contextmanager
def bare_server(reply):
    """One that gives the same reply, byte for byte, to everybody: its port."""
    status, fields, body = reply
    told = f"{status}\n" + "".join(f"{name}: {value}\n" for name, value in fields if name.lower() not in OWN_FIELDS)
    process = subprocess.Popen([PROGRAMS / "bare_server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        process.stdin.write(told.encode() + b"\n" + body)
        process.stdin.close()
        port = int(process.stdout.readline())
        assert comparable(reply_to(port, "/")) == comparable(reply)
        yield port
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def rate(port, target, clients, seconds):
    """Replies per second."""
    done = subprocess.run(
        ["wrk", "-t", str(THREADS), "-c", str(clients), "-d", f"{seconds}s", "-H", "Connection: close",
         f"http://127.0.0.1:{port}{target}"], text=True, capture_output=True, check=True)
    errors = re.search(r"Socket errors: (.*)", done.stdout)
    assert not errors, errors[1]
    return float(re.search(r"Requests/sec: +([0-9.]+)", done.stdout)[1])


def measure(scale):
    if not shutil.which("wrk"):
        scale.skip("callbacks", "there is no wrk")
        return
    with tempfile.TemporaryDirectory() as directory, MisskeyServer(profile="2025") as server:
        daemon = Daemon(directory)
        # At the level of a debugger each request is a line.
        daemon.start("--log-level", "info")
        try:
            login = daemon.login("me", server=server.origin)
            browser, known = accept(daemon, server, login)
            browser.get(daemon.callback_url(known))
            assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
            for name, token in (("unknown", UNKNOWN_TOKEN), ("known", known)):
                yield from measure_token(scale, daemon.port, name, f"/callback?token={token}")
        finally:
            assert daemon.stop() == 0


def measure_token(scale, port, name, target):
    with bare_server(reply_to(port, target)) as bare:
        for clients in (1, 32):
            ours, theirs = [], []
            for _ in range(scale.rounds(7)):
                ours.append(rate(port, target, clients, scale.seconds(2)))
                theirs.append(rate(bare, "/", clients, scale.seconds(2)))
            yield Row(f"callbacks, {name} token, {clients} clients", statistics.median(ours),
                      statistics.median(theirs), "bare libmicrohttpd, same reply", "replies/s", Goal("≥", 0.9))
