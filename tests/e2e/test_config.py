# SPDX-License-Identifier: MIT
"""The configuration file and the command line: what is wrong is named with its place and what was expected."""

import json
import stat

import pytest

from harness import ROOT, authorize, consent

GOOD = """\
[daemon]
listen = 127.0.0.1:41987
session_time = 15m
poll_interval = 5s
request_time = 30s
log_level = info

[account alice]
server = misskey.example
permission = read:account,write:notes
user = alice
name = My scripts
description = What they do

[account bob]  ; on this machine
server = http://127.0.0.1:3000
permission =
"""

# The file, the line that is named, and what must be said about it.
BAD = {
    "unknown key": ("[daemon]\nlog_levle = info\n", 2, ["log_levle", "expected", "did you mean `log_level`"]),
    "unknown account key": ("[account a]\nserver = a.example\npermision = x\n", 3,
                            ["permision", "did you mean `permission`"]),
    "unknown section": ("[daemon]\n[acount a]\n", 2, ["acount", "did you mean `account`"]),
    "daemon twice": ("[daemon]\n\n[daemon]\n", 3, ["[daemon]", "once", "line 1"]),
    "key twice": ("[daemon]\nlog_level = info\nlog_level = debug\n", 3, ["log_level", "once"]),
    "account twice": ("[account a]\nserver = a.example\n[account a]\nserver = b.example\n", 3, ["once", "line 1"]),
    "no section": ("listen = 127.0.0.1:1\n", 1, ["listen", "[daemon] or [account NAME]"]),
    "no server": ("[daemon]\n[account a]\nuser = b\n", 2, ["has no server", "server = misskey.example"]),
    "no value": ("[daemon]\nlisten\n", 2, ["listen", "key = value"]),
    "open section": ("[daemon\n", 1, ["closing ]"]),
    "after a section": ("[daemon] x\n", 1, ["nothing after the ]"]),
    "indented": ("[daemon]\n log_level = info\n", 2, ["no blank"]),
    "account name": ("[account ../x]\nserver = a.example\n", 1, ["../x", "an account's name"]),
    "no account name": ("[account]\nserver = a.example\n", 1, ["[account NAME]"]),
    "listen elsewhere": ("[daemon]\nlisten = 0.0.0.0:41987\n", 2, ["listen", "0.0.0.0", "127.0.0.1"]),
    "listen port": ("[daemon]\nlisten = 127.0.0.1:65536\n", 2, ["listen", "65536"]),
    "session time": ("[daemon]\nsession_time = 30\n", 2, ["session_time", "expected", "1m"]),
    "poll interval": ("[daemon]\npoll_interval = 5 s\n", 2, ["poll_interval", "expected"]),
    "poll intervals": ("[daemon]\npoll_interval_max = 30s\npoll_interval = 1m\n", 2,
                       ["poll_interval_max", "poll_interval, which is 60s in line 3"]),
    "request time": ("[daemon]\nrequest_time = 1h\n", 2, ["request_time", "expected", "5m"]),
    "log level": ("[daemon]\nlog_level = debgu\n", 2, ["debgu", "did you mean `debug`"]),
    "ca file": ("[daemon]\nca_file = ~/ca.pem\n", 2, ["ca_file", "absolute path"]),
    "http elsewhere": ("[account a]\nserver = http://misskey.example\n", 2, ["server", "https"]),
    "server path": ("[account a]\nserver = https://misskey.example/auth\n", 2, ["server", "/auth"]),
    "permission": ("[account a]\nserver = a.example\npermission = read account\x7f\n", 3, ["control characters"]),
    "user": ("[account a]\nserver = a.example\nuser = <b>\n", 3, ["user", "<b>"]),
    "two users": ("[account a]\nserver = @alice@a.example\nuser = bob\n", 1, ["bob", "@alice@a.example"]),
    "name": (f"[account a]\nserver = a.example\nname = {'x' * 129}\n", 3, ["name", "128"]),
    "description": (f"[account a]\nserver = a.example\ndescription = {'x' * 513}\n", 3, ["description", "512"]),
    "nul byte": ("[daemon]\nlog_level = in\0fo\n", 2, ["NUL"]),
    "long line": (f"[daemon]\nlog_level = {'x' * 100_000}\n", 2, ["bytes"]),
}


