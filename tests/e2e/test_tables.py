# SPDX-License-Identifier: MIT
"""What the commands look like on a terminal: straight columns, colours where they are wanted, and an end."""

import json
import re
import signal
import unicodedata

import pytest

from harness import BIN, authorize
from terminal import Terminal

COLORS = re.compile(r"\x1b\[[\d;]*m")
GREEN, RED = "\x1b[32m", "\x1b[31m"
AUTHCTL = str(BIN / "misskey-authctl")


def columns_of(text):
    """How many columns of a terminal it takes."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


@pytest.fixture
def crowd(daemon, server_2025):
    """A hundred accounts; one user's name is wide, one account is revoked."""
    authorize(daemon, server_2025)
    entry = daemon.credentials()["me"]
    assert daemon.stop() == 0
    accounts = {"me": entry} | {f"account{number:03}.example": entry for number in range(97)}
    accounts["wide"] = {**entry, "user": {"id": "1", "username": "あいうえお"}}
    accounts["gone"] = {**entry, "state": "revoked", "i": None}
    file = daemon.state / "credentials.json"
    file.write_text(json.dumps({"version": 1, "accounts": accounts}), encoding="utf-8")
    file.chmod(0o600)
    return daemon.start()


def on_terminal(daemon, *arguments, **env):
    """What a person sees, with its colours."""
    terminal = Terminal([AUTHCTL, *arguments], {**daemon.env, "TERM": "xterm", **env}, streams=("stdout", "stderr"))
    terminal.end()
    return terminal.text()


def test_the_columns_are_straight(crowd):
    head, *rows = COLORS.sub("", on_terminal(crowd, "list")).splitlines()
    assert len(rows) == 100
    at = head.index("SERVER")
    for row in rows:
        before, server = row.rsplit("  ", 1)
        assert columns_of(before) + 2 == at and server.startswith("http://"), row
        assert columns_of(row) <= 80


def test_states_have_colours_on_a_terminal(crowd):
    text = on_terminal(crowd, "list")
    assert text.count(f"{GREEN}verified\x1b[0m") == 99 and text.count(f"{RED}revoked\x1b[0m") == 1
    assert len(COLORS.findall(text)) == 200
    assert f"{GREEN}verified\x1b[0m" in on_terminal(crowd, "status")
    assert f"{GREEN}ok\x1b[0m     " in on_terminal(crowd, "doctor")


@pytest.mark.parametrize("arguments, env, colored", (
    ([], {"NO_COLOR": "1"}, False), ([], {"TERM": "dumb"}, False), (["--color", "never"], {}, False),
    (["--color=always"], {"NO_COLOR": "1"}, True), ([], {"NO_COLOR": ""}, True),
))
def test_who_wants_no_colours_gets_none(crowd, arguments, env, colored):
    assert bool(COLORS.search(on_terminal(crowd, "list", *arguments, **env))) == colored


def test_what_is_no_terminal_gets_colours_only_if_they_are_asked_for(crowd):
    assert not COLORS.search(crowd.authctl("list").stdout)
    assert COLORS.search(crowd.authctl("--color", "always", "list").stdout)
    json.loads(crowd.authctl("list", "--json", "--color=always").stdout)


def test_a_color_that_is_no_choice_is_named(daemon):
    done = daemon.authctl("list", "--color=blue")
    assert done.returncode == 2 and "`blue` is none of auto, always, never" in done.stderr


def test_an_interrupted_login_leaves_a_whole_line(daemon, server_2025):
    terminal = Terminal([AUTHCTL, "login", server_2025.origin, "--as", "me", "--no-browser"],
                        {**daemon.env, "TERM": "xterm"})
    terminal.wait_for("Waiting for consent…")
    terminal.process.send_signal(signal.SIGINT)
    status, _ = terminal.end()
    text = terminal.text()
    assert status == 1 and text.endswith(
        "Waiting for consent…\nmisskey-authctl: Interrupted. The login of me is still pending. To go on with it: "
        "misskey-authctl login me\nTo end it: misskey-authctl cancel me\n")
    assert "\x1b[?25l" not in text  # the cursor was never hidden
    assert daemon.account("me")["login"]["state"] == "consent"
