# SPDX-License-Identifier: MIT
"""docs/tutorial.md, word by word: its commands and files under a real user manager, until there are notes."""

import datetime
import re

import pytest

from harness import ROOT, wait_for
from misskey_server import MisskeyServer
from service_story import SOCKETS, UNIT, Service

TUTORIAL = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*)\n((?:(?!## ).*\n)*)", TUTORIAL, re.M))
# What a desktop's browser is here: follows redirects and keeps cookies. The server's person consents to everything.
BROWSER = "curl -sSL --noproxy * -H Accept%ctext/html -b /dev/null -o /dev/null"
# Its exit status is no failure of the reader's; the other two need more of a machine than a user manager.
STATUS = "systemctl --user status good-morning\n"
NEEDS_LOGIND = "loginctl enable-linger\n"
NEEDS_JOURNAL = "journalctl --user -u good-morning\n"
ENDED_SERVICE = 3


class Reader:
    """Types what the tutorial says, as the manager's user."""

    def __init__(self, manager, server):
        self.manager = manager
        self.server = server
        self.said = ""  # by the last command, on standard error

    def type(self, command, status=0):
        here = command.replace("https://misskey.example", self.server.origin)
        here = here.replace("misskey.example", self.server.origin)
        done = self.manager.run(
            "sh", "-euc", here, PATH=f"{self.manager.programs}:{self.manager.env['PATH']}", DISPLAY=":9",
            BROWSER=BROWSER, ASAN_OPTIONS="detect_leaks=0",
        )
        assert done.returncode == status, (command, done.stdout, done.stderr)
        self.said = done.stderr
        return done.stdout

    def follow(self, heading, *but):
        """Every command of a section, but some: what they print."""
        text = ""
        for block in re.findall(r"^```sh\n(.*?)^```$", SECTIONS[heading], re.M | re.S):
            for left_out in but:
                block = block.replace(left_out, "")
            text += self.type(block)
        return text

    def notes(self):
        return [note["text"] for note in self.server.notes]


def let_the_morning_come(manager):
    """Half past seven is now."""
    manager.write(".config/systemd/user/good-morning.timer.d/now.conf", "[Timer]\nOnCalendar=\nOnActiveSec=1ms\n")
    manager.systemctl("daemon-reload")
    assert manager.systemctl("restart", "good-morning.timer").returncode == 0


@pytest.fixture(scope="module")
def reader(manager):
    """Somebody who has installed it and typed nothing yet."""
    # With a port that is free here. It is the reader who starts it.
    service = Service(manager)
    manager.write(".config/misskey-authd/config.ini", "")
    with MisskeyServer(profile="2025", auto_accept="alice") as server:
        try:
            yield Reader(manager, server)
        finally:
            manager.authctl("disable")
            manager.systemctl("disable", "--now", "good-morning.timer")
            manager.run("sh", "-c", "rm -rf ~/.config/systemd/user/good-morning.* ~/bin")
            service.stop()
            manager.forget()


def expected_next_morning(reader):
    """What systemd-analyze says of the expression in the tutorial, as list-timers says it."""
    said = reader.type("systemd-analyze calendar '*-*-* 07:30'")
    return re.search(r"Next elapse: (\S+ \S+ 07:30:00)", said)[1]


def test_the_tutorial_word_by_word(reader):
    greeting = f"Good morning! Today is {datetime.date.today():%A}."
    manager = reader.manager

    assert "Version:" in reader.follow("1. Install misskey-authd")
    assert manager.show(UNIT, "UnitFileState", "ActiveState") == ["enabled", "active"]
    assert manager.show(SOCKETS[0], "UnitFileState", "ActiveState") == ["enabled", "active"]

    shown = re.search(r"^```text\n(.*?)^```$", SECTIONS["2. Log in as the bot"], re.M | re.S)[1]
    printed = reader.follow("2. Log in as the bot")
    assert (reader.said + printed).replace(reader.server.origin, "https://misskey.example").endswith(shown)

    assert reader.follow("3. Write the bot") == ""
    assert reader.notes() == [greeting]

    reader.follow("4. Make it a service", STATUS, NEEDS_JOURNAL)
    assert reader.notes() == [greeting] * 2
    assert "Wish everybody a good morning" in reader.type(STATUS, ENDED_SERVICE)

    shown = reader.follow("5. Make it happen every morning", NEEDS_LOGIND)
    assert expected_next_morning(reader) in shown.split("good-morning.timer")[0].splitlines()[-1]
    assert manager.show("good-morning.timer", "UnitFileState", "ActiveState") == ["enabled", "active"]
    let_the_morning_come(manager)
    wait_for(lambda: reader.notes() == [greeting] * 3, what="the timer's note")

    # The server takes the credential back; the day's verification finds out, and the morning after is silent.
    reader.server.revoke("alice")
    assert "revoked" in reader.type("misskey-authctl verify", 4)
    reader.type("systemctl --user start good-morning", 1)
    assert len(reader.notes()) == 3
    reader.follow("6. When it stops working")
    assert manager.show("misskey-authd-verify.timer", "UnitFileState", "ActiveState") == ["enabled", "active"]
    reader.type("systemctl --user start good-morning")
    assert reader.notes() == [greeting] * 4

    reader.follow("The environment instead of a file")
    assert reader.notes() == [greeting] * 5
    assert "/accounts/bot/env " in manager.show("good-morning.service", "EnvironmentFiles")[0]

    reader.follow("Take it away again")
    assert manager.show("good-morning.service", "LoadState") == ["not-found"]
    assert manager.run("sh", "-c", "ls ~/bin ~/.config/systemd/user | grep good").stdout == ""
    reader.type("misskey-token bot", 3)


@pytest.mark.parametrize("name", ["good-morning.service", "good-morning.timer"])
def test_the_units_are_those_that_are_shipped(name):
    shown = re.search(rf"^cat >~/\.config/systemd/user/{name} <<'END'\n(.*?)^END$", TUTORIAL, re.M | re.S)[1]
    assert shown == (ROOT / "examples/systemd" / name).read_text(encoding="utf-8")


def test_what_is_not_typed_here_is_in_the_tutorial():
    for command in (STATUS, NEEDS_LOGIND, NEEDS_JOURNAL):
        assert TUTORIAL.count(f"\n{command}") == 1, command
