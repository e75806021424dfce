# SPDX-License-Identifier: MIT
"""What is left of secrets in the daemon's memory, in its environment, and in the files that a crash leaves."""

import os
import re
import signal
from pathlib import Path

import pytest

import harness
from harness import accept, needs_root, wait_for
from misskey_server import MisskeyServer

pytestmark = needs_root  # the daemon is not dumpable: nobody else may look at its memory

# Enough of a secret to recognise it: a part that stays does harm too.
PIECE = 20


def memory(process):
    """The content of each mapping that can be read and written: heap, stack, data."""
    with open(f"/proc/{process}/maps", encoding="utf-8") as maps, open(f"/proc/{process}/mem", "rb", 0) as content:
        for line in maps:
            addresses, mode = line.split()[:2]
            begin, end = (int(address, 16) for address in addresses.split("-"))
            if mode.startswith("rw"):
                content.seek(begin)
                yield content.read(end - begin)


def is_stopped(process):
    return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] == "T"


def count(process, secret):
    """How often any PIECE of the secret's first bytes is in the process's memory."""
    piece = secret[:PIECE].encode()
    os.kill(process, signal.SIGSTOP)
    try:
        wait_for(lambda: is_stopped(process), what="the stop")
        return sum(len(re.findall(re.escape(piece), part)) for part in memory(process))
    finally:
        os.kill(process, signal.SIGCONT)


@pytest.fixture(params=["11", "2025"])
def profile(request):
    return request.param


@pytest.fixture(params=["http", "https"])
def server(request, profile, certificate):
    """Without TLS and with, whose library has buffers of its own."""
    _, chain, key = certificate
    tls = {"tls": (chain, key), "public_host": "misskey.localhost"} if request.param == "https" else {}
    with MisskeyServer(profile=profile, **tls) as one:
        yield one


def test_a_login_leaves_no_secret_behind(server, certificate, make_daemon, release, monkeypatch):
    """The program as it is installed: sanitizers keep what was freed."""
    monkeypatch.setattr(harness, "BIN", release / "bin")
    daemon = make_daemon(servers=[server])
    daemon.configure(daemon=f"ca_file = {certificate[0]}")
    daemon.start()
    login = daemon.login("me", server=server.origin)
    browser, session = accept(daemon, server, login)
    process = daemon.process.pid
    assert count(process, session), "while it waits, it knows it"
    browser.get(daemon.callback_url(session))
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"

    (access,) = server.access_tokens
    (app,) = server.apps.values()
    assert count(process, access.token) == 0
    assert count(process, session) == 0
    # Once each, in the stores of what is used again: the credential, and the app's registration for the next login.
    assert count(process, daemon.credentials()["me"]["i"]) == 1
    assert count(process, app.secret) == 1

    assert daemon.control("DELETE", "/v1/accounts/me")[0] == 200
    assert count(process, access.hash) == 0
