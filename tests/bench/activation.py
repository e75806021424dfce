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
from user_manager import UserManager, unit_text, why_not  # noqa: E402

ROUNDS = 40
TARGET = "/callback?token=00000000-0000-4000-8000-000000000000"
OURS = "misskey-authd"
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


def sandbox():
    """The lines of our unit that are its sandbox."""
    text = unit_text("misskey-authd.service", "")
    return text[text.index("PrivateUsers="):text.index("[Install]")]


def prepare_proxy(manager, name, options):
    port = free_port()
    manager.write(f".config/systemd/user/{name}.socket", f"[Socket]\nListenStream=127.0.0.1:{port}\n")
    manager.write(f".config/systemd/user/{name}.service",
                  f"[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=notify\n"
                  f"ExecStart={PROXY} 127.0.0.1:{backend()}\n{options}")
    return port, f"{name}.service"


def prepare(manager):
    """All behind sockets of the same manager: {name: (port, service)}."""
    ours = free_port()
    manager.write(".config/systemd/user/misskey-authd-callback.socket.d/port.conf",
                  f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{ours}\n")
    services = {
        OURS: (ours, "misskey-authd.service"),
        "systemd-socket-proxyd": prepare_proxy(manager, "proxy", ""),
        "systemd-socket-proxyd in the same sandbox": prepare_proxy(manager, "sandboxed", sandbox()),
    }
    manager.systemctl("daemon-reload")
    sockets = ("misskey-authd-callback.socket", "misskey-authd-control.socket", "proxy.socket", "sandboxed.socket")
    started = manager.systemctl("start", *sockets)
    assert started.returncode == 0, started.stderr
    return services


def measure(manager, services):
    """In turns, so that what disturbs the machine disturbs all."""
    times = {(name, how): [] for name in services for how in ("cold", "warm")}
    for _ in range(ROUNDS):
        for name, (port, service) in services.items():
            manager.systemctl("stop", service)
            times[name, "cold"].append(first_byte_ms(port))
            times[name, "warm"].append(first_byte_ms(port))
    return times


def report(times):
    medians = {key: statistics.median(values) for key, values in times.items()}
    for how in ("cold", "warm"):
        print(f"first byte, {how}: {medians[OURS, how]:.2f} ms (medians of {ROUNDS})")
        for name, _ in (key for key in medians if key[1] == how and key[0] != OURS):
            print(f"    {medians[OURS, how] / medians[name, how]:.2f} x {name}: {medians[name, how]:.2f} ms")


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
