# SPDX-License-Identifier: MIT
"""examples/: each program posts a note with the stored credential, and says what is wrong if there is no credential."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

import misskey_server as misskey
from harness import ROOT, authorize, npm_install

EXAMPLES = ROOT / "examples"
NOTE = "Hello Misskey API World with My Application!"


@pytest.fixture(scope="module")
def node_example(tmp_path_factory):
    """A copy with what it depends on, as npm installs it."""
    return npm_install(EXAMPLES / "node", tmp_path_factory.mktemp("examples") / "node")


@pytest.fixture(params=["sh", "python", "node"])
def example(request):
    """The command line of each example."""
    if request.param == "sh":
        if not shutil.which("curl"):
            pytest.skip("curl is not installed")
        return [EXAMPLES / "post-note.sh"]
    if request.param == "python":
        return [sys.executable, EXAMPLES / "post_note.py"]
    return ["node", request.getfixturevalue("node_example") / "post-note.mjs"]


def run(daemon, command, *arguments, **env):
    # The test server is on this machine, whatever proxy there is.
    return subprocess.run(
        [*command, *arguments], env={**daemon.env, "no_proxy": "*", **env}, text=True, capture_output=True,
        timeout=60, stdin=subprocess.DEVNULL,
    )


def texts(server):
    return [note["text"] for note in server.notes]


# It works


def test_posts_the_note_of_the_documentation(server, daemon, example):
    authorize(daemon, server, "misskey.example")
    done = run(daemon, example)
    assert (done.returncode, done.stderr) == (0, "")
    assert texts(server) == [NOTE]
    assert done.stdout == server.notes[0]["id"] + "\n"
    [call] = server.calls("notes/create")
    assert call.body == {"i": daemon.credentials()["misskey.example"]["i"], "text": NOTE}
    assert call.headers["content-type"] == "application/json" and "authorization" not in call.headers


def test_posts_as_the_account_that_is_named(server, daemon, example):
    authorize(daemon, server, "alice")
    authorize(daemon, server, "bob@home:1", username="bob")
    assert run(daemon, example, "bob@home:1").returncode == 0
    assert run(daemon, example, "alice").returncode == 0
    assert [note["user"]["username"] for note in server.notes] == ["bob", "alice"]
    assert texts(server) == [NOTE, NOTE]


def test_posts_any_text(server_2025, daemon, example):
    authorize(daemon, server_2025, "me")
    posted = ["こんにちは 🌸", 'a "quoted" text with \\n and a $(command) and %s', "two\nlines\n\nand one", "@file", "</b>"]
    for text in posted:
        done = run(daemon, example, "", text)
        assert (done.returncode, done.stderr) == (0, ""), text
    assert texts(server_2025) == posted


def test_the_credential_is_in_nobodys_arguments(server_2025, daemon, example, tmp_path):
    """Nor in the environment of another program."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    authorize(daemon, server_2025, "me")
    trace = tmp_path / "trace"
    strace = ["strace", "-f", "-v", "-s", "65536", "-e", "trace=execve", "-o", trace]
    # LeakSanitizer does not work while a process is traced.
    done = run(daemon, [*strace, *example], "me", ASAN_OPTIONS="detect_leaks=0")
    assert done.returncode == 0, done.stderr
    started = trace.read_text()
    assert re.search(r'execve\("[^"]*/misskey-token", \["misskey-token", "me"', started)
    assert daemon.credentials()["me"]["i"] not in started


# What is wrong


def test_without_an_account_misskey_token_says_so(daemon, example):
    for arguments, status in (((), 4), (("nobody",), 3)):
        done = run(daemon, example, *arguments)
        assert (done.returncode, done.stdout) == (status, "")
        # Exactly its message, and nothing after it.
        assert done.stderr == daemon.token(*arguments).stderr != ""


def test_without_a_credential_misskey_token_says_what_to_do(server, make_daemon, example):
    daemon = make_daemon(config=f"[account me]\nserver = {server.origin}", servers=[server]).start()
    done = run(daemon, example, "me")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == daemon.token("me").stderr and "misskey-authctl login me" in done.stderr
    assert server.calls("notes/create") == []


def test_a_revoked_credential_is_not_used(server, daemon, example):
    class Revoked(misskey.Knob):
        def before(self, exchange):
            server.revoke("alice")

    server.misbehave("i", Revoked())
    authorize(daemon, server, "me")
    assert daemon.account("me")["state"] == "revoked"
    done = run(daemon, example, "me")
    assert (done.returncode, done.stdout) == (4, "")
    assert "does not accept" in done.stderr and "misskey-authctl login me" in done.stderr
    assert server.calls("notes/create") == []


def test_a_server_that_refuses_is_quoted(server, daemon, example):
    """What became of the user after the login, misskey-token cannot know."""
    authorize(daemon, server, "me")
    server.suspend("alice")
    done = run(daemon, example, "me")
    assert (done.returncode, done.stdout) == (1, "")
    assert server.origin in done.stderr and re.search("ACCESS_DENIED|YOUR_ACCOUNT_SUSPENDED", done.stderr)
    assert daemon.credentials()["me"]["i"] not in done.stderr


def test_a_server_that_is_down_is_named(server_2025, daemon, example):
    authorize(daemon, server_2025, "me")
    server_2025.stop()
    done = run(daemon, example, "me")
    assert (done.returncode, done.stdout) == (1, "")
    assert server_2025.origin in done.stderr and "could not be reached" in done.stderr
    assert "Traceback" not in done.stderr and "    at " not in done.stderr


