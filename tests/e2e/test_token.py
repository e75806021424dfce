# SPDX-License-Identifier: MIT
"""misskey-token: one file read for each mode, its exit statuses, and what it refuses to use."""

import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import urllib.parse
import zlib

import pytest

PROGRAMS = pathlib.Path(os.environ.get("MISSKEY_BIN_DIR", "build/asan/bin")).absolute()
PROGRAM = PROGRAMS / "misskey-token"
TOKEN = "0123456789abcdef" * 4
NAME = "misskey.example"


def lines(**changes):
    values = {
        "MISSKEY_STATE": "verified",
        "MISSKEY_SERVER": "https://misskey.example",
        "MISSKEY_URL": None,
        "MISSKEY_HOST": None,
        "MISSKEY_ACCOUNT": NAME,
        "MISSKEY_USER": "alice",
        "MISSKEY_USER_ID": "9abcdef",
        "MISSKEY_PERMISSION": "read:account,write:notes",
        "MISSKEY_TOKEN": TOKEN,
    }
    values.update(changes)
    server = values["MISSKEY_SERVER"] or ""
    values["MISSKEY_URL"] = server
    values["MISSKEY_HOST"] = server.partition("://")[2]
    return "".join(f"{key}={value}\n" for key, value in values.items() if value is not None)


class State:
    """A state directory as the daemon keeps it, and the program run with it."""

    def __init__(self, directory):
        self.base = directory
        self.directory = directory / "misskey-authd"
        self.accounts = self.directory / "accounts"
        self.accounts.mkdir(parents=True, mode=0o700)

    def write(self, name=NAME, content=None, mode=0o600, **changes):
        path = self.file(name)
        if content is None:
            content = lines(MISSKEY_ACCOUNT=name, **changes)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return path

    def file(self, name=NAME):
        """The path of the account's env, whose directory is made."""
        path = self.accounts / name / "env"
        path.parent.mkdir(mode=0o700, exist_ok=True)
        return path

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": "/nonexistent",
                "XDG_STATE_HOME": str(self.base)}

    def run(self, *arguments, program=PROGRAM, **options):
        options.setdefault("env", self.environment())
        options.setdefault("stdout", subprocess.PIPE)
        if "input" not in options:
            options["stdin"] = subprocess.DEVNULL
        return subprocess.run([program, *arguments], stderr=subprocess.PIPE,
                              text=True, timeout=60, **options)


@pytest.fixture
def state(tmp_path):
    return State(tmp_path)


def refused(result, status):
    """Nothing but a message, which never has the token."""
    assert result.returncode == status, result.stderr
    assert not result.stdout
    assert result.stderr
    assert TOKEN not in result.stderr
    return result.stderr


# What is printed

@pytest.mark.parametrize("arguments, output", [
    ([], TOKEN + "\n"),
    (["--header"], f"Authorization: Bearer {TOKEN}\n"),
    (["--server"], "https://misskey.example\n"),
    (["--env"], lines()),
])
def test_value_alone_is_on_stdout(state, arguments, output):
    state.write()
    for call in ([NAME, *arguments], [*arguments, NAME], arguments):
        result = state.run(*call)
        assert (result.returncode, result.stdout, result.stderr) == (0, output, "")


def test_json(state):
    state.write(MISSKEY_STATE="unverified")
    assert json.loads(state.run(NAME, "--json").stdout) == {
        "account": NAME, "server": "https://misskey.example", "user": {"id": "9abcdef", "username": "alice"},
        "i": TOKEN, "permission": ["read:account", "write:notes"], "state": "unverified"}


@pytest.mark.parametrize("changes, user", [
    ({"MISSKEY_USER": None}, {"id": "9abcdef", "username": None}),
    ({"MISSKEY_USER": ""}, {"id": "9abcdef", "username": None}),
    ({"MISSKEY_USER_ID": None}, None),
    ({"MISSKEY_USER_ID": ""}, None),
])
def test_json_has_null_for_what_is_not_known_of_the_user(state, changes, user):
    state.write(**changes)
    assert json.loads(state.run("--json").stdout)["user"] == user


