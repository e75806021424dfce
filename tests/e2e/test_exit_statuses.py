# SPDX-License-Identifier: MIT
"""Every exit status of misskey-authctl and misskey-token, met with the real daemon and the real test server, and
what is said with each: a sentence for a person, about what it was about, with the next step."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections import namedtuple

import pytest

import misskey_server as misskey
from harness import BIN, ROOT, START_ADVICE, Daemon, authorize, consent, read_page, secrets_of
from misskey_server import MisskeyServer

AUTHCTL = "misskey-authctl"
TOKEN = "misskey-token"

# What stands in a message: `about` what it was, and one of the `steps` that can come next.
# `silent`: nothing is said at all.
Row = namedtuple("Row", "command, situation, status, about, steps, output, silent", defaults=("", False))


# ---- What a person may be told ----

CONTROL_BYTES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
CLUMSY = ["..", ". .", " . ", ": :", "::", "  ", ";;", ": ;", "(null)", "()", ",.", ":.", ";.", "?.", " a account",
          " a ACCOUNT"]
# A name, a path or a URL begins as it is; everything else that is said begins with a capital letter.
BEGINNING = re.compile(r"(misskey-(authctl|token): )?([A-Z@/`\"\[-]|usage: |\S*[./:_@-]\S*)")
# A sentence ends with a full stop, or with a thing to copy, which stands after a colon.
ENDING = re.compile(r"[.?…]$|^usage: |[:(] ?[^:]*[A-Za-z0-9'\"/\])]$|: https?://\S+$")


def check_message(text, secrets=()):
    """What holds for everything that is said on standard error."""
    assert text.endswith("\n"), text
    assert not CONTROL_BYTES.search(text), repr(text)
    for line in text[:-1].split("\n"):
        assert line.strip(), text
        assert BEGINNING.match(line), line
        assert ENDING.search(line) and not line.endswith(" ."), line
        # The dots of a usage line are no sentence's.
        assert line.startswith("usage: ") or not [clumsy for clumsy in CLUMSY if clumsy in line], line
    for secret in secrets:
        assert secret not in text


def check(row, result, secrets=(), **names):
    """The status, standard output and standard error of one run are as the row says."""
    assert result.returncode == row.status, result.stderr
    assert not (row.silent and result.stderr)
    assert not [secret for secret in secrets if secret in result.stderr]
    assert re.fullmatch(row.output.format(**names), result.stdout or ""), result.stdout
    if result.stderr:
        check_message(result.stderr, secrets)
    if row.status == 0:
        return
    for part in row.about:
        assert part.format(**names) in result.stderr, result.stderr
    assert any(step.format(**names) in result.stderr for step in row.steps), result.stderr


def statuses_in_the_manual(program):
    manual = (ROOT / f"docs/man/{program}.1").read_text(encoding="utf-8")
    section = manual.split(".Sh EXIT STATUS")[1].split(".Sh ")[0]
    return {int(status) for status in re.findall(r"^\.It (\d+)$", section, re.MULTILINE)}


# ---- misskey-authctl: situations ----

class Stage:
    """A daemon with the config account `me`, a server, and what is done with them."""

    def __init__(self, daemon, server):
        self.daemon = daemon
        self.server = server
        self.file = None  # what was damaged

    def run(self, *arguments, **env):
        return self.daemon.authctl(*arguments, **env)

    def full(self, *arguments):
        """With a standard output that takes nothing."""
        with open("/dev/full", "w", encoding="ascii") as full:
            return subprocess.run([BIN / AUTHCTL, *arguments], env=self.daemon.env, stdin=subprocess.DEVNULL,
                                  stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)

    def unread(self, *arguments):
        """With a standard output whose reader has had enough."""
        reader, writer = os.pipe()
        os.close(reader)
        with open(writer, "wb") as output:
            return subprocess.run([BIN / AUTHCTL, *arguments], env=self.daemon.env, stdin=subprocess.DEVNULL,
                                  stdout=output, stderr=subprocess.PIPE, text=True, timeout=60, check=False)

    def start(self, *arguments):
        """With a desktop whose browser does nothing."""
        env = {**self.daemon.env, "DISPLAY": ":0", "BROWSER": "true"}
        return subprocess.Popen([BIN / AUTHCTL, *arguments], env=env, stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def follow(self, *arguments, act):
        """Runs a command, and acts when it shows the page that is to be opened."""
        process = self.start(*arguments)
        said, login = read_page(process)
        act(login, process)
        output, more = process.communicate(timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, output, said + more)

    def consenting(self, *arguments, user="alice"):
        return self.follow(*arguments, act=lambda login, _: consent(self.daemon, self.server, login, user))

    def authorized(self, user="alice", account="me"):
        authorize(self.daemon, self.server, account, user)
        return self

    def pasted(self, user="alice"):
        """The address that a browser elsewhere was sent to."""
        login = self.daemon.login("me", browser=False)
        token = login["consent_url"].rsplit("/", 1)[1]
        self.server.accept(token, user)
        return self.daemon.callback_url(token)

    def damage(self):
        assert self.daemon.stop() == 0
        self.file = self.daemon.state / "credentials.json"
        self.file.write_text("{")
        self.daemon.start()
        return self


def run(*arguments):
    return lambda stage: stage.run(*arguments)


def signed_in(*arguments):
    return lambda stage: stage.authorized().run(*arguments)


def consents(*arguments, user="alice"):
    return lambda stage: stage.consenting(*arguments, user=user)


def new_account(stage):
    return stage.consenting("login", stage.server.origin, "--as", "new")


def full(*arguments):
    return lambda stage: stage.authorized().full(*arguments)


def unread(*arguments):
    return lambda stage: stage.authorized().unread(*arguments)


def pending(*arguments):
    """While a login of the config's account, and of one that is nothing else, wait for consent."""
    def situation(stage):
        stage.daemon.login("me")
        stage.daemon.login("new", server=stage.server.origin)
        return stage.run(*arguments)
    return situation


