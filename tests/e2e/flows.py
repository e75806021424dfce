# SPDX-License-Identifier: MIT
"""What a person sees in a terminal, from the first word to the last: docs/flows.md. For scripts/flows and test_flows.py.

usage: flows.py: prints docs/flows.md.
"""

import re
import shlex
import signal
import socket
import tempfile

from harness import BIN, ROOT, Daemon, authorize, consent, wait_for
from misskey_server import MisskeyServer
from terminal import Terminal, plain, screen, where_drawn

DOCUMENT = ROOT / "docs/flows.md"
# What it is called there.
HOST = "misskey.example"
HOME = "/home/alice"
QR_CODE = "(a QR code of that address)"

HEAD = """\
# What a person sees

Everything that a terminal shows in some stories, word by word: `scripts/flows` has played them with the real programs and
a test server. What is different each time (addresses, times) is always the same here. Lines that begin with `#` say
what the person does. `tests/e2e/test_flows.py` fails when a word has changed: run `scripts/flows`, and read what is new
as a person would who sees it for the first time.
"""

# What differs from run to run, and what stands for it.
PLACEHOLDERS = [
    (r"/start/[0-9a-f]+", "/start/…"),
    (rf"{HOST}/auth/[0-9a-f-]+", f"{HOST}/auth/…"),
    (r"\b(?:29|30) min", "29 min"),
    (r"\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}", "2026-11-22 12:00:00 +0000"),
]


class Person:
    """Types commands at a terminal, one after the other, and writes down what is seen."""

    def __init__(self, daemon, server):
        self.daemon = daemon
        self.server = server
        self.host = server.origin.split("://")[1]
        self.lines = []
        self.terminal = None
        self.env = {}
        self._taken = 0
        self._line_is_open = False  # a live line stands at the bottom

    def types(self, command):
        """Starts a command; its server is called HOST."""
        self.lines.append(f"$ {command}")
        program, *arguments = shlex.split(command.replace(HOST, self.host))
        env = {**self.daemon.env, "TERM": "xterm", "NO_COLOR": "1", "TZ": "UTC0", **self.env}
        env = {name: value for name, value in env.items() if value is not None}
        self.terminal = Terminal([BIN / program, *arguments], env, streams=("stdin", "stdout", "stderr"))
        self._taken = 0
        self._line_is_open = False

    def sees(self, text):
        """Waits for that, with which the screen comes to rest."""
        wait_for(lambda: text in self.terminal.text() or self.terminal.process.poll() is not None, 30, text)
        assert text in self.terminal.text(), self.terminal.text()
        self._take()

    def does(self, what):
        self.lines.append(f"# {what}")

    def reads(self):
        """Waits for the command's end."""
        status, _ = self.terminal.end()
        self._take()
        if status != 0:
            self.lines.append(f"# The exit status is {status}.")

    def runs(self, command):
        self.types(command)
        self.reads()

    def page(self, kind):
        """The address that was shown, of a start link or of the server's consent page."""
        return re.findall(rf"http://\S+/{kind}/[0-9a-f-]+", self.terminal.text())[-1]

    def _take(self):
        """Writes down what the screen has more than before."""
        output = self.terminal.output
        text = output[self._taken:].decode().replace("\r\n", "\n")
        self._taken = len(output)
        lines = screen(text)
        code = where_drawn(lines)
        seen = [plain(line).rstrip() for line in lines]
        if code.stop:
            seen[code] = [QR_CODE]
        # What replaces a live line, or ends it, is a line of its own here; after the last newline comes nothing.
        seen = seen[1:] if self._line_is_open and not seen[0] else seen
        self._line_is_open = bool(seen and seen[-1])
        self.lines += seen if self._line_is_open else seen[:-1]

    def transcript(self):
        text = "\n".join(self.lines)
        for found, instead in (
            (self.server.origin, f"https://{HOST}"), (self.host, HOST), (str(self.daemon.home), HOME),
            (f"127.0.0.1:{self.daemon.port}", "127.0.0.1:41987"), (f" on {socket.gethostname()}\n", " on laptop\n"),
        ):
            text = text.replace(found, instead)
        for pattern, instead in PLACEHOLDERS:
            text = re.sub(pattern, instead, text)
        # The server's name here is one character longer than the test server's, and so is its column.
        return re.sub(r"^(ACCOUNT .*  SERVER +)LOGIN$", r"\1 LOGIN", text, flags=re.M)


def consents(person, user):
    person.does(f"In the browser, @{user} presses Accept.")
    consent(person.daemon, person.server, {"start_url": person.page("start")}, user)


# ---- The stories ----

def first_login(person):
    person.types(f"misskey-authctl login {HOST}")
    person.sees("Waiting for consent…")
    consents(person, "alice")
    person.reads()
    person.runs("misskey-authctl list")
    person.runs(f"misskey-authctl show {HOST}")


def second_account(person):
    authorize(person.daemon, person.server, person.host)
    person.types(f"misskey-authctl login @bob@{HOST}")
    person.sees("Waiting for consent…")
    consents(person, "bob")
    person.reads()
    person.runs("misskey-authctl list")


def wrong_user(person):
    person.types(f"misskey-authctl login @bob@{HOST} --as bot")
    person.sees("Waiting for consent…")
    consents(person, "alice")
    person.reads()
    person.runs("misskey-authctl list")


def abandoned_login(person):
    authorize(person.daemon, person.server, person.host)
    person.types(f"misskey-authctl login @bob@{HOST} --as bot")
    person.sees("Waiting for consent…")
    person.does("Presses Ctrl-C.")
    person.terminal.process.send_signal(signal.SIGINT)
    person.reads()
    wait_for(lambda: person.daemon.account("bot")["login"]["waiting"] == 0)
    person.runs("misskey-authctl list")
    person.runs("misskey-authctl cancel bot")
    person.runs("misskey-authctl list")


def login_over_ssh(person):
    person.env = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22", "DISPLAY": None, "BROWSER": None}
    person.types(f"misskey-authctl login {HOST}")
    person.sees("Waiting for consent…")
    person.does("Opens the page with a phone. There, @alice presses Accept.")
    person.server.accept(person.page("auth").rsplit("/", 1)[1], "alice")
    person.reads()


# By the headings of the document.
FLOWS = {
    "A first login": first_login,
    "A second account on the same server": second_account,
    "Another user is signed in in the browser": wrong_user,
    "An abandoned login": abandoned_login,
    "A login over SSH": login_over_ssh,
}


def play(heading):
    """The transcript of one story, on a new computer with a desktop whose browser opens."""
    # Short enough for a Unix socket in it.
    with tempfile.TemporaryDirectory(prefix="flow") as directory, MisskeyServer(profile="2025") as server:
        daemon = Daemon(directory)
        daemon.configure(daemon="poll_interval = 1s")
        daemon.env |= {"DISPLAY": ":0", "BROWSER": "true"}
        daemon.start()
        try:
            person = Person(daemon, server)
            FLOWS[heading](person)
        finally:
            daemon.stop()
        return person.transcript()


def document():
    sections = (f"\n## {heading}\n\n{indented(play(heading))}\n" for heading in FLOWS)
    return HEAD + "".join(sections)


def indented(transcript):
    return "\n".join(f"    {line}".rstrip() for line in transcript.split("\n"))


if __name__ == "__main__":
    print(document(), end="")
