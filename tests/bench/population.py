# SPDX-License-Identifier: MIT
"""State directories with as many accounts, or as many pending sessions, as one likes."""

import json

PREFIX = "account"


def name_of(number):
    return f"{PREFIX}{number:05}"


def fill(daemon, template, count):
    """Writes a credentials.json of `count` accounts like `template`; the daemon makes the other files at its start."""
    daemon.state.mkdir(parents=True, mode=0o700, exist_ok=True)
    content = {"version": 1, "accounts": {name_of(number): template for number in range(count)}}
    file = daemon.state / "credentials.json"
    file.write_text(json.dumps(content, indent=2), encoding="utf-8")
    file.chmod(0o600)
