# SPDX-License-Identifier: MIT
"""A Misskey server behind TLS that attacks (tests/hostile_tls), and a watch on how the daemon answers meanwhile."""

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from harness import BIN
from misskey_server import MisskeyServer

PROGRAM = Path(os.environ.get("MISSKEY_HOSTILE_TLS") or BIN.parent / "tests/hostile_tls/hostile_tls")
NAME = "misskey.localhost"


class HostileTls(MisskeyServer):
    """Well behaved up to the connection with number `start_at`, each later one is attacked."""

    def __init__(self, certificate, attack, start_at=1):
        super().__init__()
        if not PROGRAM.exists():
            pytest.skip(f"{PROGRAM} is not built")
        self.ca, self.chain, self.key = certificate
        self.attack, self.start_at = attack, start_at
        self.front = self.front_port = None
        self.asked = []  # (number of the connection, path) of each request that the front has read

    @property
    def origin(self):
        return f"https://{NAME}:{self.front_port}"

    def start(self):
        super().start()
        self.front = subprocess.Popen(
            [PROGRAM, self.chain, self.key, str(self.port), self.attack, str(self.start_at)],
            stdout=subprocess.PIPE, text=True, start_new_session=True,
        )
        self.front_port = int(self.front.stdout.readline())
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.front.stdout:
            _, number, path = line.split()
            self.asked.append((int(number), path))

    def stop(self):
        if self.front:
            os.killpg(self.front.pid, 9)
            self.front.wait()
            self.front = None
        super().stop()


class Watch:
    """Asks for the status again and again; `worst` is the longest time that an answer took, in seconds."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.worst = 0
        self.answers = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self._ended.is_set():
            started = time.monotonic()
            try:
                assert self.daemon.control("GET", "/v1/status")[0] == 200
                self.answers += 1
            except OSError:
                if self._ended.is_set():
                    return
            self.worst = max(self.worst, time.monotonic() - started)
            time.sleep(0.02)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()