@pytest.mark.parametrize("value, permission", [
    (None, []), ("", []), ("write:notes", ["write:notes"]), ("a,b,c:d/e", ["a", "b", "c:d/e"])])
def test_json_has_the_permissions_as_a_list(state, value, permission):
    state.write(MISSKEY_PERMISSION=value)
    assert json.loads(state.run("--json").stdout)["permission"] == permission


def test_path_is_that_of_the_file_with_the_token_alone(state):
    state.write()
    assert state.run(NAME, "--path").stdout == f"{state.directory}/accounts/{NAME}/token\n"


def test_env_passes_on_known_lines_alone(state):
    state.write(content=lines() + "MISSKEY_FUTURE=1;$(x)\nOTHER=y\n")
    assert state.run("--env").stdout == lines()


def test_list_is_sorted_and_leaves_out_temporary_files(state):
    for name in ("zeta", "@bad", "alpha", ".tmp-0123", "b@c.example:8443"):
        state.write(name)
    (state.accounts / "file").touch()
    (state.accounts / "being-made").mkdir()
    result = state.run("--list")
    assert (result.returncode, result.stdout) == (0, "alpha\nb@c.example:8443\nzeta\n")


def test_list_without_state_directory_is_empty(state):
    state.accounts.rmdir()
    result = state.run("--list")
    assert (result.returncode, result.stdout) == (0, "")


def test_home_stands_in_for_xdg_state_home(state, tmp_path):
    home = tmp_path / "home"
    (home / ".local/state").mkdir(parents=True)
    state.write()
    state.directory.rename(home / ".local/state/misskey-authd")
    environment = {"HOME": str(home), "XDG_STATE_HOME": "relative"}
    assert state.run(NAME, env=environment).stdout == TOKEN + "\n"


@pytest.mark.parametrize("mode", [
    [], ["--json"], ["--format", "{token}@{host}"], ["--set", "A=host", "--exec", "true"]], ids=str)