@pytest.fixture
def idle(make_daemon):
    """A daemon that is never started: a home to check files in."""
    return make_daemon()


def check(daemon, text, *options):
    file = daemon.directory / "checked.ini"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    file.chmod(0o600)
    return file, daemon.run("misskey-authd", "--check-config", "-c", str(file), *options)


def test_a_good_config_is_called_good(idle):
    file, done = check(idle, GOOD)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout == f"{file}: good\n"
    assert not idle.state.exists() and not idle.socket.exists(), "a check leaves nothing behind"


def test_the_example_is_good_and_shows_the_defaults(idle):
    example = (ROOT / "config.example.ini").read_text()
    assert check(idle, example)[1].returncode == 0
    # Every commented key may be switched on.
    switched_on = "".join(
        line.removeprefix("# ") if line.startswith("# [") or (" = " in line and line[2:3].islower()) else line
        for line in example.splitlines(keepends=True)
    )
    file, done = check(idle, switched_on)
    assert done.returncode == 0, done.stderr
    assert switched_on.count("\nserver = ") == 1 and "\nlisten = 127.0.0.1:41987" in switched_on


@pytest.mark.parametrize("text", ["", "\n# nothing\n", "[daemon]", "\ufeff[daemon]\r\nlog_level = info\r\n"])
def test_small_configs_are_good(idle, text):
    assert check(idle, text)[1].returncode == 0


@pytest.mark.parametrize("kind", BAD)
def test_what_is_wrong_is_named_with_its_line(idle, kind):
    text, line, expected = BAD[kind]
    file, done = check(idle, text)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{file}:{line}: " in done.stderr
    for each in expected:
        assert each in done.stderr
    assert len(done.stderr) < 1000
    # The daemon says the same, and does not start.
    started = idle.run("misskey-authd", "-c", str(file))
    assert (started.returncode, started.stderr) == (1, done.stderr)


def test_terminals_are_safe_from_a_config(idle):
    _, done = check(idle, b"[daemon]\nlog_level = \x1b[31m\xff\n")
    assert done.returncode == 1 and "\x1b" not in done.stderr and ":2: " in done.stderr


@pytest.mark.parametrize("mode", [0o602, 0o662, 0o666])
def test_a_config_that_others_may_write_is_refused(idle, mode):
    file, _ = check(idle, GOOD)
    file.chmod(mode)
    for options in (("--check-config",), ()):
        done = idle.run("misskey-authd", "-c", str(file), *options)
        assert (done.returncode, done.stdout) == (8, "")
        assert str(file) in done.stderr and "chmod go-w" in done.stderr
    file.chmod(0o644)
    assert idle.run("misskey-authd", "--check-config", "-c", str(file)).returncode == 0


def test_a_config_that_is_not_there(idle):
    missing = idle.directory / "missing.ini"
    done = idle.run("misskey-authd", "--check-config", "-c", str(missing))
    assert done.returncode == 1 and str(missing) in done.stderr and "No such file" in done.stderr
    # Without -c, and without a config at the usual place, the defaults apply.
    idle.config_file.unlink()
    assert idle.run("misskey-authd", "--check-config").returncode == 0


def test_a_config_that_is_no_file(idle):
    done = idle.run("misskey-authd", "--check-config", "-c", str(idle.directory))
    assert done.returncode == 8 and "regular file" in done.stderr


def test_the_usual_config_is_read(idle):
    idle.config_file.write_text("[daemon]\nlog_levle = info\n")
    done = idle.run("misskey-authd", "--check-config")
    assert done.returncode == 1 and f"{idle.config_file}:2: " in done.stderr
    elsewhere = idle.directory / "elsewhere/misskey-authd/config.ini"
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_text(GOOD)
    done = idle.run("misskey-authd", "--check-config", XDG_CONFIG_HOME=str(idle.directory / "elsewhere"))
    assert (done.returncode, done.stdout) == (0, f"{elsewhere}: good\n")