def pending_full(*arguments):
    def situation(stage):
        stage.daemon.login("me")
        return stage.full(*arguments)
    return situation


def while_finishing(*arguments):
    """While the server is asked for the credential of a login that has its consent."""
    def situation(stage):
        url = stage.pasted()
        stage.server.misbehave("auth/session/userkey", misskey.NeverAnswer())
        process = stage.start("callback", url)
        stage.server.wait_for_calls("auth/session/userkey")
        result = stage.run(*arguments)
        process.terminate()
        process.communicate(timeout=60)
        return result
    return situation


def renamed_while_pending(stage):
    stage.authorized("alice", "old").daemon.login("old")
    return stage.run("rename", "old", "new")


def two_accounts(*arguments):
    return lambda stage: stage.authorized("alice", "old").authorized("bob", "other").run(*arguments)


def callback(user="alice"):
    return lambda stage: stage.run("callback", stage.pasted(user))


def callback_rejected(stage):
    stage.server.misbehave("i", misskey.Status(401, '{"error":{"code":"AUTHENTICATION_FAILED"}}', "application/json"))
    return stage.run("callback", stage.pasted())


def callback_full(stage):
    return stage.full("callback", stage.pasted())


def callback_forgotten(stage):
    """The login is cancelled while the server is asked for the credential."""
    url = stage.pasted()
    stage.server.misbehave("auth/session/userkey", misskey.NeverAnswer())
    process = stage.start("callback", url)
    stage.server.wait_for_calls("auth/session/userkey")
    assert stage.run("logout", "me").returncode == 0
    output, errors = process.communicate(timeout=60)
    return subprocess.CompletedProcess([], process.returncode, output, errors)


def refused(*arguments, endpoint="app/create", knob=None):
    def situation(stage):
        stage.server.misbehave(endpoint, knob or misskey.Html(403))
        return stage.run(*arguments)
    return situation


def elsewhere(stage):
    stage.server.misbehave("auth/session/generate", misskey.Rewrite(
        lambda session: {**session, "url": session["url"].replace("127.0.0.1", "other.example")}))
    return stage.run("login", "me")


def rejected(stage):
    stage.server.misbehave("i", misskey.Status(401, '{"error":{"code":"AUTHENTICATION_FAILED"}}', "application/json"))
    return stage.consenting("login", "me")


def unreachable(stage):
    stage.server.stop()
    return stage.run("login", "me")


def verify_unanswered(stage):
    stage.authorized()
    stage.server.misbehave("i", misskey.Html(502))
    return stage.run("verify", "me")


def verify_revoked(stage):
    stage.authorized().server.revoke("alice")
    return stage.run("verify")


def verify_revoked_before(stage):
    verify_revoked(stage)
    return stage.run("verify")


def verify_suspended(stage):
    stage.authorized().server.suspend("alice")
    return stage.run("verify")


def login_suspended(stage):
    stage.server.suspend("alice")
    return stage.consenting("login", "me")


def login_forgotten(stage):
    return stage.follow("login", "me", act=lambda *_: stage.run("logout", "me"))


def login_interrupted(stage):
    return stage.follow("login", "me", act=lambda _, process: process.send_signal(signal.SIGINT))


def wrong_user_of_before(stage):
    """An account of a login is bound to whoever consented first."""
    stage.authorized("alice", "first")
    return stage.consenting("login", "first", user="bob")


def other_user(stage):
    """bob is asked for where alice is."""
    stage.authorized("alice", "first")
    return stage.run("login", "first", "--user", "bob")


def if_needed(stage):
    return stage.authorized().run("login", "me", "--if-needed")


def unreachable_for_long(stage):
    stage.server.stop()
    return stage.run("login", "me", "--timeout", "2s")


def moved(stage):
    stage.server.misbehave("app/create", misskey.Redirect("https://new.example/api/app/create", 301))
    result = stage.run("login", "me")
    assert "Log in again" not in result.stderr
    return result


