# SPDX-License-Identifier: MIT
"""From a redirect's arrival to the first byte of the answer, cold and warm."""

import http.server
import socket
import statistics
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

from harness import free_port  # noqa: E402
from user_manager import UserManager, why_not  # noqa: E402

ROUNDS = 40
TARGET = "/callback?token=00000000-0000-4000-8000-000000000000"
PROXY = "/lib/systemd/systemd-socket-proxyd"


def first_byte_ms(port):
    """As a browser that was just redirected: a new connection, a request, and the time until something comes."""
    begin = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as one:
        one.sendall(f"GET {TARGET} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        assert one.recv(1) == b"H"
        return (time.perf_counter() - begin) * 1000


class Answer(http.server.BaseHTTPRequestHandler):
    """What the proxy leads to; it always runs."""

    def do_GET(self):
        self.send_error(404)

    def log_message(self, *_):
        pass


def backend():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def prepare(manager):
    """Both behind sockets of the same manager: {name: (port, service)}."""
    ours, proxy = free_port(), free_port()
    manager.write(".config/systemd/user/misskey-authd-callback.socket.d/port.conf",
                  f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{ours}\n")
    manager.write(".config/systemd/user/proxy.socket", f"[Socket]\nListenStream=127.0.0.1:{proxy}\n")
    manager.write(".config/systemd/user/proxy.service",
                  f"[Service]\nType=notify\nExecStart={PROXY} 127.0.0.1:{backend()}\n[Unit]\nStartLimitIntervalSec=0\n")
    manager.systemctl("daemon-reload")
    sockets = ("misskey-authd-callback.socket", "misskey-authd-control.socket", "proxy.socket")
    started = manager.systemctl("start", *sockets)
    assert started.returncode == 0, started.stderr
    return {"misskey-authd": (ours, "misskey-authd.service"), "systemd-socket-proxyd": (proxy, "proxy.service")}


def measure(manager, services):
    """In turns, so that what disturbs the machine disturbs both."""
    times = {(name, how): [] for name in services for how in ("cold", "warm")}
    for _ in range(ROUNDS):
        for name, (port, service) in services.items():
            manager.systemctl("stop", service)
            times[name, "cold"].append(first_byte_ms(port))
            times[name, "warm"].append(first_byte_ms(port))
    return times


def report(times):
    ours, other = "misskey-authd", "systemd-socket-proxyd"
    for how in ("cold", "warm"):
        medians = {name: statistics.median(times[name, how]) for name in (ours, other)}
        print(f"first byte, {how}: {medians[ours]:.2f} ms; {other}: {medians[other]:.2f} ms; "
              f"ratio {medians[ours] / medians[other]:.2f} (medians of {ROUNDS})")


def main():
    reason = why_not()
    if reason:
        print(f"not measured: {reason}")
        return
    manager = UserManager()
    try:
        if not manager.start():
            print("not measured: a user manager does not start here")
            return
        manager.install_programs()
        manager.install_units()
        report(measure(manager, prepare(manager)))
    finally:
        manager.stop()


main()
