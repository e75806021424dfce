# SPDX-License-Identifier: MIT
"""docs/bots.md: each of its programs posts a note, and does what the page says when that does not work."""

import re
import shutil
import subprocess
import sys

import pytest

import misskey_server as misskey
from harness import ROOT, authorize

PAGE = (ROOT / "docs/bots.md").read_text(encoding="utf-8")
LANGUAGES = {
    "sh": ("bot.sh", ["sh"]), "python": ("bot.py", [sys.executable]), "js": ("bot.mjs", ["node"]),
}


@pytest.fixture(params=LANGUAGES)
def bot(request, tmp_path):
    """The command line of the page's program in each language."""
    name, command = LANGUAGES[request.param]
    if not all(shutil.which(program) for program in (command[0], "curl")):
        pytest.skip(f"{command[0]} or curl is not installed")
    [program] = re.findall(rf"^```{request.param}\n(.*?)^```$", PAGE, re.M | re.S)
    (tmp_path / name).write_text(program, encoding="utf-8")
    return [*command, tmp_path / name]


def run(daemon, bot):
    # The test server is on this machine, whatever proxy there is.
    return subprocess.run(bot, env={**daemon.env, "no_proxy": "*"}, text=True, capture_output=True, timeout=60,
                          stdin=subprocess.DEVNULL)


def test_posts_a_note(server, daemon, bot):
    authorize(daemon, server, "bot")
    done = run(daemon, bot)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [note["text"] for note in server.notes] == ["Hello"]


def test_without_a_credential_it_ends_as_misskey_token_does(server_2025, make_daemon, bot):
    daemon = make_daemon(config=f"[account bot]\nserver = {server_2025.origin}", servers=[server_2025]).start()
    done = run(daemon, bot)
    assert (done.returncode, done.stdout, done.stderr) == (4, "", daemon.token("bot").stderr)
    assert server_2025.calls("notes/create") == []


def test_a_credential_that_the_server_has_taken_back(server, daemon, bot):
    """It has the daemon find out, once, and everybody is told from then on."""
    authorize(daemon, server, "bot")
    server.revoke("alice")
    asked = len(server.calls("i"))
    done = run(daemon, bot)
    assert (done.returncode, done.stdout) == (4, "")
    assert "misskey-authctl login bot" in done.stderr
    assert (len(server.calls("notes/create")), len(server.calls("i"))) == (1, asked + 1)
    assert daemon.account("bot")["state"] == "revoked"
    assert run(daemon, bot).returncode == 4 and len(server.calls("notes/create")) == 1


def test_a_user_who_is_suspended(server, daemon, bot):
    authorize(daemon, server, "bot")
    server.suspend("alice")
    done = run(daemon, bot)
    assert (done.returncode, done.stdout) == (4, "") and "suspended" in done.stderr
    assert daemon.account("bot")["state"] == "suspended" and len(server.calls("notes/create")) == 1


def test_waits_as_long_as_the_server_says(server_2025, daemon, bot):
    authorize(daemon, server_2025, "bot")
    server_2025.misbehave("notes/create", misskey.RateLimited(2))
    done = run(daemon, bot)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    first, second = server_2025.calls("notes/create")
    assert [note["text"] for note in server_2025.notes] == ["Hello"]
    assert second.time - first.time >= 2


def test_another_refusal_is_quoted(server_2025, daemon, bot):
    authorize(daemon, server_2025, "bot", permission="read:account")
    done = run(daemon, bot)
    assert done.returncode == 1 and done.stdout == ""
    assert server_2025.origin in done.stderr and "PERMISSION_DENIED" in done.stderr
    assert daemon.credentials()["bot"]["i"] not in done.stderr


def test_a_user_who_has_moved(server_2025, daemon, bot):
    """The credential is good, so the daemon is not asked: the bot ends with the server's words."""
    authorize(daemon, server_2025, "bot")
    server_2025.misbehave("notes/create", misskey.Status(403, '{"error":{"code":"YOUR_ACCOUNT_MOVED"}}'))
    asked = len(server_2025.calls("i"))
    done = run(daemon, bot)
    assert done.returncode == 1 and done.stdout == ""
    assert "YOUR_ACCOUNT_MOVED" in done.stderr and server_2025.origin in done.stderr
    assert (len(server_2025.calls("notes/create")), len(server_2025.calls("i"))) == (1, asked)