def test_one_file_is_opened_and_the_daemon_is_not_asked(state, mode):
    """With a name it is flat from 1 to 10,000 accounts: no directory is read."""
    state.write()
    trace = state.base / "trace"
    try:
        subprocess.run(["strace", "-o", trace, "-e", "trace=%file,%network,getdents64", "true"],
                       check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("strace is missing or cannot trace here")
    subprocess.run(["strace", "-f", "-o", trace, "-e", "trace=%file,%network,getdents64", PROGRAM,
                    NAME, *mode], check=True, capture_output=True,
                   # LeakSanitizer, where it is built in, cannot work under ptrace.
                   env={**state.environment(), "ASAN_OPTIONS": "detect_leaks=0"})
    calls = [line for line in trace.read_text().splitlines() if str(state.base) in line]
    assert len([line for line in calls if "open" in line]) == 1
    assert not [line for line in trace.read_text().splitlines()
                if "socket(" in line or "getdents" in line]


# Which account

def test_several_accounts_need_a_name(state):
    state.write("one")
    state.write("two")
    message = refused(state.run(), 2)
    assert "one, two" in message


def test_no_account_at_all(state):
    assert "misskey-authctl login" in refused(state.run(), 4)


def test_unknown_account_names_the_nearest_and_all(state):
    state.write()
    state.write("other")
    message = refused(state.run("misskey.exmaple"), 3)
    assert "did you mean misskey.example?" in message
    assert "misskey.example, other" in message


def test_unknown_account_far_from_all_has_no_suggestion(state):
    state.write()
    assert "did you mean" not in refused(state.run("elsewhere"), 3)


@pytest.mark.parametrize("name", ["../accounts/misskey.example/env", "/etc/passwd", "", ".", "..", "a" * 65,
                                  "a\x1b[31m", "a\nb", "é"])
def test_what_is_no_name_never_becomes_a_path(state, name):
    state.write()
    message = refused(state.run(name), 3)
    assert "\x1b" not in message


@pytest.fixture(name="people")
def people_fixture(state):
    state.write("work", MISSKEY_TOKEN="a" * 64)
    state.write("bob", MISSKEY_USER="bob")
    state.write("second", MISSKEY_USER="Bob")
    state.write("away", MISSKEY_SERVER="http://127.0.0.1:3000", MISSKEY_TOKEN="b" * 64)
    state.write("alice@other.example", MISSKEY_USER="carol", MISSKEY_TOKEN="c" * 64, MISSKEY_SERVER="https://other.example")
    state.write("alice", content="damaged")
    state.write("mail", mode=0o644)
    return state


@pytest.mark.parametrize("named, token", [
    ("@alice@misskey.example", "a"), ("alice@misskey.example", "a"), ("@ALICE@Misskey.Example", "a"),
    ("@alice@127.0.0.1:3000", "b"),
    # An account's name comes first.
    ("alice@other.example", "c"), ("@carol@other.example", "c"),
])
def test_a_user_and_a_server_name_the_account_too(people, named, token):
    assert people.run(named).stdout == token * 64 + "\n"
    assert people.run(named, "--json").returncode == 0


@pytest.mark.parametrize("named", ["@alice@other.example", "@alice", "alice@", "@@misskey.example", "@alice@@misskey.example",
                                   "@ali@misskey.example", "@alice@misskey.exampl", "@alice@misskey.example/", "@"])
def test_a_user_without_an_account_is_3(people, named):
    assert "There is no account" in refused(people.run(named), 3)


def test_a_user_with_two_accounts_is_asked_which(people):
    assert refused(people.run("@bob@misskey.example"), 2) == (
        "misskey-token: Which account of @bob@misskey.example? There are: bob, second\n")


def test_many_accounts_are_not_all_in_the_message(state):
    for number in range(50):
        state.write(f"account{number:02}")
    message = refused(state.run(), 2)
    assert "account19" in message and "account20" not in message and "30 more" in message


# No credential

@pytest.mark.parametrize("mode", [
    "", "--json", "--env", "--header", "--server", "--path", "--format", "--exec"])
@pytest.mark.parametrize("word, command", [("absent", "login"), ("revoked", "login"), ("suspended", "verify")])
def test_no_good_credential_is_4_and_says_what_to_run(state, word, command, mode):
    state.write(MISSKEY_STATE=word, MISSKEY_TOKEN=None, MISSKEY_USER=None, MISSKEY_USER_ID=None, MISSKEY_PERMISSION=None)
    arguments = [mode] if mode else []
    if mode in ("--exec", "--format"):
        arguments.append("true")
    message = refused(state.run(NAME, *arguments), 4)
    assert f"misskey-authctl {command} {NAME}" in message


@pytest.mark.parametrize("word", ["revoked", "suspended"])
def test_token_of_a_revoked_or_suspended_credential_is_never_printed(state, word):
    state.write(MISSKEY_STATE=word)
    refused(state.run(NAME), 4)


# Files that are not safe

@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o660, 0o666, 0o777])
def test_others_may_not_have_access(state, mode):
    path = state.write(mode=mode)
    assert f"chmod 600 '{path}'" in refused(state.run(NAME), 8)