def callback_wrong_user(stage):
    stage.authorized("alice")
    return stage.run("callback", stage.pasted("bob"))


def bad_config(stage):
    stage.daemon.configure("[account me]\nserevr = x")
    return stage.run("reload")


def open_config(stage):
    stage.daemon.config_file.chmod(0o666)
    return stage.run("reload")


def stopped(*arguments):
    def situation(stage):
        assert stage.daemon.stop() == 0
        return stage.run(*arguments)
    return situation


def no_runtime_directory(stage):
    return stage.run("list", XDG_RUNTIME_DIR="")


def damaged(*arguments):
    return lambda stage: stage.damage().run(*arguments)


def watch_interrupted(stage):
    """A person ends it with Ctrl-C, which is how it is meant to end."""
    process = stage.start("watch")
    line = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    return subprocess.CompletedProcess([], process.returncode, line + output, errors)


NOT_STARTED = [START_ADVICE]
USAGE = ["misskey-authctl help {command}"]
LOGIN = ["misskey-authctl login me"]
SWITCH = ["Sign out at {server} first, or use a private window. This shows an address for it: misskey-authctl login"]
STDOUT = ["Writing to standard output failed: No space left on device."]

# For both profiles of the test server.
WITH_EACH_SERVER = [
    Row("login", consents("login", "me"), 0, [], [], "me\n"),
    Row("login", new_account, 0, [], [], "new\n"),
    Row("login", consents("login", "me", user="bob"), 7,
        ["Your browser is signed in as @bob; me needs @alice. Nothing was changed."], SWITCH),
    Row("login", wrong_user_of_before, 7,
        ["Your browser is signed in as @bob; first needs @alice. Nothing was changed."], SWITCH),
    Row("login", other_user, 7, ["first", "@alice", "@bob"], ["misskey-authctl login first --user bob --replace\n",
                                                              "misskey-authctl login @bob@"]),
    Row("login", login_suspended, 6, ["{server} has suspended @alice"], ["misskey-authctl verify me"]),
    Row("login", rejected, 6, ["{server}", "AUTHENTICATION_FAILED"], LOGIN),
    Row("login", refused("login", "me"), 6, ["{server}", "login of me", "HTTP 403"], ["a firewall in front of it"]),
    Row("login --missing", consents("login", "--missing"), 0, [], [], "me\n"),
    Row("login --missing", consents("login", "--missing", user="bob"), 7, ["signed in as @bob; me needs @alice"], SWITCH),
    Row("callback", callback(), 0, [], [], "me\n"),
    Row("callback", callback_wrong_user, 7,
        ["The browser that approved is signed in as @bob; me needs @alice. Nothing was changed."], SWITCH),
    Row("callback", callback_rejected, 6, ["{server}", "AUTHENTICATION_FAILED"], LOGIN),
    Row("verify", signed_in("verify"), 0, [], [], "me verified\n"),
    Row("verify", verify_revoked, 4, ["{server}", "credential of me", "AUTHENTICATION_FAILED"], LOGIN, "me revoked\n"),
    Row("verify", verify_suspended, 4, ["{server}", "user of me is suspended"], ["misskey-authctl verify me"],
        "me suspended\n"),
    Row("verify", verify_unanswered, 6, ["{server}", "credential of me", "HTTP 502"], ["misskey-authctl verify me"],
        "me verified\n"),
]