def test_a_strange_answer_is_no_success(server_2025, daemon, example):
    authorize(daemon, server_2025, "me")
    for answer in ("{}", "[]", "no JSON"):
        server_2025.misbehave("notes/create", misskey.RawJson(answer))
        done = run(daemon, example, "me")
        assert (done.returncode, done.stdout) == (1, ""), answer
        assert server_2025.origin in done.stderr
        assert "Traceback" not in done.stderr and "    at " not in done.stderr


def test_a_wrong_command_line_is_refused(daemon, example):
    for arguments in (("me", "text", "more"), ("--list",)):
        done = run(daemon, example, *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert "usage: " in done.stderr


# Clients of the daemon's API


@pytest.fixture(params=[[sys.executable, EXAMPLES / "client.py"], ["node", EXAMPLES / "client.mjs"]], ids=["python", "node"])
def client(request):
    if not shutil.which(request.param[0]):
        pytest.skip(f"{request.param[0]} is not installed")
    return request.param


@pytest.fixture
def desktop(tmp_path):
    """The environment of a desktop whose browser consents to everything."""
    opener = tmp_path / "bin/xdg-open"
    opener.parent.mkdir()
    opener.write_text(
        "#!/bin/sh\nexec curl -sSL --noproxy '*' -H Accept:text/html -b /dev/null -o /dev/null \"$1\"\n", encoding="utf-8")
    opener.chmod(0o755)
    return {"DISPLAY": ":9", "BROWSER": str(opener), "PATH": f"{opener.parent}:/usr/local/bin:/usr/bin:/bin"}


@pytest.mark.parametrize("server_name", ["the origin", "the host"])
def test_a_client_has_its_user_log_in_once(make_daemon, client, desktop, server_name):
    with misskey.MisskeyServer(profile="2025", auto_accept="alice") as server:
        daemon = make_daemon(servers=[server]).start()
        host = server.origin.partition("://")[2]
        name = server.origin if server_name == "the origin" else host
        for text in ("first", "second"):
            done = run(daemon, client, name, text, **desktop)
            assert (done.returncode, done.stderr) == (0, "")
            assert done.stdout == server.notes[-1]["id"] + "\n"
        assert texts(server) == ["first", "second"]
        assert list(daemon.credentials()) == [host] and len(server.calls("auth/session/generate")) == 1
        assert daemon.account(host)["app"]["name"] == "My program"


def test_a_client_without_a_desktop_shows_the_page(server, daemon, client):
    env = {name: value for name, value in daemon.env.items() if "DISPLAY" not in name}
    process = subprocess.Popen(
        [*client, server.origin], env={**env, "no_proxy": "*"}, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        page = process.stderr.readline().split()[-1]
        assert page.startswith(f"{server.origin}/auth/")
        server.accept(page.rsplit("/", 1)[1], "alice")
        assert process.communicate(timeout=60) == (server.notes[0]["id"] + "\n", "")
    assert process.returncode == 0 and texts(server) == ["Hello"]


def test_a_client_keeps_what_an_account_may_already(server_2025, daemon, client, desktop):
    """The account named after the server may not write notes, and gets that in addition."""
    server_2025._routes.auto_accept = "alice"
    host = server_2025.origin.partition("://")[2]
    authorize(daemon, server_2025, host, permission="read:account,read:drive")
    done = run(daemon, client, server_2025.origin, "Hello", **desktop)
    assert (done.returncode, done.stderr, texts(server_2025)) == (0, "", ["Hello"])
    assert daemon.account(host)["permission"] == ["read:account", "read:drive", "write:notes"]


def test_a_client_takes_any_account_that_fits(server_2025, daemon, client):
    authorize(daemon, server_2025, "reader", permission="read:account")
    authorize(daemon, server_2025, "writer", "bob")
    assert run(daemon, client, server_2025.origin).returncode == 0
    assert [note["user"]["username"] for note in server_2025.notes] == ["bob"]


def test_a_client_says_what_a_login_ended_with(daemon, client):
    """A port where nothing listens."""
    done = run(daemon, client, "ftp://misskey.example")
    assert (done.returncode, done.stdout) == (1, "") and "http" in done.stderr
    assert "Traceback" not in done.stderr and "    at " not in done.stderr


# What is shipped


def test_the_programs_can_be_run():
    table = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    linked = re.findall(r"^\| \[([^]]+)\]\(\1\)", table, re.M)
    programs = [file for file in EXAMPLES.rglob("*") if re.match(r"post.note\.", file.name)]
    assert {EXAMPLES / name for name in linked} == set(programs) and len(programs) == 3
    assert all(os.access(file, os.X_OK) for file in programs)


def test_node_gets_exactly_one_version():
    package = json.loads((EXAMPLES / "node/package.json").read_text())
    lock_text = (EXAMPLES / "node/package-lock.json").read_text()
    lock = json.loads(lock_text)
    assert lock["packages"][""]["dependencies"] == package["dependencies"]
    [(name, version)] = package["dependencies"].items()
    assert lock["packages"][f"node_modules/{name}"]["version"] == version and re.fullmatch(r"[\d.]+", version)
    # Which registry it comes from is for the user's npm to say.
    assert "resolved" not in lock_text and "://" not in lock_text


def test_the_units_of_the_readme_are_those_of_the_documentation():
    """test_docs.py and the man pages say that these files are what the daemon writes."""
    units = (EXAMPLES / "README.md").read_text(encoding="utf-8").split("## As a service")[1]
    documented = (ROOT / "docs/credentials.md").read_text(encoding="utf-8")
    for key in ("LoadCredential=", "EnvironmentFile="):
        [line] = re.findall(rf"^    ({key}.*)$", units, re.M)
        assert f"    {line}\n" in documented