def test_a_path_in_a_command_is_one_word(tmp_path):
    (tmp_path / "it's").mkdir()
    state = State(tmp_path / "it's")
    path = state.write(mode=0o640)
    assert os.system(refused(state.run(NAME), 8).partition("Then: ")[2]) == 0
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_file_of_another_user(state):
    """Root tries to use another user's credential: the file is refused and not read."""
    path = state.write()
    os.chown(path, 12345, -1)
    message = refused(state.run(NAME), 8)
    assert "Run it as that user" in message and "chown" not in message
    os.chown(path, 65534, -1)
    message = refused(state.run(NAME), 8)
    assert f"sudo -u nobody misskey-token {NAME}\n" in message and "chown" not in message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_file_of_root_for_a_user():
    with tempfile.TemporaryDirectory() as directory:
        state = State(pathlib.Path(directory))
        path = state.write(mode=0o644)
        program = shutil.copy(PROGRAM, state.base)
        for part in (state.base, state.directory, state.accounts, path.parent):
            part.chmod(0o755)
        assert f"sudo chown 65534 '{path}'" in refused(state.run(NAME, program=program, user=65534, group=65534), 8)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_unreadable_file():
    with tempfile.TemporaryDirectory() as directory:
        state = State(pathlib.Path(directory))
        path = state.write()
        # Where the programs were built the other user may have no access.
        program = shutil.copy(PROGRAM, state.base)
        for part in (state.base, state.directory, state.accounts, path.parent):
            part.chmod(0o711)
        assert f"'{path}'" in refused(
            state.run(NAME, program=program, user=65534, group=65534), 8)


def test_symbolic_link_is_not_followed(state):
    path = state.write("elsewhere", MISSKEY_ACCOUNT=NAME, content=lines())
    state.file().symlink_to(path)
    assert "symbolic link" in refused(state.run(NAME), 8)


def test_fifo_neither_hangs_nor_passes(state):
    os.mkfifo(state.file(), 0o600)
    assert "regular file" in refused(state.run(NAME), 8)


def test_directory_in_the_files_place(state):
    state.file().mkdir()
    refused(state.run(NAME), 8)


# Damaged files

@pytest.mark.parametrize("content", [
    "",
    "\n",
    lines()[:-1],
    lines()[:-10],
    lines() + "no equals sign\n",
    lines() + "\n",
    "# comment\n" + lines(),
    " " + lines(),
    lines() + "lower=1\n",
    lines() + "=value\n",
    lines() + "MISSKEY_FUTURE=a\x1bb\n",
    lines() + f"MISSKEY_TOKEN={TOKEN}\n",
    lines() + "\0\n",
    lines().replace("alice", "al\0ice"),
    lines(MISSKEY_TOKEN=None),
    lines(MISSKEY_TOKEN=""),
    lines(MISSKEY_STATE=None),
    lines(MISSKEY_STATE="great"),
    lines(MISSKEY_SERVER=None),
    lines(MISSKEY_SERVER="misskey.example"),
    lines(MISSKEY_ACCOUNT=None),
    lines(MISSKEY_ACCOUNT="another"),
    lines(MISSKEY_USER='a"b'),
    lines(MISSKEY_USER="$(id)"),
    lines(MISSKEY_USER="a b"),
    lines(MISSKEY_USER="é"),
    lines(MISSKEY_TOKEN="a\rb"),
    lines().replace("\n", "\r\n"),
    lines() + "MISSKEY_PADDING=" + "x" * 12288 + "\n",
], ids=lambda content: hex(zlib.crc32(content.encode())))
def test_damaged_file_is_8(state, content):
    state.write(content=content)
    for arguments in ([], ["--json"], ["--env"], ["--exec", "true"]):
        assert "damaged" in refused(state.run(NAME, *arguments), 8)


def test_largest_file_passes(state):
    content = lines()
    content += "PADDING=" + "x" * (12288 - len(content) - len("PADDING=\n")) + "\n"
    assert len(content) == 12288
    state.write(content=content)
    assert state.run(NAME).stdout == TOKEN + "\n"
    state.write(content=content.replace("PADDING=", "PADDING=x"))
    refused(state.run(NAME), 8)


# --exec