WITH_ONE_SERVER = [
    Row("login", full("login", "me", "--no-wait"), 1, STDOUT, [""]),
    Row("login", run("login", "https://other.example", "--as", "me"), 1,
        ["account me", "{server}", "https://other.example"], ["--as"]),
    Row("login", login_interrupted, 1, ["Interrupted", "login of me", "misskey-authctl cancel me"], LOGIN),
    Row("login", run("login", "me", "extra"), 2, ["extra"], USAGE),
    Row("login", run("login", "ftp://x"), 2, ["ftp://x"], ["https"]),
    Row("login", run("login", "no_server"), 2, ["no_server"], ["expected"]),
    Row("login", run("login", "--as", "new"), 2, ["account new"], ["misskey-authctl login misskey.example --as new"]),
    Row("login", run("login", "me", "--timeout", "soon"), 2, ["--timeout"], USAGE),
    Row("login", run("login", "me", "--permission", "every thing!"), 2, ["--permission"], ["read:account"]),
    Row("login", run("login", "me", "--timeout", "1s"), 4, ["nobody approved me"], LOGIN),
    Row("login", login_forgotten, 4, ["login of me", "removed"], LOGIN),
    Row("login", stopped("login", "me"), 5, ["control.sock"], NOT_STARTED),
    Row("login", if_needed, 0, [], [], "me\n"),
    Row("login", run("login", "--permission", "help"), 0, [], [], r"read:account\n(\S+\n)+"),
    Row("login", run("login", "me", "--permission", "+read:drive,write:drive"), 2, ["write:drive"], ["+ or -"]),
    Row("login", unreachable_for_long, 6, ["{server} did not answer in time", "could not be reached"], LOGIN),
    Row("login", moved, 6, ["{server}", "HTTP 301", "https://new.example"], ["log in with that name"]),
    Row("login", unreachable, 6, ["{server}", "login of me", "could not be reached"], LOGIN),
    Row("login", elsewhere, 6, ["{server}", "other.example"], ["its administrator"]),
    Row("login", damaged("login", "me"), 8, ["credentials.json"], ["mv '"]),
    Row("login --missing", full("login", "--missing", "--no-wait"), 0, [], []),
    Row("login --missing", run("login", "--missing", "me"), 2, ["--missing"], ["ACCOUNT"]),
    Row("login --missing", run("login", "--missing", "--timeout", "1s"), 4, ["nobody approved me"], LOGIN),
    Row("login --missing", stopped("login", "--missing"), 5, ["control.sock"], NOT_STARTED),
    Row("login --missing", refused("login", "--missing"), 6, ["{server}", "HTTP 403"], ["a firewall in front of it"]),
    Row("login --missing", damaged("login", "--missing"), 8, ["credentials.json"], ["mv '"]),
    Row("logout", signed_in("logout", "me"), 0, [], []),
    Row("logout", full("logout", "me", "--json"), 1, STDOUT, [""]),
    Row("cancel", pending("cancel", "new"), 0, [], []),
    Row("cancel", pending("cancel", "me"), 0, [], []),
    Row("cancel", run("cancel", "me"), 1, ["No login of me"], [""]),
    Row("cancel", while_finishing("cancel", "me"), 1, ["me"], [""]),
    Row("cancel", pending_full("cancel", "me", "--json"), 1, STDOUT, [""]),
    Row("cancel", run("cancel"), 2, ["ACCOUNT is missing after cancel."], USAGE),
    Row("cancel", run("cancel", "nobody"), 3, ["nobody"], ["misskey-authctl list"]),
    Row("cancel", stopped("cancel", "me"), 5, ["control.sock"], NOT_STARTED),
    Row("cancel", damaged("cancel", "me"), 8, ["credentials.json"], ["mv '"]),
    Row("rename", two_accounts("rename", "old", "new"), 0, [], []),
    Row("rename", two_accounts("rename", "old", "other"), 1, ["other"], [""]),
    Row("rename", run("rename", "me", "new"), 1, ["me"], ["config"]),
    Row("rename", pending("rename", "new", "newer"), 1, ["new", "has no credential"], [""]),
    Row("rename", renamed_while_pending, 1, ["old"], ["misskey-authctl cancel"]),
    Row("rename", lambda stage: stage.authorized("alice", "old").full("rename", "old", "new", "--json"), 1, STDOUT, [""]),
    Row("rename", run("rename"), 2, ["OLD is missing after rename."], USAGE),
    Row("rename", run("rename", "me"), 2, ["NEW is missing after me."], USAGE),
    Row("rename", run("rename", "me", "a/x"), 2, ["a/x"], ["1 to 64"]),
    Row("rename", run("rename", "nobody", "new"), 3, ["nobody"], ["misskey-authctl list"]),
    Row("rename", stopped("rename", "me", "new"), 5, ["control.sock"], NOT_STARTED),
    Row("rename", damaged("rename", "me", "new"), 8, ["credentials.json"], ["mv '"]),
    Row("show", signed_in("show", "me"), 0, [], [], r"Account: +me\n(.*\n)+"),
    Row("show", pending("show", "new"), 0, [], [], r"(.*\n)+Login: .* min left, 0 waiting\n"),
    Row("show", full("show", "me"), 1, STDOUT, [""]),
    Row("show", unread("show", "me"), 1, [], [""], silent=True),
    Row("show", run("show"), 2, ["ACCOUNT is missing after show."], USAGE),
    Row("show", run("show", "nobody"), 3, ["nobody"], ["misskey-authctl list"]),
    Row("show", stopped("show", "me"), 5, ["control.sock"], NOT_STARTED),
    Row("show", damaged("show", "me"), 8, ["credentials.json"], ["mv '"]),
    Row("help", run("help"), 0, [], [], r"usage: misskey-authctl (.*\n)+"),
    Row("help", run("help", "cancel"), 0, [], [], r"usage: misskey-authctl cancel (.*\n)+"),
    Row("help", full("help"), 1, STDOUT, [""]),
    Row("help", run("help", "lgoin"), 2, ["lgoin", "did you mean login?"], ["misskey-authctl help"]),
    Row("help", run("help", "login", "x"), 2, ["x"], USAGE),
    Row("logout", run("logout"), 2, ["ACCOUNT is missing after logout."], USAGE),
    Row("logout", run("logout", "nobody"), 3, ["nobody"], ["misskey-authctl list"]),
    Row("logout", run("logout", "\x1b[31mred"), 3, ["red"], ["misskey-authctl list"]),
    Row("logout", stopped("logout", "me"), 5, ["control.sock"], NOT_STARTED),
    Row("logout", damaged("logout", "me"), 8, ["credentials.json"], ["mv '"]),
    Row("list", signed_in("list"), 0, [], [], r"ACCOUNT .*\nme .*\n"),
    Row("list", pending("list"), 0, [], [], r"ACCOUNT .*LOGIN\n(.* \d\d min left, 0 waiting\n)+"),
    Row("list", full("list"), 1, STDOUT, [""]),
    Row("list", unread("list"), 1, [], [""], silent=True),
    Row("list", run("list", "me"), 2, ["me"], USAGE),
    Row("list", stopped("list"), 5, ["control.sock", "No such file or directory"], NOT_STARTED),
    Row("list", no_runtime_directory, 5, ["XDG_RUNTIME_DIR"], ["name the socket with --socket"]),
    Row("list", run("list", "--socket", "/" + "w" * 120), 5, ["/www"], ["--socket"]),
    Row("list", damaged("list"), 8, ["credentials.json"], ["mv '"]),
    Row("status", signed_in("status"), 0, [], [], r"Version: (.*\n)+"),
    Row("status", damaged("status"), 0, [], [], r"(.*\n)*Problem: .*credentials\.json.*mv '(.*\n)+"),
    Row("status", full("status"), 1, STDOUT, [""]),
    Row("status", run("status", "--jsno"), 2, ["--jsno", "--json"], USAGE),
    Row("status", stopped("status"), 5, ["control.sock"], NOT_STARTED),
    Row("verify", full("verify"), 1, STDOUT, [""]),
    Row("verify", run("verify", "-x"), 2, ["-x"], USAGE),
    Row("verify", run("verify", "nobody"), 3, ["nobody"], ["misskey-authctl list"]),
    Row("verify", run("verify", "me"), 4, ["credential of me"], LOGIN, "me absent\n"),
    Row("verify", verify_revoked_before, 4, ["{server}", "credential of me"], LOGIN, "me revoked\n"),
    Row("verify", stopped("verify"), 5, ["control.sock"], NOT_STARTED),
    Row("verify", damaged("verify"), 8, ["credentials.json"], ["mv '"]),
    Row("watch", watch_interrupted, -signal.SIGINT, [], [""], r".*  me  absent\n"),
    Row("watch", full("watch"), 1, STDOUT, [""]),
    Row("watch", unread("watch"), 1, [], [""], silent=True),
    Row("watch", run("watch", "me"), 2, ["me"], USAGE),
    Row("watch", stopped("watch"), 5, ["control.sock"], NOT_STARTED),
    Row("watch", damaged("watch"), 8, ["credentials.json"], ["mv '"]),
    Row("callback", callback_full, 1, STDOUT, [""]),
    Row("callback", run("callback", "nonsense"), 1, ["address"], ["/callback?token="]),
    Row("callback", run("callback", "5b75ffe5-b877-4810-990f-01e1194ef33c"), 1, ["pending"], ["misskey-authctl list"]),
    Row("callback", run("callback"), 2, ["URL is missing after callback."], USAGE),
    Row("callback", callback_forgotten, 4, ["login of me", "removed"], LOGIN),
    Row("callback", stopped("callback", "x"), 5, ["control.sock"], NOT_STARTED),
    Row("callback", damaged("callback", "x"), 8, ["credentials.json"], ["mv '"]),
    Row("reload", run("reload"), 0, [], []),
    Row("reload", bad_config, 1, ["config.ini:", "serevr"], ["did you mean `server`?"]),
    Row("reload", full("reload", "--json"), 1, STDOUT, [""]),
    Row("reload", run("reload", "now"), 2, ["now"], USAGE),
    Row("reload", stopped("reload"), 5, ["control.sock"], NOT_STARTED),
    Row("reload", open_config, 8, ["config.ini"], ["chmod go-w '"]),
    Row("reload", damaged("reload"), 8, ["credentials.json"], ["mv '"]),
    Row("", run(), 2, ["command"], ["misskey-authctl help"]),
    Row("", run("lgoin"), 2, ["lgoin", "login"], ["misskey-authctl help"]),
    Row("", unread("--help"), 1, [], [""], silent=True),
    Row("", run("--version"), 0, [], [], r"misskey-authctl \d.*\n"),
]


