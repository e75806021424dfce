# SPDX-License-Identifier: MIT
"""The agent of a daemon that was started by hand."""

from pathlib import Path


def agent_of(daemon):
    """Its process number, or None."""
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (directory / "stat").read_text().rsplit(")", 1)[1].split()[:2]
            name = (directory / "comm").read_text().strip()
        except OSError:
            continue  # it has ended meanwhile
        if name == "misskey-authd-a" and int(parent) == daemon.process.pid and state != "Z":
            return int(directory.name)
    return None


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
