# SPDX-License-Identifier: MIT
"""systemd's journal, the machine's own or one that is started for the tests and taken away again."""

import json
import shutil
import socket
import subprocess
from pathlib import Path

from harness import wait_for

JOURNALD = Path("/lib/systemd/systemd-journald")
RUN = Path("/run/systemd/journal")
STORED = Path("/var/log/journal")


def is_running():
    with socket.socket(socket.AF_UNIX) as one:
        try:
            one.connect(str(RUN / "stdout"))
            return True
        except OSError:
            return False


class Journal:
    """Has to be there before what is to be found in it starts."""

    def __init__(self):
        self.process = None
        self.made = []

    def start(self):
        """Whether there is one."""
        if is_running():
            return True
        machine = Path("/etc/machine-id")
        if not JOURNALD.exists() or not machine.exists():
            return False
        # In files, as a booted system has it: a journal in memory has no files of users.
        self.made = [path for path in (RUN, STORED, STORED / machine.read_text().strip()) if not path.exists()]
        for path in (RUN, STORED):
            path.mkdir(parents=True, exist_ok=True)
        (RUN / "flushed").touch()
        self.process = subprocess.Popen([JOURNALD], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_for(is_running, what="the journal")
        return True

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(20)
        for path in reversed(self.made):
            shutil.rmtree(path, ignore_errors=True)


def read(manager, *arguments):
    """What a user sees: the entries, oldest first."""
    shown = manager.run("journalctl", "--user", "--quiet", "--no-pager", "--output=json", *arguments)
    assert shown.returncode == 0, shown.stderr
    return [json.loads(line) for line in shown.stdout.splitlines()]