def name(row):
    return f"{row.command or 'none'}-{row.status}"


def play(row, daemon, server):
    daemon.configure(f"[account me]\nserver = {server.origin}\nuser = alice")
    stage = Stage(daemon.start(), server)
    result = row.situation(stage)
    if stage.file:
        stage.file.unlink()
    check(row, result, secrets_of(daemon, [server]), server=server.origin, command=row.command)


@pytest.mark.parametrize("row", WITH_EACH_SERVER, ids=name)
def test_authctl_with_each_server(server, make_daemon, row):
    play(row, make_daemon(servers=[server]), server)


@pytest.mark.parametrize("row", WITH_ONE_SERVER, ids=name)
def test_authctl(server_2025, make_daemon, row):
    play(row, make_daemon(servers=[server_2025]), server_2025)


# ---- What else the control API may answer ----

@pytest.mark.parametrize("method, path, body, code", [
    ("GET", "/v1/nothing", None, "NOT_FOUND"),
    ("PUT", "/v1/status", None, "METHOD_NOT_ALLOWED"),
    ("GET", "/v1/status?x=1", None, "INVALID_REQUEST"),
    ("GET", "/v1/accounts/-x", None, "INVALID_REQUEST"),
    ("GET", "/v1/accounts/me/login?wait=x", None, "INVALID_REQUEST"),
    ("GET", "/v1/accounts/nobody", None, "NO_SUCH_ACCOUNT"),
    ("DELETE", "/v1/accounts/nobody", None, "NO_SUCH_ACCOUNT"),
    ("DELETE", "/v1/accounts/nobody/login", None, "NO_SUCH_ACCOUNT"),
    ("DELETE", "/v1/accounts/me/login", None, "NOT_FOUND"),
    ("POST", "/v1/accounts/nobody/rename", {"to": "x"}, "NO_SUCH_ACCOUNT"),
    ("POST", "/v1/accounts/me/rename", {"to": "x"}, "CONFLICT"),
    ("POST", "/v1/accounts/me/rename", {"to": "a/x"}, "INVALID_REQUEST"),
    ("POST", "/v1/accounts/me/rename", {}, "INVALID_REQUEST"),
    ("GET", "/v1/accounts/nobody/login", None, "NO_SUCH_ACCOUNT"),
    ("GET", "/v1/accounts/me/login", None, "NOT_FOUND"),
    ("GET", "/v1/accounts/nobody/token", None, "NO_SUCH_ACCOUNT"),
    ("GET", "/v1/accounts/me/token", None, "NO_CREDENTIAL"),
    ("POST", "/v1/accounts/nobody/verify", None, "NO_SUCH_ACCOUNT"),
    ("POST", "/v1/accounts/me/verify", None, "NO_CREDENTIAL"),
    ("POST", "/v1/accounts/nobody/login", {}, "NO_SUCH_ACCOUNT"),
    ("POST", "/v1/accounts/me/login", [], "INVALID_REQUEST"),
    ("POST", "/v1/accounts/me/login", {"x": 1}, "INVALID_REQUEST"),
    ("POST", "/v1/accounts/me/login", {"server": 1}, "INVALID_REQUEST"),
    ("POST", "/v1/accounts/me/login", {"server": "ftp://x"}, "INVALID_REQUEST"),
    ("POST", "/v1/accounts/me/login", {"browser": 1}, "INVALID_REQUEST"),
    ("POST", "/v1/accounts/me/login", {"user": "a b"}, "INVALID_REQUEST"),
    ("POST", "/v1/accounts/me/login", {"permission": "!"}, "INVALID_REQUEST"),
    ("POST", "/v1/accounts/me/login", {"user": "bob"}, "CONFLICT"),
    ("POST", "/v1/accounts/me/login", {"permission": "read:drive"}, "CONFLICT"),
    ("POST", "/v1/callback", {"url": "x"}, "INVALID_REQUEST"),
    ("POST", "/v1/callback", {"url": "5b75ffe5-b877-4810-990f-01e1194ef33c"}, "NO_SUCH_SESSION"),
])
def test_errors_of_the_control_api_are_sentences(asked, method, path, body, code):
    status, answer = asked.control(method, path, body)
    assert status >= 400 and answer["error"]["code"] == code
    check_message(answer["error"]["message"] + "\n")


