# SPDX-License-Identifier: MIT
"""What systemd does for a service with sockets, for tests that need no user manager."""

import fcntl
import os
import selectors
import socket
import subprocess
import threading
import time

from harness import BIN, Daemon, wait_for

IDLE_EXIT = "nothing to do: ending"


class ActivatedDaemon(Daemon):
    """A daemon that its sockets start: as systemd does it, whenever somebody comes and it does not run."""

    def __init__(self, directory, config=""):
        super().__init__(directory, config)
        self.configure(config, daemon="log_level = debug")
        self.sockets = {}
        self.options = ["--idle-exit", "1s"]
        self.names = None  # of the sockets, where they are not the keys
        self.starts = 0
        self.statuses = []  # how each run ended
        self.thread = None
        self.ending = threading.Event()

    def configure(self, text="", daemon=""):
        """Without `listen`: the port is the socket's."""
        self.config_file.parent.mkdir(parents=True, exist_ok=True)
        self.config_file.write_text(f"[daemon]\n{daemon}\n{text}\n", encoding="utf-8")

    def listen(self, control=True, callback=True):
        if callback:
            self.sockets["callback"] = one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", self.port))
        if control:
            self.socket.parent.mkdir(mode=0o700, exist_ok=True)
            self.sockets["control"] = one = socket.socket(socket.AF_UNIX)
            one.bind(str(self.socket))
            self.socket.chmod(0o600)
        for one in self.sockets.values():
            one.listen(128)
        return self

    def start(self, *options, wait=False):
        """Waits for somebody to come. What is passed is what `sockets` has."""
        if not self.sockets:
            self.listen()
        self.options += options
        self.thread = threading.Thread(target=self._activate, daemon=True)
        self.thread.start()
        return self

    def _activate(self):
        with selectors.DefaultSelector() as selector:
            for one in self.sockets.values():
                selector.register(one, selectors.EVENT_READ)
            while not self.ending.is_set():
                if selector.select(0.02):
                    self._run_once()

    def _run_once(self):
        # Out of the way of 3 and on, which is where systemd puts them.
        high = [fcntl.fcntl(one, fcntl.F_DUPFD, 100) for one in self.sockets.values()]
        moves = " ".join(f"{3 + n}<&{fd} {fd}<&-" for n, fd in enumerate(high))
        script = f'exec {moves}; LISTEN_PID=$$ exec "$@"'
        env = {**self.env, "LISTEN_FDS": str(len(high)), "LISTEN_FDNAMES": self.names or ":".join(self.sockets)}
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                ["bash", "-c", script, "bash", str(BIN / "misskey-authd"), *self.options], env=env, pass_fds=high,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
        for fd in high:
            os.close(fd)
        self.starts += 1
        self.statuses.append(self.process.wait())

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def stay(self):
        """The idle exit's time is over, and this run has not begun to end."""
        ends = self.log().count(IDLE_EXIT)
        time.sleep(1.5)
        assert self.is_running() and self.log().count(IDLE_EXIT) == ends

    def wait_for_end(self, seconds=60):
        wait_for(lambda: self.process and not self.is_running(), seconds, "the idle exit")

    def stop(self, seconds=60):
        """The end of all: the exit status of the last run."""
        self.ending.set()
        if self.is_running():
            self.process.terminate()
        if self.thread:
            self.thread.join(seconds)
        for one in self.sockets.values():
            one.close()
        self.process = None
        return self.statuses[-1] if self.statuses else 0
