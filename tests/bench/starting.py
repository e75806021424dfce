# SPDX-License-Identifier: MIT
"""From exec to READY=1, beside an oidc-agent's start; and the first byte of the answer to a redirect that starts the
daemon, confined and not."""

import contextlib
import http.server
import os
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from comparison import Goal, Row, in_pairs
from harness import BIN, UNKNOWN_TOKEN, Daemon, free_port
from oidc import agent, why_not
from user_manager import ENVIRONMENT, UserManager
from user_manager import why_not as why_no_manager

TARGET = f"/callback?token={UNKNOWN_TOKEN}"
PROGRAM = str(BIN / "misskey-authd")
PROXY = "/lib/systemd/systemd-socket-proxyd"


class Readiness:
    """Waits for READY=1 as systemd does."""

    def __init__(self, directory):
        path = str(Path(directory) / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.env = {"NOTIFY_SOCKET": path}

    def wait(self, seconds):
        self.socket.settimeout(seconds)
        while "READY=1" not in self.socket.recv(4096).decode().splitlines():
            pass


def start_ms(daemon, readiness, seconds=60):
    """Milliseconds until READY=1. The process is stopped again."""
    begin = time.perf_counter()
    process = subprocess.Popen([PROGRAM, "--no-agent"], env={**daemon.env, **readiness.env}, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        readiness.wait(seconds)
        return (time.perf_counter() - begin) * 1000
    finally:
        process.terminate()
        assert process.wait(30) == 0


def agent_start_ms(other):
    begin = time.perf_counter()
    other.start()
    try:
        return (time.perf_counter() - begin) * 1000
    finally:
        other.stop()


def first_byte_ms(port):
    """As a browser that was just redirected: a new connection, a request, and the time until something comes."""
    begin = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as one:
        one.sendall(f"GET {TARGET} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        assert one.recv(1) == b"H"
        return (time.perf_counter() - begin) * 1000


def in_turns(actions, rounds):
    """{name: median} of functions that measure themselves; what disturbs the machine disturbs all."""
    times = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            times[name].append(action())
    return {name: statistics.median(values) for name, values in times.items()}


# Under systemd


class Answer(http.server.BaseHTTPRequestHandler):
    """What the proxies lead to; it always runs."""

    def do_GET(self):
        self.send_error(404)

    def log_message(self, *_):
        pass


class Activated:
    """Services of a user manager that their sockets start: ours as it is installed and without its confinement, and
    systemd-socket-proxyd."""

    def __init__(self, manager):
        self.manager = manager
        self.ports = {}
        backend = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=backend.serve_forever, daemon=True).start()
        proxy = f"{PROXY} 127.0.0.1:{backend.server_address[1]}"
        self.add("proxy", proxy)
        manager.write("unconfined.ini", "[daemon]\nconfinement = no\n")
        self.add("open", f"{manager.programs}/misskey-authd --no-agent -c {manager.home}/unconfined.ini")
        ours = free_port()
        manager.write(".config/systemd/user/misskey-authd-callback.socket.d/port.conf",
                      f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{ours}\n")
        self.ports["misskey-authd"] = ours
        manager.systemctl("daemon-reload")
        started = manager.systemctl("start", *(f"{name}.socket" for name in ("proxy", "open")),
                                    "misskey-authd-callback.socket", "misskey-authd-control.socket")
        assert started.returncode == 0, started.stderr

    def add(self, name, command):
        self.ports[name] = free_port()
        # Without a control socket of its own, the daemon makes one where it is told its runtime directory is.
        self.manager.write(f".config/systemd/user/{name}.socket",
                           f"[Socket]\nListenStream=127.0.0.1:{self.ports[name]}\nFileDescriptorName=callback\n")
        self.manager.write(
            f".config/systemd/user/{name}.service",
            f"[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=notify\nExecStart={command}\n"
            f"RuntimeDirectory=bench-{name}\nRuntimeDirectoryMode=0700\n"
            f"Environment=XDG_RUNTIME_DIR=%t/bench-{name} XDG_STATE_HOME=%t/bench-{name}\n"
            f"\n{ENVIRONMENT}")

    def cold(self, name):
        self.manager.systemctl("stop", f"{name}.service")
        return first_byte_ms(self.ports[name])

    def warm(self, name):
        return first_byte_ms(self.ports[name])


@contextlib.contextmanager
def user_manager(scale):
    reason = why_no_manager()
    if reason:
        scale.skip("under systemd", reason)
        yield None
        return
    manager = UserManager()
    try:
        if manager.start():
            manager.install_programs()
            manager.install_units()
            yield manager
        else:
            scale.skip("under systemd", "a user manager does not start here")
            yield None
    finally:
        manager.stop()


def measure(scale):
    with tempfile.TemporaryDirectory() as directory:
        daemon = Daemon(directory)
        reason = why_not()
        if reason:
            scale.skip("oidc-agent's start", reason)
            return
        readiness = Readiness(directory)
        with agent() as other:
            other.stop()
            times = in_turns({"ours": lambda: start_ms(daemon, readiness), "theirs": lambda: agent_start_ms(other)},
                             scale.rounds(100))
            yield Row("start to READY=1", times["ours"], times["theirs"], "oidc-agent's start", "ms", Goal("≤", 1.0))
            version, theirs = in_pairs([[PROGRAM, "--version"], ["oidc-agent", "--version"]], scale.rounds(200),
                                       {**os.environ, **daemon.env})
            yield Row("of which loading libraries (--version)", version / 1000, theirs / 1000, "oidc-agent --version",
                      "ms")
            yield from measure_activation(scale, times["theirs"])


def measure_activation(scale, agent_ms):
    with user_manager(scale) as manager:
        if not manager:
            return
        services = Activated(manager)
        cold = in_turns({name: lambda name=name: services.cold(name) for name in services.ports}, scale.rounds(40))
        warm = in_turns({name: lambda name=name: services.warm(name) for name in ("misskey-authd", "proxy")},
                        scale.rounds(100))
    name = "first byte of a redirect that starts it"
    ours = cold["misskey-authd"]
    yield Row(f"{name}, not confined", cold["open"], cold["proxy"], "systemd-socket-proxyd", "ms")
    yield Row(f"{name}, as installed", ours, agent_ms, "oidc-agent's start", "ms", Goal("≤", 1.5))
    yield Row(f"{name}, as installed", ours, cold["proxy"], "systemd-socket-proxyd", "ms", Goal("≤", 1.35))
    yield Row("first byte when it runs", warm["misskey-authd"], warm["proxy"], "systemd-socket-proxyd", "ms")