def test_a_body_that_is_no_json_is_said_in_a_sentence(asked):
    reply = subprocess.run(["curl", "-sS", "--unix-socket", asked.socket, "-d", "{", "http://localhost/v1/callback"],
                           capture_output=True, text=True, check=True).stdout
    check_message(json.loads(reply)["error"]["message"] + "\n")


@pytest.fixture(scope="module", name="asked")
def asked_fixture(tmp_path_factory):
    daemon = Daemon(tmp_path_factory.mktemp("asked"), "[account me]\nserver = misskey.example\nuser = alice")
    yield daemon.start()
    assert daemon.stop() == 0, daemon.log()


# ---- misskey-token: situations ----

@pytest.fixture(scope="module", name="kept")
def kept_fixture(tmp_path_factory):
    """What a daemon left behind that is not running any more: accounts in every state, and their secrets."""
    with MisskeyServer() as server:
        daemon = Daemon(tmp_path_factory.mktemp("kept"))
        daemon.configure(f"[account absent]\nserver = {server.origin}")
        daemon.start()
        for account, user in (("good", "alice"), ("revoked", "bob"), ("suspended", "bob")):
            authorize(daemon, server, account, user)
            if account == "revoked":
                server.revoke(user)
                assert daemon.authctl("verify", "revoked").returncode == 4
        server.suspend("bob")
        assert daemon.authctl("verify", "suspended").returncode == 4
        secrets = secrets_of(daemon, [server])
        assert daemon.stop() == 0
    yield daemon, server.origin, secrets


