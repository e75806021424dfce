# SPDX-License-Identifier: MIT
"""docs/recipes.md: each recipe is run, with the real program where npm or Debian has it, else until its file is as documented."""

import importlib.util
import json
import re
import shutil
import subprocess
import tempfile

import pytest

from harness import ROOT, authorize, npm_install, wait_for

PAGE = (ROOT / "docs/recipes.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.*)\n((?:(?!## ).*\n)*)", PAGE, re.M))
# The test server has no https.
HERE = {"misskeys://": "misskey://", "MISSKEY_PROTOCOL=https": "MISSKEY_PROTOCOL=http"}
# What the library of this name is called with, by its documentation; npm and Debian do not have it.
MISSKEY_PY = """
import json, urllib.request

class Misskey:
    def __init__(self, address, i=None):
        self.url, self.i = f"http://{address}/api/", i

    def notes_create(self, text):
        body = json.dumps({"i": self.i, "text": text}).encode()
        request = urllib.request.Request(self.url + "notes/create", body, {"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=60))
"""
GO_BOT = """#!/bin/sh
url=$MISSKEY_PROTOCOL://$MISSKEY_DOMAIN$MISSKEY_PATH/api/notes/create
printf '{"i":"%s","text":"Hello"}' "$MISSKEY_API_TOKEN" | curl -fsS -H 'Content-Type: application/json' -d @- -o /dev/null "$url"
"""