# The command line


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(idle, option):
    done = idle.run("misskey-authd", option)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("usage: misskey-authd")
    for each in ("--config", "--check-config", "--log-level", "--version"):
        assert each in done.stdout


def test_version(idle):
    status = [idle.run("misskey-authd", option) for option in ("--version", "-V")]
    assert all(done.returncode == 0 and done.stdout.startswith("misskey-authd ") for done in status)


@pytest.mark.parametrize("options", [["--nonsense"], ["-c"], ["argument"], ["--log-level", "loud"], ["-x"]])
def test_a_wrong_command_line(idle, options):
    done = idle.run("misskey-authd", *options)
    assert (done.returncode, done.stdout) == (2, "") and "misskey-authd" in done.stderr


def test_no_place_for_the_control_socket(idle):
    done = idle.run("misskey-authd", XDG_RUNTIME_DIR="")
    assert done.returncode == 1 and "XDG_RUNTIME_DIR" in done.stderr


# Accounts of the config


def account(server, name="alice", **keys):
    lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
    return f"[account {name}]\nserver = {server.origin}\n{lines}\n"


def test_an_account_of_the_config_is_logged_in_by_its_name(server, make_daemon):
    daemon = make_daemon(config=account(server, permission="read:account"), servers=[server]).start()
    (listed,) = daemon.control("GET", "/v1/accounts")[1]["accounts"]
    assert (listed["account"], listed["source"], listed["state"]) == ("alice", "config", "absent")
    assert daemon.token("alice").returncode == 4
    consent(daemon, server, daemon.login("alice"))
    assert daemon.outcome("alice")["outcome"] == "AUTHORIZED"
    (app,) = server.apps.values()
    assert app.permission == ["read:account"]
    assert daemon.credentials()["alice"]["permission"] == ["read:account"]


def test_what_the_consent_page_is_told_comes_from_the_config(server_2025, make_daemon):
    text = account(server_2025) + "name = Grüße & <b>\ndescription = Wofür; das\n"
    daemon = make_daemon(config=text, servers=[server_2025]).start()
    daemon.login("alice")
    (app,) = server_2025.apps.values()
    assert (app.name, app.description) == ("Grüße & <b>", "Wofür; das")
    assert app.callback_url == f"http://127.0.0.1:{daemon.port}/callback"


def test_a_login_that_contradicts_the_config_is_refused(server_2025, make_daemon):
    daemon = make_daemon(config=account(server_2025, user="alice"), servers=[server_2025]).start()
    for body in ({"permission": "write:drive"}, {"user": "bob"}, {"server": "other.example"}):
        status, answer = daemon.control("POST", "/v1/accounts/alice/login", body)
        assert (status, answer["error"]["code"]) == (409, "CONFLICT"), body
        assert "alice" in answer["error"]["message"] and "in the config" in answer["error"]["message"]
    done = daemon.authctl("login", "alice", "--permission", "write:drive")
    assert done.returncode == 1 and done.stdout == "" and "--as" in done.stderr
    assert not server_2025.requests
    # Said again in other words, it is no contradiction.
    same = daemon.login("alice", server=server_2025.origin, user="ALICE")
    assert same["state"] == "consent"


def test_only_the_user_of_the_config_may_consent(server, make_daemon):
    daemon = make_daemon(config=account(server, user="bob"), servers=[server]).start()
    _, (_, _, _, text) = consent(daemon, server, daemon.login("alice"), "alice")
    end = daemon.outcome("alice")
    assert end["outcome"] == "WRONG_USER" and end["expected_user"] == "bob"
    assert "different user" in text and "@alice" in text and "@bob" in text
    assert not daemon.credentials() and daemon.token("alice").returncode == 4
    assert not (daemon.state / "accounts/alice/token").exists()
    consent(daemon, server, daemon.login("alice"), "bob")
    assert daemon.outcome("alice")["outcome"] == "AUTHORIZED"