def test_exec_sets_three_variables_for_the_command_alone(state):
    state.write()
    result = state.run(NAME, "--exec", "env", env={**state.environment(), "MISSKEY_TOKEN": "old"})
    assert result.returncode == 0
    found = [line for line in result.stdout.splitlines() if line.startswith("MISSKEY_")]
    assert sorted(found) == [f"MISSKEY_ACCOUNT={NAME}", "MISSKEY_SERVER=https://misskey.example",
                             f"MISSKEY_TOKEN={TOKEN}"]


def test_exec_passes_arguments_untouched(state):
    state.write()
    words = ["--json", "-x", "--", "a b", "", "$HOME"]
    result = state.run("--exec", "printf", "<%s>", *words)
    assert result.stdout == "".join(f"<{word}>" for word in words)


def test_exec_for_one_of_several_accounts(state):
    state.write("other")
    state.write()
    result = state.run(NAME, "--exec", "sh", "-c", 'echo "$MISSKEY_ACCOUNT"')
    assert (result.returncode, result.stdout) == (0, NAME + "\n")


def test_exec_with_separator(state):
    state.write()
    assert state.run(NAME, "--exec", "--", "echo", "hi").stdout == "hi\n"


def test_exec_passes_status_and_signals_on(state):
    state.write()
    assert state.run("--exec", "sh", "-c", "exit 42").returncode == 42
    pipe_signal = "trap '' USR1; kill -PIPE $$; exit 3"
    assert state.run("--exec", "sh", "-c", pipe_signal).returncode == -13


def test_exec_leaves_no_descriptor_open(state):
    state.write()
    result = state.run("--exec", "ls", "/proc/self/fd")
    assert result.stdout.split() == ["0", "1", "2", "3"]


def test_exec_of_nothing(state):
    state.write()
    refused(state.run("--exec", "no-such-command-here"), 127)
    refused(state.run("--exec", "/etc"), 126)
    refused(state.run("--exec"), 2)


# --set

def variables(result):
    return dict(line.split("=", 1) for line in result.stdout.splitlines())


def test_set_gives_fields_other_names(state):
    state.write()
    names = {"MISSKEY_API_TOKEN": "token", "MISSKEY_INSTANCE_URL": "server", "ORIGIN": "url", "MISSKEY_DOMAIN": "host",
             "WHO": "user", "_id": "user_id", "Scope1": "permission", "LABEL": "account", "GOOD": "state"}
    sets = [word for variable, field in names.items() for word in ("--set", f"{variable}={field}")]
    result = state.run(NAME, *sets, "--exec", "env", env={**state.environment(), "LABEL": "old"})
    assert result.returncode == 0, result.stderr
    assert variables(result).items() >= {
        "MISSKEY_API_TOKEN": TOKEN, "MISSKEY_INSTANCE_URL": "https://misskey.example", "ORIGIN": "https://misskey.example",
        "MISSKEY_DOMAIN": "misskey.example", "WHO": "alice", "_id": "9abcdef", "Scope1": "read:account,write:notes",
        "LABEL": NAME, "GOOD": "verified",
        # As without --set.
        "MISSKEY_SERVER": "https://misskey.example", "MISSKEY_ACCOUNT": NAME, "MISSKEY_TOKEN": TOKEN,
    }.items()


def test_set_wins_over_the_three_variables(state):
    state.write()
    result = state.run("--set=MISSKEY_SERVER=host", NAME, "--set=MISSKEY_TOKEN=user", "--exec", "env")
    assert variables(result)["MISSKEY_SERVER"] == "misskey.example"
    assert variables(result)["MISSKEY_TOKEN"] == "alice"
    assert TOKEN not in result.stdout


@pytest.mark.parametrize("arguments, message", [
    (["--set", "A=tokn", "--exec", "true"], "did you mean token? There are: token, server, url, host, "),
    (["--set", "A", "--exec", "true"], "Expected VARIABLE=FIELD"),
    (["--set", "1A=token", "--exec", "true"], "Expected VARIABLE=FIELD"),
    (["--set", "A=token", "--set", "A=host", "--exec", "true"], "only once"),
    (["--set", "A=token"], "--set needs --exec"),
    (["--set", "A=token", "--json"], "--set needs --exec"),
    (["--set"], "--set needs a value"),
])
def test_set_that_cannot_be_understood(state, arguments, message):
    """It is said before any account is looked for."""
    assert message in refused(state.run("nobody", *arguments), 2)