def blocks(heading, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", SECTIONS[heading], re.M | re.S)


class Reader:
    """Types what the page says, in a directory that is the home too."""

    def __init__(self, daemon, home):
        self.daemon = daemon
        self.home = home

    def follow(self, heading, status=0, **env):
        """Runs the section's commands: no process has the credential in its arguments."""
        [text] = blocks(heading, "sh")
        for there, here in HERE.items():
            text = text.replace(there, here)
        command, trace = ["sh", "-c", text], self.home / "trace"
        if shutil.which("strace"):
            command = ["strace", "-f", "-s", "65536", "-e", "trace=execve", "-o", trace, *command]
        # LeakSanitizer does not work while a process is traced.
        done = subprocess.run(
            command, cwd=self.home, text=True, capture_output=True, timeout=60, stdin=subprocess.DEVNULL,
            env={**self.daemon.env, "HOME": str(self.home), "XDG_STATE_HOME": str(self.daemon.state.parent),
                 "no_proxy": "*", "ASAN_OPTIONS": "detect_leaks=0", **env})
        assert done.returncode == status, done.stderr
        if trace.exists():
            started = trace.read_text()
            assert '["misskey-token", "bot"' in started and (status or self.token not in started)
        return done

    @property
    def token(self):
        return self.daemon.credentials()["bot"]["i"]


@pytest.fixture
def reader(daemon, server_2025, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    authorize(daemon, server_2025, "bot")
    return Reader(daemon, home)


def assert_posted(server, reader):
    [call] = server.calls("notes/create")
    assert (call.body["i"], call.body["text"]) == (reader.token, "Hello")


# ---- Programs that are run ----


@pytest.fixture(scope="module")
def misskey_js(tmp_path_factory):
    return npm_install(ROOT / "examples/node", tmp_path_factory.mktemp("recipes") / "node")


def test_misskey_js(reader, server_2025, misskey_js):
    [program] = blocks("misskey-js", "js")
    (misskey_js / "bot.mjs").write_text(program, encoding="utf-8")
    reader.home.rmdir()
    reader.home.symlink_to(misskey_js)
    reader.follow("misskey-js")
    assert_posted(server_2025, reader)


def test_misskey_py(reader, server_2025):
    heading = "Misskey.py, and other libraries for Python"
    [program] = blocks(heading, "python")
    (reader.home / "bot.py").write_text(program, encoding="utf-8")
    if not importlib.util.find_spec("misskey"):
        (reader.home / "misskey.py").write_text(MISSKEY_PY, encoding="utf-8")
    reader.follow(heading)
    assert_posted(server_2025, reader)


def test_go_misskey(reader, server_2025):
    bot = reader.home / "go-bot"
    bot.write_text(GO_BOT, encoding="utf-8")
    bot.chmod(0o755)
    reader.follow("go-misskey")
    assert_posted(server_2025, reader)


def test_apprise(reader, server_2025):
    if not shutil.which("apprise"):
        pytest.skip("apprise is not installed")
    known = subprocess.run(
        ["apprise", "--dry-run", "--body", "x", "misskey://token@localhost"], capture_output=True, timeout=60, check=False)
    if known.returncode != 0:
        pytest.skip("this apprise does not know Misskey")
    reader.follow("Apprise")
    assert_posted(server_2025, reader)


# ---- Programs that read a file ----


def check_ai(text, origin, token):
    assert json.loads(text) == {"master": "alice", "notingEnabled": False, "host": origin, "i": token}


def check_astrbot(text, origin, token):
    assert json.loads(text) == {"config_version": 2, "platform": [
        {"id": "other", "type": "telegram", "telegram_token": "x"},
        {"id": "misskey", "type": "misskey", "enable": True, "misskey_instance_url": origin, "misskey_token": token},
    ]}  # fmt: skip


def check_misskey_cli(text, origin, token):
    tomllib = pytest.importorskip("tomllib")
    assert tomllib.loads(text) == {"Instance": [{"host": origin, "name": "bot", "token": token, "username": "alice"}]}


# By their headings: the file, what is there before, and what is in it then. AstrBot writes a byte order mark.
FILES = {
    "ai": ("config.json", {"settings.json": '{"master": "alice", "notingEnabled": false}', "config.json": "{}"}, check_ai),
    "AstrBot": ("data/cmd_config.json", {"data/cmd_config.json": '\ufeff{"config_version": 2, "platform": ['
                '{"id": "other", "type": "telegram", "telegram_token": "x"}, {"id": "misskey", "type": "misskey", "enable": true, '
                '"misskey_instance_url": "https://misskey.example", "misskey_token": ""}]}'}, check_astrbot),
    "misskey-cli": (".config/misskey-cli.toml", {".config/other": ""}, check_misskey_cli),
}  # fmt: skip


@pytest.mark.parametrize("heading", FILES)
def test_a_file_is_made(reader, server_2025, heading):
    name, there, check = FILES[heading]
    if not shutil.which("jq"):
        pytest.skip("jq is not installed")
    for other, text in there.items():
        (reader.home / other).parent.mkdir(exist_ok=True)
        (reader.home / other).write_text(text, encoding="utf-8")
        (reader.home / other).chmod(0o644)
    file = reader.home / name
    for permission in ("read:account,write:notes", "write:notes"):
        authorize(reader.daemon, server_2025, "bot", permission=permission)
        reader.follow(heading)
        check(file.read_text(encoding="utf-8"), server_2025.origin, reader.token)
        kept = [one for one in reader.home.rglob("*") if one.is_file() and reader.token in one.read_text(encoding="utf-8")]
        assert file in kept and all(one.stat().st_mode & 0o777 == 0o600 for one in kept)
    before = file.read_bytes()
    server_2025.revoke("alice")
    assert reader.daemon.control("POST", "/v1/accounts/bot/verify", {})[1]["state"] == "revoked"
    done = reader.follow(heading, status=4)
    assert "misskey-authctl login bot" in done.stderr and file.read_bytes() == before


# ---- Emacs ----


@pytest.fixture
def gpg():
    """The environment of a key."""
    if not all(shutil.which(program) for program in ("gpg", "gpgconf")):
        pytest.skip("gpg is not installed")
    # gpg-agent's socket is in it: the path must be short. An agent that was told to end removes it a little later.
    with tempfile.TemporaryDirectory(prefix="gpg", ignore_cleanup_errors=True) as home:
        env = {"GNUPGHOME": home, "PATH": "/usr/bin:/bin"}
        make = ["gpg", "--batch", "--passphrase", "", "--quick-gen-key", "emacs@localhost", "future-default", "default"]
        subprocess.run(make, env=env, check=True, capture_output=True, timeout=60)
        yield env
        subprocess.run(["gpgconf", "--kill", "all"], env=env, check=False, timeout=60)


def test_emacs(make_daemon, server_2025, gpg, tmp_path):
    hook = tmp_path / "authinfo"
    [script], [config] = blocks("Emacs", "sh"), blocks("Emacs", "ini")
    hook.write_text(script, encoding="utf-8")
    hook.chmod(0o700)
    daemon = make_daemon(servers=[server_2025])
    daemon.env.update(GNUPGHOME=gpg["GNUPGHOME"])
    daemon.configure(daemon=config.splitlines()[1].replace("/home/alice/bin/authinfo", str(hook)))
    daemon.start()
    file = daemon.home / ".authinfo-misskey.gpg"

    def lines():
        done = subprocess.run(["gpg", "--batch", "--decrypt", file], env=gpg, text=True, capture_output=True, timeout=60, check=False)
        return done.stdout.splitlines()

    def line(account):
        entry = daemon.credentials()[account]
        host = server_2025.origin.partition("//")[2]
        return f"machine {host} login {entry['user']['username']} password {entry['i']}"

    authorize(daemon, server_2025, "bot")
    wait_for(lambda: lines() == [line("bot")], what="the account in authinfo", seconds=60)
    authorize(daemon, server_2025, "news", "bob")
    wait_for(lambda: lines() == [line("bot"), line("news")], what="both accounts in authinfo", seconds=60)
    assert file.stat().st_mode & 0o777 == 0o600
    server_2025.revoke("alice")
    assert daemon.control("POST", "/v1/accounts/bot/verify", {})[1]["state"] == "revoked"
    wait_for(lambda: lines() == [line("news")], what="the other account in authinfo", seconds=60)
    if not shutil.which("emacs"):
        return
    look_up = f'(princ (funcall (plist-get (car (auth-source-search :host "{server_2025.origin.partition("//")[2]}")) :secret)))'
    done = subprocess.run(
        ["emacs", "-Q", "--batch", "--eval", f'(progn (require \'auth-source) (setq auth-sources (list "{file}")) {look_up})'],
        env={**gpg, "HOME": str(tmp_path)}, text=True, capture_output=True, timeout=60, check=False)
    assert done.stdout == daemon.credentials()["news"]["i"], done.stderr


def test_each_recipe_is_run():
    assert set(SECTIONS) == {
        "misskey-js", "Misskey.py, and other libraries for Python", "go-misskey", "Apprise", "Emacs", *FILES,
    }  # fmt: skip
    for text in SECTIONS.values():
        assert "new login" in text
