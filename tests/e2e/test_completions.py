# SPDX-License-Identifier: MIT
"""What bash, zsh and fish offer for the three programs. That they offer every option is in test_docs.py."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness import BIN, ROOT, authorize
from help_text import commands_of_help, options_of_help
from shells import Bash, Keyboard

# With all that names may have and shells have other uses for.
NAMES = ["alice@misskey.example:3000", "bob@misskey.example", "misskey.example:3000"]
BASH_COMPLETION = Path("/usr/share/bash-completion/bash_completion")


@pytest.fixture
def accounts(daemon, server_2025):
    """The environment of a user who has these accounts, and whose daemon has ended."""
    for name in NAMES:
        authorize(daemon, server_2025, name)
    assert daemon.stop() == 0
    return daemon.env


def test_accounts_are_completed(make_shell, accounts):
    shell = make_shell(accounts)
    for before in (
        "misskey-token ", "misskey-token --json ", "misskey-token -- ", "misskey-authctl login ",
        "misskey-authctl --socket /x login --as x --no-wait ", "misskey-authctl logout ", "misskey-authctl verify ",
        "misskey-authctl rename ", "misskey-authctl show ",
    ):
        assert sorted(shell.offers(before)) == NAMES, before
        assert shell.offers(before + "misskey.example:30") == ["misskey.example:3000"], before
    for typed, offered in {
        "a": NAMES[:1], "alice@": NAMES[:1], "alice@misskey.example:": NAMES[:1], "bob@mis": NAMES[1:2],
        "misskey.example:": NAMES[2:], "carol": [],
    }.items():
        assert shell.offers("misskey-token " + typed) == offered, typed
    assert sorted(shell.offers("misskey-authctl verify bob@misskey.example ")) == [NAMES[0], NAMES[2]]


def test_cancel_offers_the_accounts_whose_login_waits(make_shell, daemon, server_2025):
    """Also one that exists only by this login, and none that has a credential and no login."""
    authorize(daemon, server_2025, "known")
    daemon.login("other", server=server_2025.origin)
    daemon.login("misskey.example:3000", server=server_2025.origin)
    shell = make_shell(daemon.env)
    assert sorted(shell.offers("misskey-authctl cancel ")) == ["misskey.example:3000", "other"]
    assert shell.offers("misskey-authctl cancel misskey.example:30") == ["misskey.example:3000"]
    assert [word for word in shell.offers("misskey-authctl cancel x ") if not word.startswith("-")] == []


def test_accounts_are_completed_only_where_one_is_wanted(make_shell, accounts):
    shell = make_shell(accounts)
    for line in (
        "misskey-token x ", "misskey-token --list ", "misskey-authctl ", "misskey-authctl list ",
        "misskey-authctl status ", "misskey-authctl login x ", "misskey-authctl login --missing ",
        "misskey-authctl logout x ", "misskey-authctl callback ", "misskey-authctl login --as ",
        "misskey-authctl login --user ", "misskey-authctl login --timeout ", "misskey-authd ",
        "misskey-authctl rename x ", "misskey-authctl show x ", "misskey-authctl help ",
    ):
        # Where nothing is left but options, zsh offers them unasked.
        assert [word for word in shell.offers(line) if word.startswith(("alice", "bob", "misskey.example"))] == [], line


def test_commands_are_completed_for_help(make_shell):
    shell = make_shell()
    # bash offers no word twice.
    assert set(shell.offers("misskey-authctl help ")) | {"help"} == set(commands_of_help())
    assert shell.offers("misskey-authctl help logo") == ["logout"]


def test_values_are_completed(make_shell):
    shell = make_shell()
    levels = {"error", "warning", "info", "debug"}
    assert set(shell.offers("misskey-authd --log-level ")) == levels
    assert set(shell.offers("misskey-authd --log-level=")) == {f"--log-level={level}" for level in levels}
    assert shell.offers("misskey-authd --check-config --log-level w") == ["warning"]
    permission = "misskey-authctl login x --permission"
    permissions = set(shell.offers(permission + " "))
    known = (ROOT / "common/permission_names.inc").read_text(encoding="utf-8")
    assert permissions == set(re.findall(r'^"([\w:-]+)",$', known, re.M)) and "write:admin:user-note" in permissions
    two = [f"read:account,write:{what}" for what in ("notes", "notifications")]
    assert sorted(shell.offers(permission + " read:account,write:n")) == two
    assert sorted(shell.offers(permission + "=read:account,write:n")) == [f"--permission={list}" for list in two]
    assert sorted(shell.offers(permission + " +read:drive,-write:n")) == [
        f"+read:drive,-write:{what}" for what in ("notes", "notifications")
    ]
    for free in ("login --as ", "login --user ", "login --timeout ", "callback "):
        assert shell.offers("misskey-authctl " + free) == []


def test_fields_and_operations_of_token_are_completed(make_shell, accounts):
    shell = make_shell(accounts)
    fields = {"token", "server", "url", "host", "account", "user", "user_id", "permission", "state"}
    for before in ("misskey-token --set MISSKEY_I=", "misskey-token x --set A=token --set MISSKEY_I="):
        assert set(shell.offers(before)) == {f"MISSKEY_I={field}" for field in fields}, before
    assert shell.offers("misskey-token --set MISSKEY_I=tok") == ["MISSKEY_I=token"]
    assert shell.offers("misskey-token --set=MISSKEY_I=tok") == ["--set=MISSKEY_I=token"]
    assert set(shell.offers("misskey-token --credential-helper ")) == {"get", "store", "erase"}
    for free in ("--set ", "--set MISS", "--format "):
        assert shell.offers("misskey-token " + free) == [], free
    # What is a value is no account.
    for before in ("--set A=token ", "--format {token} ", "--credential-helper get "):
        assert sorted(shell.offers("misskey-token " + before)) == NAMES, before
        assert [word for word in shell.offers(f"misskey-token {before}{NAMES[0]} ") if word in NAMES] == [], before


def test_modes_of_token_exclude_each_other(make_shell):
    assert set(make_shell().offers("misskey-token x --json --")) == {"--help", "--version"}


def test_what_follows_exec_is_completed_as_a_command(make_shell, accounts):
    shell = make_shell(accounts)
    for before in ("misskey-token --exec ", "misskey-token x --exec ", "misskey-token x --exec -- "):
        assert "printenv" in shell.offers(before + "printe"), before
    # No longer its own options.
    assert not {"--exec", "--list"} & set(shell.offers("misskey-token x --exec printenv --"))
    if not isinstance(shell, Bash):  # which needs bash-completion for it, and below has it
        assert shell.offers("misskey-token x --exec misskey-authctl logout b") == ["bob@misskey.example"]


def test_files_are_completed(make_shell, tmp_path):
    (tmp_path / "some.ini").touch()
    shell = make_shell()
    if isinstance(shell, Bash):
        pytest.skip("bash has readline do it, which is seen below")
    for line in ("misskey-authd -c ", "misskey-authd --config=", "misskey-authctl login --socket "):
        (offered,) = shell.offers(f"{line}{tmp_path}/so")
        assert offered.endswith("some.ini")


@pytest.mark.parametrize("what", ["no state", "no misskey-token", "unreadable state"])
def test_nothing_is_said_when_accounts_cannot_be_had(make_shell, tmp_path, what):
    """That nothing is printed is looked at by offers()."""
    state = tmp_path / ".local/state/misskey-authd"
    env = {"HOME": str(tmp_path), "PATH": f"{BIN}:{os.environ['PATH']}", "LANG": "C.UTF-8"}
    if what == "unreadable state":
        state.mkdir(parents=True)
        (state / "accounts").write_text("a file")
        assert subprocess.run([BIN / "misskey-token", "--list"], env=env, capture_output=True).stderr
    if what == "no misskey-token":
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/misskey-authctl").symlink_to(BIN / "misskey-authctl")
        without = [part for part in os.environ["PATH"].split(":") if not Path(part, "misskey-token").exists()]
        env["PATH"] = ":".join([str(tmp_path / "bin"), *without])
    shell = make_shell(env)
    for line in ("login ", "login a", "logout ", "verify x "):
        # Where nothing is left but options, zsh offers them unasked.
        offered = shell.offers("misskey-authctl " + line)
        assert [word for word in offered if not word.startswith("-")] == [], line


def test_thousands_of_accounts(make_shell, tmp_path):
    directory = tmp_path / ".local/state/misskey-authd/accounts"
    directory.mkdir(parents=True, mode=0o700)
    names = {f"user{number}@misskey.example:3000" for number in range(5000)}
    for name in names:
        (directory / name).mkdir(mode=0o700)
        (directory / name / "env").touch(mode=0o600)
    shell = make_shell()
    assert set(shell.offers("misskey-token ")) == names
    assert shell.offers("misskey-authctl verify user1@misskey.example:3000 user4711@") == [
        "user4711@misskey.example:3000"
    ]


# bash as a person has it, with readline

@pytest.fixture(params=["alone", "with bash-completion"])
def terminal(request, accounts):
    sources = [Bash.FILE]
    if request.param != "alone":
        if not BASH_COMPLETION.exists():
            pytest.skip("bash-completion is not installed")
        sources.insert(0, BASH_COMPLETION)
    keyboard = Keyboard(["bash", "--norc", "--noprofile", "-i"], {"PS1": "$ ", "INPUTRC": "/dev/null", **accounts})
    keyboard.loads_others = len(sources) > 1
    keyboard.type("".join(f"source {file}; " for file in sources) + "echo rea''dy\n")
    keyboard.wait_for("ready\n")
    yield keyboard
    keyboard.close()


def test_accounts_by_tab(terminal):
    """What is completed is run: the account whose name comes out is the one that was completed."""
    for typed, account in {
        "misskey-token m\t": "misskey.example:3000",
        "misskey-token misskey.example:3\t": "misskey.example:3000",
        "misskey-token alice@m\t": "alice@misskey.example:3000",
        "misskey-token alice@misskey.example:\t": "alice@misskey.example:3000",
        "misskey-token 'alice@misskey.example:3\t": "alice@misskey.example:3000",
        "misskey-token --server b\t": "bob@misskey.example",
        "misskey-token --jso\t b\t": "bob@misskey.example",
    }.items():
        terminal.output = b""
        # The cursor is at the end of the word, or behind the blank that ends it.
        terminal.type(f"{typed}; echo \"[$_]\"\n")
        terminal.wait_for(f"\n[{account}]\n")


def test_commands_by_tab(terminal):
    terminal.type("misskey-token b\t--exec printen\tMISSKEY_ACCOUNT\n")
    terminal.wait_for("\nbob@misskey.example\n")
    if terminal.loads_others:
        terminal.type("misskey-token b\t--exec misskey-token ali\t--env\n")
        terminal.wait_for("\nMISSKEY_ACCOUNT=alice@misskey.example:3000\n")


def test_files_by_tab(terminal, tmp_path):
    (tmp_path / "it is@a:file").write_text("[daemon]\n")
    (tmp_path / "it is@a:file").chmod(0o600)
    for option in ("-c ", "--config="):
        terminal.output = b""
        terminal.type(f"misskey-authd --check-config {option}{tmp_path}/it\t\n")
        terminal.wait_for(f"\n{tmp_path}/it is@a:file: good\n")


# What is installed

def test_they_are_installed_where_shells_look(tmp_path):
    build = BIN.parent
    if not (build / "cmake_install.cmake").exists():
        pytest.skip("the programs are not in a build tree")
    subprocess.run(["cmake", "--install", build, "--prefix", tmp_path], check=True, capture_output=True, timeout=120)
    share = tmp_path / "share"
    programs = {"misskey-authctl", "misskey-token", "misskey-authd"}
    assert {file.name for file in (share / "bash-completion/completions").iterdir()} == programs
    assert {file.name for file in (share / "fish/vendor_completions.d").iterdir()} == {f"{p}.fish" for p in programs}
    assert [file.name for file in (share / "zsh/vendor-completions").iterdir()] == ["_misskey-authd"]
    # The manual page is made of the same list that completions ask for.
    manual = (share / "man/man5/misskey-authd.ini.5").read_text(encoding="utf-8")
    names = subprocess.run([BIN / "misskey-authctl", "login", "--permission", "help"], text=True, check=True,
                           stdout=subprocess.PIPE, timeout=60).stdout.split()
    assert ",\n".join(names) + ".\n" in manual and "@MISSKEY" not in manual
    if shutil.which("fish"):
        done = subprocess.run(
            ["fish", "-c", "complete -C 'misskey-token --'"], text=True, capture_output=True, timeout=60,
            # fish completes nothing for a program that is missing.
            env={"HOME": str(tmp_path), "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "XDG_DATA_DIRS": f"{share}:/usr/share"},
        )
        assert {line.split("\t")[0] for line in done.stdout.splitlines()} == {
            option for option in options_of_help("misskey-token") if option.startswith("--")
        }