def test_set_after_exec_is_the_command_s(state):
    state.write()
    assert state.run("--exec", "echo", "--set", "A=x").stdout == "--set A=x\n"


def test_set_of_a_field_that_the_account_has_not(state):
    state.write(MISSKEY_USER=None)
    assert "The account misskey.example has no user." in refused(state.run("--set", "A=user", "--exec", "echo", "no"), 1)


def test_set_leaves_a_message_that_has_no_token_if_the_command_is_missing(state):
    state.write()
    refused(state.run("--set", "A=token", "--exec", "no-such-command-here"), 127)


# --format

@pytest.mark.parametrize("text, output", [
    ("misskeys://{token}@{host}", f"misskeys://{TOKEN}@misskey.example"),
    ('{{"i":{token|json},"by":{user|json}}}', f'{{"i":"{TOKEN}","by":"alice"}}'),
    ("{url|url}", "https%3A%2F%2Fmisskey.example"),
    ("host = '{host}'\ntoken = {token|json}", f"host = 'misskey.example'\ntoken = \"{TOKEN}\""),
    ("", ""),
])
def test_format(state, text, output):
    state.write()
    result = state.run(NAME, "--format", text)
    assert (result.returncode, result.stdout, result.stderr) == (0, output + "\n", "")


@pytest.mark.parametrize("token", [TOKEN, "a+b/c==", "-._"])
def test_filters_are_understood_where_they_are_for(state, token):
    """Read back by JSON, by a shell and from a URL."""
    state.write(MISSKEY_TOKEN=token)
    assert json.loads(state.run("--format", "[{token|json}]").stdout) == [token]
    word = state.run("--format", "printf %s {token|sh}").stdout
    assert subprocess.run(["sh", "-c", word], stdout=subprocess.PIPE, text=True, check=True).stdout == token
    url = urllib.parse.urlsplit(state.run("--format", "misskeys://{token|url}@{host}/?i={token|url}").stdout.strip())
    assert urllib.parse.unquote(url.username) == token
    assert urllib.parse.parse_qs(url.query) == {"i": [token]}
    assert url.hostname == "misskey.example"


def test_a_token_that_does_not_fit_is_not_put_into_a_text(state):
    state.write(MISSKEY_TOKEN="a+b/c==")
    result = state.run("--format", "misskeys://{token}@{host}")
    assert "{token|url}" in refused(result, 1) and "a+b" not in result.stderr


@pytest.mark.parametrize("text, message", [
    ("{tokn}", "did you mean token? There are: token, server, url, host, "), ("{}", "There are: token, server"),
    ("{token|base64}", "There are: json, sh, url"), ("{token", "has no }"), ("}", "has no {"),
])
def test_format_that_cannot_be_understood(state, text, message):
    """It is said before any account is looked for."""
    assert message in refused(state.run("nobody", "--format", text), 2)


def test_format_of_a_field_that_the_account_has_not(state):
    state.write(MISSKEY_USER=None)
    assert "The account misskey.example has no user." in refused(state.run("--format", "{token} {user}"), 1)


# --credential-helper

def ask(state, request, *arguments, operation="get"):
    return state.run(*arguments, "--credential-helper", operation, input=request)


def answer(user, token):
    return f"username={user}\npassword={token}\n"


ASKED = "protocol=https\nhost=misskey.example\n"