def test_a_user_is_written_with_or_without_at_and_in_any_case(server_2025, make_daemon):
    daemon = make_daemon(config=account(server_2025, "me", user="@Alice"), servers=[server_2025]).start()
    assert daemon.account("me")["expected_user"].lower() == "alice"
    consent(daemon, server_2025, daemon.login("me"))
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"


def test_other_permissions_make_another_app_and_end_a_pending_login(server_2025, make_daemon):
    daemon = make_daemon(config=account(server_2025, permission="read:account"), servers=[server_2025]).start()
    login = daemon.login("alice")
    daemon.configure(account(server_2025, permission="read:account,write:notes"))
    daemon.restart()
    assert daemon.account("alice")["login"] is None
    again = daemon.login("alice")
    assert again["start_url"] != login["start_url"]
    consent(daemon, server_2025, again)
    assert daemon.outcome("alice")["outcome"] == "AUTHORIZED"
    assert daemon.credentials()["alice"]["permission"] == ["read:account", "write:notes"]
    assert len(server_2025.calls("app/create")) == 2


def test_an_account_that_left_the_config_keeps_its_credential(server_2025, make_daemon):
    """The file may be broken for a moment: what cost a click is removed only on request."""
    daemon = make_daemon(config=account(server_2025), servers=[server_2025]).start()
    consent(daemon, server_2025, daemon.login("alice"))
    assert daemon.outcome("alice")["outcome"] == "AUTHORIZED"
    daemon.configure()
    daemon.restart()
    assert daemon.account("alice")["state"] == "verified"
    assert daemon.token("alice").returncode == 0


def test_the_port_of_the_config_is_listened_on(server_2025, make_daemon):
    daemon = make_daemon(servers=[server_2025])
    daemon.config_file.write_text("[daemon]\nlisten = 127.0.0.1:0\n")
    daemon.start()
    url = daemon.control("GET", "/v1/status")[1]["callback_url"]
    port = int(url.removeprefix("http://127.0.0.1:").removesuffix("/callback"))
    assert port not in (0, 41987)
    daemon.port = port
    assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"
    assert stat.S_ISSOCK(daemon.socket.stat().st_mode)


DOUBT = "[account me]: Misskey has no permission write:notee; did you mean write:notes?"


def test_a_permission_that_misskey_does_not_have_is_warned_of(daemon):
    """It may be a fork's, so the config is good all the same."""
    section = "[account me]\nserver = misskey.example\npermission = {}"
    daemon.configure(section.format("write:notee,write:admin:user-note"))
    shown = daemon.run("misskey-authd", "--check-config")
    assert shown.returncode == 0 and shown.stderr == f"{daemon.config_file}: {DOUBT}\n"
    assert daemon.log().count(DOUBT) == 0
    assert daemon.authctl("reload").returncode == 0
    assert daemon.log().count(DOUBT) == 1
    assert daemon.stop() == 0
    daemon.start()
    assert daemon.log().count(DOUBT) == 2
    found = json.loads(daemon.authctl("doctor", "--json").stdout)["findings"]
    (finding,) = [finding for finding in found if DOUBT in finding["message"]]
    assert (finding["check"], finding["status"]) == ("config", "warning") and "--permission help" in finding["remedy"]
    daemon.configure(section.format("write:notes"))
    assert daemon.run("misskey-authd", "--check-config").stderr == ""


@pytest.mark.parametrize("written", ["@alice@misskey.example", "alice@misskey.example", "https://misskey.example/@alice"])
def test_a_server_may_have_a_user(daemon, written):
    daemon.configure(f"[account me]\nserver = {written}")
    assert daemon.authctl("reload").returncode == 0
    account = daemon.control("GET", "/v1/accounts/me")[1]
    assert (account["server"], account["expected_user"]) == ("https://misskey.example", "alice")