class Files:
    """A copy of what the daemon left, to be spoilt."""

    def __init__(self, kept, directory):
        self.daemon, self.server, self.secrets = kept
        self.home = directory / "home"
        shutil.copytree(self.daemon.home, self.home)
        self.state = self.home / ".local/state/misskey-authd"
        self.accounts = self.state / "accounts"
        self.file = self.accounts / "good/env"
        self.program = BIN / TOKEN
        self.options = {"stdout": subprocess.PIPE}

    def run(self, *arguments):
        result = subprocess.run([self.program, *arguments], env={**self.daemon.env, "HOME": str(self.home)},
                                stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=60, **self.options)
        return subprocess.CompletedProcess(arguments, result.returncode, result.stdout or "", result.stderr)


def as_it_is(_):
    pass


def only_one(files):
    for other in ("absent", "revoked", "suspended"):
        shutil.rmtree(files.accounts / other)


def none(files):
    shutil.rmtree(files.accounts)
    files.accounts.mkdir(0o700)


def no_state(files):
    shutil.rmtree(files.state)


def others_may_read(files):
    files.file.chmod(0o644)


def of_another_user(files):
    os.chown(files.file, 12345, -1)


def link(files):
    files.file.rename(files.home / "good")
    files.file.symlink_to(files.home / "good")


def fifo(files):
    files.file.unlink()
    os.mkfifo(files.file, 0o600)


def directory(files):
    files.file.unlink()
    files.file.mkdir()


def cut(files):
    files.file.write_bytes(files.file.read_bytes()[:-5])


def changed(files):
    files.file.write_text(files.file.read_text().replace("=verified", "=excellent"))


def without_user(files):
    files.file.write_text(re.sub("^MISSKEY_USER=.*\n", "", files.file.read_text(), flags=re.M))


def not_a_directory(files):
    none(files)
    files.accounts.rmdir()
    files.accounts.write_text("")


def full_stdout(files):
    only_one(files)
    files.options["stdout"] = open("/dev/full", "w", encoding="ascii")


def closed_stdout(files):
    only_one(files)
    reader, writer = os.pipe()
    os.close(reader)
    files.options["stdout"] = writer


def no_stdout(files):
    only_one(files)
    files.options = {"stdout": None, "preexec_fn": lambda: os.close(1)}


USAGE_TOKEN = ["usage: misskey-token"]
RESTART = ["systemctl --user restart misskey-authd (without systemd: end misskey-authd and run it again)"]
MODES = {
    "": "[0-9a-f]{{64}}\n",
    "--json": '\\{{"account":"good","server":"{server}","user":\\{{"id":"[^"]+","username":"alice"\\}},'
              '"i":"[0-9a-f]{{64}}","permission":\\["read:account"(,"[a-z:-]+")*\\],"state":"verified"\\}}\n',
    "--env": "MISSKEY_STATE=verified\nMISSKEY_SERVER={server}\n(MISSKEY_[A-Z_]+=.+\n)+",
    "--header": "Authorization: Bearer [0-9a-f]{{64}}\n",
    "--server": "{server}\n",
    "--path": "/.*/accounts/good/token\n",
    "--format {token}@{user|sh}": "[0-9a-f]{{64}}@'alice'\n",
    "--exec env": "(.*\n)*MISSKEY_TOKEN=[0-9a-f]{{64}}\n(.*\n)*",
}


def rows_of_a_mode(mode, value):
    """All that any mode but --list can meet."""
    yield Row(f"good {mode}", as_it_is, 0, [], [], value)
    yield Row(mode, only_one, 0, [], [], value)
    yield Row(mode, as_it_is, 2, ["Which account?"], ["absent, good, revoked, suspended"])
    yield Row(f"godo {mode}", as_it_is, 3, ["godo"], ["did you mean good?"])
    yield Row(f"good {mode}", no_state, 3, ["good"], ["misskey-authctl login SERVER"])
    yield Row(mode, none, 4, ["no account yet"], ["misskey-authctl login SERVER"])
    yield Row(mode, no_state, 4, ["no account yet"], ["misskey-authctl login SERVER"])
    yield Row(f"absent {mode}", as_it_is, 4, ["absent"], ["misskey-authctl login absent"])
    yield Row(f"revoked {mode}", as_it_is, 4, ["{server}", "credential of revoked"], ["misskey-authctl login revoked"])
    yield Row(f"suspended {mode}", as_it_is, 4, ["{server}", "suspended"], ["misskey-authctl verify suspended"])
    yield Row(f"good {mode}", others_may_read, 8, ["{file}", "0644"], ["chmod 600 '{file}'"])
    if os.geteuid() == 0:
        yield Row(f"good {mode}", of_another_user, 8, ["{file}", "12345"], ["Run it as that user"])
    for spoil in (link, fifo, directory):
        yield Row(f"good {mode}", spoil, 8, ["{file}", "Remove it"], RESTART)
    for spoil in (cut, changed):
        yield Row(f"good {mode}", spoil, 8, ["{file}", "damaged"], RESTART)
    if not mode.startswith("--exec"):
        yield Row(mode, full_stdout, 1, STDOUT, [""])
        yield Row(mode, closed_stdout, 1, [], [""], "", silent=True)
        yield Row(mode, no_stdout, 1, ["Writing to standard output failed: Bad file descriptor."], [""])