@pytest.fixture(name="several")
def several_fixture(state):
    state.write("work", MISSKEY_TOKEN="a" * 64)
    state.write("other", MISSKEY_SERVER="https://other.example:8443", MISSKEY_TOKEN="b" * 64)
    state.write("local", MISSKEY_SERVER="http://127.0.0.1:3000", MISSKEY_TOKEN="c" * 64)
    state.write("absent", MISSKEY_SERVER="https://absent.example", MISSKEY_STATE="absent", MISSKEY_TOKEN=None)
    state.write("damaged", content="damaged")
    return state


@pytest.mark.parametrize("request_text, token", [
    (ASKED, "a"), (ASKED + "\n", "a"), (ASKED + "username=alice\n\n", "a"), (ASKED + "username=ALICE\n", "a"),
    (ASKED + "path=x/y\nwwwauth[]=Basic realm=x\ncapability[]=authtype\n\n", "a"),
    ("protocol=https\nhost=Misskey.Example:443\n\n", "a"),
    ("protocol=https\nhost=other.example:8443\n\n", "b"),
    ("protocol=http\nhost=127.0.0.1:3000\n\n", "c"),
])
def test_git_is_answered(several, request_text, token):
    result = ask(several, request_text)
    assert (result.returncode, result.stdout, result.stderr) == (0, answer("alice", token * 64), "")


@pytest.mark.parametrize("operation, request_text", [
    ("get", "protocol=https\nhost=nobody.example\n\n"), ("get", ASKED + "username=bob\n\n"),
    # Never in the clear, nor to another port.
    ("get", "protocol=http\nhost=misskey.example\n\n"), ("get", "protocol=https\nhost=misskey.example:80\n\n"),
    ("get", "protocol=https\nhost=127.0.0.1:3000\n\n"), ("get", "host=misskey.example\n\n"),
    ("get", "protocol=https\n\n"), ("get", ""), ("get", "\n" + ASKED),
    ("store", ASKED + "username=x\npassword=y\n\n"), ("erase", ASKED), ("capability", ""), ("", ASKED),
])
def test_git_is_told_nothing_where_there_is_nothing(several, operation, request_text):
    result = ask(several, request_text, operation=operation)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert several.run("work").stdout == "a" * 64 + "\n"


def test_git_is_not_answered_by_one_of_several(several):
    """But by the only one whose credential is good, or that is named."""
    several.write("second", MISSKEY_USER="bob", MISSKEY_STATE="unverified", MISSKEY_TOKEN="d" * 64)
    assert "second, work" in refused(ask(several, ASKED), 2)
    assert ask(several, ASKED + "username=bob\n").stdout == answer("bob", "d" * 64)
    assert ask(several, ASKED, "work").stdout == answer("alice", "a" * 64)
    assert ask(several, ASKED, "other").stdout == ""
    assert ask(several, ASKED, "@alice@misskey.example").stdout == answer("alice", "a" * 64)
    assert "did you mean work?" in refused(ask(several, ASKED, "wrok"), 3)
    refused(ask(several, ASKED, "../" * 2000 + "work"), 3)
    several.write("second", MISSKEY_USER="bob", MISSKEY_STATE="revoked", MISSKEY_TOKEN=None)
    assert ask(several, ASKED).stdout == answer("alice", "a" * 64)
    assert "misskey-authctl login second" in refused(ask(several, ASKED + "username=bob\n"), 4)


def test_git_gets_the_account_s_name_where_the_user_s_is_not_known(state):
    state.write(MISSKEY_USER=None)
    assert ask(state, ASKED).stdout == answer(NAME, TOKEN)


@pytest.mark.parametrize("request_text, message", [
    ("protocol\n", "not KEY=VALUE"), ("protocol=https\0\n", "NUL"), ("a=" + "x" * 70000, "more than 65536 bytes"),
])
def test_what_git_would_not_ask(several, request_text, message):
    assert message in refused(ask(several, request_text), 1)