TOKEN_ROWS = [row for mode, value in MODES.items() for row in rows_of_a_mode(mode, value)] + [
    Row("--list", as_it_is, 0, [], [], "absent\ngood\nrevoked\nsuspended\n"),
    Row("--list", none, 0, [], []),
    Row("--list", no_state, 0, [], []),
    Row("--list", not_a_directory, 1, ["/accounts cannot be read: Not a directory."], [""]),
    Row("--list good", as_it_is, 2, ["--list"], USAGE_TOKEN),
    Row("--list", full_stdout, 1, STDOUT, [""]),
    Row("--jsno", as_it_is, 2, ["--jsno", "--json"], USAGE_TOKEN),
    Row("--json=1", as_it_is, 2, ["--json"], USAGE_TOKEN),
    Row("-x", as_it_is, 2, ["-x"], USAGE_TOKEN),
    Row("good bad", as_it_is, 2, ["one account"], USAGE_TOKEN),
    Row("--json --env", as_it_is, 2, ["--json", "--env"], USAGE_TOKEN),
    Row("good --exec", as_it_is, 2, ["--exec needs a command"], USAGE_TOKEN),
    Row("good --exec /etc", as_it_is, 126, ["/etc cannot be started: Permission denied."], [""]),
    Row("good --exec no-such-program", as_it_is, 127, ["no-such-program cannot be started: No such file"], [""]),
    Row("good --set I=token --set H=host --exec env", as_it_is, 0, [], [], "(.*\n)*I=[0-9a-f]{{64}}\n(.*\n)*"),
    Row("good --set I=user --exec env", without_user, 1, ["The account good has no user."], [""]),
    Row("good --set I=tokn --exec env", as_it_is, 2, ["tokn", "did you mean token?"], USAGE_TOKEN),
    Row("good --set 1=token --exec env", as_it_is, 2, ["1=token", "VARIABLE=FIELD"], USAGE_TOKEN),
    Row("--set I=token --set I=host --exec env", as_it_is, 2, ["I=host", "once"], USAGE_TOKEN),
    Row("good --set I=token", as_it_is, 2, ["--set needs --exec"], USAGE_TOKEN),
    Row("good --set I=token --exec no-such-program", as_it_is, 127, ["no-such-program cannot be started"], [""]),
    Row("good --format {user}", without_user, 1, ["The account good has no user."], [""]),
    Row("good --format {tokn}", as_it_is, 2, ["tokn", "did you mean token?"], USAGE_TOKEN),
    Row("good --format {token|html}", as_it_is, 2, ["token|html", "json, sh, url"], USAGE_TOKEN),
    Row("good --format {token", as_it_is, 2, ["A brace"], USAGE_TOKEN),
    Row("good --format token}", as_it_is, 2, ["A brace"], USAGE_TOKEN),
    Row("good --format", as_it_is, 2, ["--format needs a value"], USAGE_TOKEN),
    Row("--credential-helper", as_it_is, 2, ["--credential-helper needs a value"], USAGE_TOKEN),
    Row("--credential-helper get", as_it_is, 0, [], [], "", silent=True),
    Row("godo --credential-helper get", as_it_is, 3, ["godo"], ["did you mean good?"]),
    Row("revoked --credential-helper store", as_it_is, 0, [], [], "", silent=True),
    Row("--help", as_it_is, 0, [], [], "usage: misskey-token (.*\n)+"),
    Row("--version", full_stdout, 1, STDOUT, [""]),
]


def token_name(row):
    return f"{row.command.replace(' ', '_')}-{row.situation.__name__}-{row.status}"


@pytest.mark.parametrize("row", TOKEN_ROWS, ids=token_name)
def test_token(kept, tmp_path, row):
    files = Files(kept, tmp_path)
    row.situation(files)
    result = files.run(*row.command.split())
    check(row, result, files.secrets, server=re.escape(files.server) if row.status == 0 else files.server,
          file=str(files.file))


# ---- The manual ----

@pytest.mark.parametrize("program, rows", [(AUTHCTL, WITH_EACH_SERVER + WITH_ONE_SERVER), (TOKEN, TOKEN_ROWS)])
def test_the_manual_lists_the_statuses_that_are_met_and_no_other(program, rows):
    """A signal's is no exit status."""
    assert {row.status for row in rows if row.status >= 0} == statuses_in_the_manual(program)