def test_git_need_not_close_its_pipe(several):
    with subprocess.Popen([PROGRAM, "--credential-helper", "get"], env=several.environment(), text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as helper:
        helper.stdin.write(ASKED + "\n")
        helper.stdin.flush()
        assert helper.stdout.read() == answer("alice", "a" * 64)


def git(state, request, helper, **variables):
    """What git itself makes of the helper."""
    environment = {**state.environment(), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", **variables}
    return subprocess.run(["git", "-c", "credential.helper=", "-c", f"credential.helper={helper}", "credential", "fill"],
                          env=environment, input=request, text=True, capture_output=True, timeout=60, check=False)


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_git_itself(several):
    for helper in (f"{PROGRAM} --credential-helper", f"!'{PROGRAM}' work --credential-helper"):
        done = git(several, ASKED + "path=a.git\n\n", helper)
        assert done.returncode == 0 and ASKED + answer("alice", "a" * 64) in done.stdout, done.stderr
    helper = f"{PROGRAM} --credential-helper"
    done = git(several, "url=https://alice@other.example:8443/a.git\n\n", helper)
    assert answer("alice", "b" * 64) in done.stdout, done.stderr
    # Without an answer it asks the person, which it may not here.
    done = git(several, "protocol=https\nhost=nobody.example\n\n", helper)
    assert done.returncode == 128 and not done.stdout and "misskey-token" not in done.stderr
    # What there is to say comes through.
    done = git(several, "protocol=https\nhost=absent.example\n\n", helper)
    assert done.returncode == 128 and "misskey-authctl login absent" in done.stderr
    for operation in ("approve", "reject"):
        subprocess.run(["git", "-c", f"credential.helper={helper}", "credential", operation], check=True, timeout=60,
                       env=several.environment(), input=ASKED + "username=alice\npassword=x\n\n", text=True)
    assert several.run("work").stdout == "a" * 64 + "\n"


# The command line and standard output

@pytest.mark.parametrize("arguments", [
    ["--jsno"], ["--json=1"], ["-x"], ["a", "b"], ["--", "a", "b"], ["--json", "--env"],
    ["--list", NAME], ["--list", "--path"], ["--format", "x", "--json"], ["--format"], ["--credential-helper"],
    ["--credential-helper", "get", "--exec", "true"]])
def test_usage(state, arguments):
    state.write()
    assert "usage: misskey-token" in refused(state.run(*arguments), 2)


def test_misspelt_option_has_a_suggestion(state):
    assert "did you mean --header?" in refused(state.run("--haeder"), 2)


def test_help_and_version(state):
    result = state.run("--help")
    assert result.returncode == 0 and "--exec COMMAND" in result.stdout and not result.stderr
    result = state.run("--version")
    assert result.returncode == 0 and result.stdout.startswith("misskey-token ")


@pytest.mark.parametrize("arguments", [[], ["--json"], ["--list"], ["--help"]])
def test_full_disk_is_a_failure(state, arguments):
    state.write()
    with open("/dev/full", "w", encoding="ascii") as full:
        result = state.run(*arguments, stdout=full)
    assert result.returncode == 1
    assert "standard output" in result.stderr


def test_closed_pipe_is_a_failure(state):
    state.write()
    reader, writer = os.pipe()
    os.close(reader)
    result = state.run(stdout=writer)
    os.close(writer)
    assert result.returncode == 1


def test_full_pipe_that_does_not_block_is_a_failure(state):
    state.write()
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        pass
    result = state.run(stdout=writer)
    os.close(reader)
    os.close(writer)
    assert result.returncode == 1


def test_links_libc_only():
    result = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=False)
    libraries = {line.split()[0].split("/")[-1].split(".so")[0]
                 for line in result.stdout.splitlines() if ".so" in line}
    sanitizers = {"libasan", "libubsan", "libm", "libgcc_s", "libpthread", "libdl", "librt",
                  "libstdc++", "libresolv"}
    if libraries & {"libasan", "libubsan"}:
        libraries -= sanitizers
    assert libraries <= {"linux-vdso", "libc", "ld-linux-x86-64", "ld-linux-aarch64", "ld-linux"}
