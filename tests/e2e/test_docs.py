# SPDX-License-Identifier: MIT
"""The documentation says what the programs do: options, keys, requests, exit statuses, examples."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import pytest

from control_api import API, REQUESTS, members
from harness import BIN, ROOT, TORTURES, authorize
from help_text import PROGRAMS, command_lines, commands_of_help, options_of_help
from misskey_server import MisskeyServer
from terminal import Terminal, decode, drawing, plain, screen, where_drawn

MAN = ROOT / "docs/man"
# What a desktop's browser is here: follows redirects and keeps cookies.
CURL = "curl -sSL --noproxy * -H Accept%ctext/html -b /dev/null -o /dev/null"
NOTE = "Hello Misskey API World with My Application!"


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


# Options

PAGES = {
    "misskey-authd": "misskey-authd.8", "misskey-authctl": "misskey-authctl.1", "misskey-token": "misskey-token.1",
}


def options_of_man(page):
    """Those that it explains; a synopsis may not have others."""
    lines = (MAN / page).read_text().splitlines()
    explained = {f"-{name}" for line in lines if line.startswith(".It Fl") for name in re.findall(r"Fl (\S+)", line)}
    synopsis = " ".join(lines).split(".Sh SYNOPSIS")[1].split(".Sh DESCRIPTION")[0]
    assert {f"-{name}" for name in re.findall(r" (-[a-z][a-z-]*)", synopsis)} <= explained
    return explained


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_the_manual_and_completions_have_the_same_options(program, make_shell):
    shell = make_shell()
    helped = set()
    for command_line in command_lines(program):
        options = options_of_help(*command_line)
        assert set(shell.offers(" ".join(command_line) + " -")) == options, command_line
        helped |= options
    assert options_of_man(PAGES[program]) == helped


def test_help_the_manual_and_completions_have_the_same_commands(make_shell):
    commands = set(commands_of_help())
    assert set(re.findall(r"^\.It Cm (\w+)", read("docs/man/misskey-authctl.1"), re.M)) == commands
    assert set(make_shell().offers("misskey-authctl ")) == commands


@pytest.mark.parametrize("command_line", [
    *(command_line for program in PROGRAMS for command_line in command_lines(program)), ("misskey-authd-agent",),
], ids=" ".join)
def test_h_is_help_everywhere(command_line):
    run = lambda option: subprocess.run(  # noqa: E731
        [BIN / command_line[0], *command_line[1:], option], text=True, capture_output=True, timeout=60)
    asked = run("-h")
    assert (asked.returncode, asked.stderr) == (0, "") and asked.stdout.startswith("usage: ")
    assert asked.stdout == run("--help").stdout
    if len(command_line) > 1:
        helped = subprocess.run(
            [BIN / command_line[0], "help", command_line[1]], text=True, capture_output=True, check=True, timeout=60)
        assert asked.stdout == helped.stdout


@pytest.mark.parametrize("command_line", [
    ("misskey-authd", "-h"), ("misskey-authd", "-V"), ("misskey-authd", "--check-config"), ("misskey-authd-agent", "-h"),
    ("misskey-authctl", "-h"), ("misskey-token", "-h"),
], ids=" ".join)
def test_what_cannot_be_written_is_a_failure_and_a_reader_that_has_gone_is_no_news(command_line, tmp_path):
    run = lambda output: subprocess.run(  # noqa: E731
        [BIN / command_line[0], *command_line[1:]], env={"HOME": str(tmp_path)}, stdout=output, stderr=subprocess.PIPE,
        text=True, timeout=60)
    with open("/dev/full", "w", encoding="ascii") as full:
        done = run(full)
    assert done.returncode == 1 and "standard output" in done.stderr and "No space left on device" in done.stderr
    reader, writer = os.pipe()
    os.close(reader)
    done = run(writer)
    os.close(writer)
    assert done.returncode in (1, -signal.SIGPIPE) and done.stderr == ""


@pytest.mark.parametrize("page", sorted(page.name for page in MAN.glob("*.[1-8]")))
def test_manual_is_clean(page):
    if not shutil.which("mandoc"):
        pytest.skip("mandoc is not installed")
    lint = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", MAN / page], text=True, capture_output=True, timeout=60
    )
    assert (lint.returncode, lint.stdout) == (0, "")


# decisions.md is none: it also says what is not so any more.
GUIDES = ["README.md", "examples/README.md",
          *(f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md")) if page.stem != "decisions")]


def options_in(text):
    return set(re.findall(r"(?<= )--[a-z][a-z-]*", text))


def test_commands_of_the_guides_exist():
    known = {"misskey-token": options_of_help("misskey-token")}
    known |= {command: options_of_help("misskey-authctl", command) for command in commands_of_help()}
    for guide in GUIDES:
        text = read(guide)
        for command, rest in re.findall(r"misskey-authctl ([a-z]+)\b((?: [^`|\n]*)?)", text):
            assert command in known and options_in(rest) <= known[command], (guide, command, rest)
        for rest in re.findall(r"misskey-token( [^`|\n]*)", text):
            # What follows --exec is another program's.
            assert options_in(rest.split(" --exec")[0]) <= known["misskey-token"], (guide, rest)


# The config

def keys_of_code():
    """{"daemon": {"listen", …}, "account": {…}} of the tables in the code."""
    source = read("common/config/config_keys.c")
    tables = re.findall(r"(\w+)_keys\[\] = \{(.*?)\n\};", source, re.S)
    return {name: set(re.findall(r'\{"(\w+)"', table)) for name, table in tables}


def test_every_key_is_in_the_manual_and_the_example():
    keys = keys_of_code()
    assert {"listen", "ca_file"} < keys["daemon"] and {"server", "user"} < keys["account"]
    manual = read("docs/man/misskey-authd.ini.5")
    daemon, account = manual.split(".Ss [account NAME]")
    assert set(re.findall(r"^\.It Cm (\w+) No =", daemon, re.M)) == keys["daemon"]
    assert set(re.findall(r"^\.It Cm (\w+) No =", account, re.M)) == keys["account"]
    daemon, account = read("config.example.ini").split("# [account alice]")
    assert set(re.findall(r"^# (\w+) = ", daemon, re.M)) == keys["daemon"]
    assert set(re.findall(r"^# (\w+) = ", account, re.M)) == keys["account"]


def check_config(tmp_path, text):
    file = tmp_path / "config.ini"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return subprocess.run(
        [BIN / "misskey-authd", "--check-config", "-c", file], text=True, capture_output=True, timeout=60
    )


def test_example_is_good_with_every_key_taken_in(tmp_path):
    text = re.sub(r"^# (?=\w+ = |\[account)", "", read("config.example.ini"), flags=re.M)
    assert "\n[account alice]\n" in text and "\nlisten = " in text
    checked = check_config(tmp_path, text)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("document, pattern", [
    ("README.md", r"^    (\[daemon\]\n.*?)\n\n(?=\S)"),
    ("docs/man/misskey-authd.ini.5", r"^(\[account alice\]\n.*?)\.Ed"),
])
def test_config_examples_are_good(tmp_path, document, pattern):
    example = re.search(pattern, read(document), re.S | re.M)[1]
    checked = check_config(tmp_path, re.sub(r"^    ", "", example, flags=re.M))
    assert checked.returncode == 0, checked.stderr


# The control API

def routes_of_code():
    """{"GET /v1/status", …}: every method of every route of the code."""
    below_account = {"ACCOUNT": "", "LOGIN": "/login", "TOKEN": "/token", "CREDENTIAL": "/credential",
                     "VERIFY": "/verify", "BROWSER": "/browser", "RENAME": "/rename"}
    methods = dict(re.findall(r'\[CONTROL_([A-Z]+)\] = "([A-Z, ]*)"', read("daemon/control/control_request.c")))
    routes = set(re.findall(r"\tCONTROL_([A-Z]+),", read("daemon/control/control_request.h")))
    assert routes == set(methods)
    return {
        f"{method} /v1/accounts/NAME{below_account[route]}" if route in below_account else f"{method} /v1/{route.lower()}"
        for route in routes for method in methods[route].split(", ")
    }


def test_every_route_has_a_heading_and_the_reverse():
    assert routes_of_code() == {request.split("?")[0] for request in REQUESTS}


def test_every_request_answers_as_documented(daemon, server_2025):
    login = authorize(daemon, server_2025, "me")
    get = lambda path: daemon.control("GET", path)  # noqa: E731
    for path, kind in {
        "/v1/status": "STATUS",
        "/v1/accounts/me": "ACCOUNT",
        "/v1/accounts/m%65": "ACCOUNT",
        "/v1/accounts/me/login": "LOGIN",
        f"/v1/accounts/me/login?wait=1&revision={login['revision']}": "LOGIN",
        "/v1/accounts/me/token": "TOKEN",
    }.items():
        status, answer = get(path)
        assert (status, set(answer)) == (200, members(kind)), path
    assert get("/v1/accounts")[1] == {"accounts": [get("/v1/accounts/me")[1]]}
    started = daemon.login("second", server=server_2025.origin)
    assert set(started) == members("LOGIN") and started["open"] is True and started["start_url"]
    joined = daemon.login("third", server=server_2025.origin, browser=False)
    assert joined["start_url"] is None and joined["consent_url"].startswith(server_2025.origin + "/auth/")
    token = joined["consent_url"].rsplit("/", 1)[1]
    server_2025.accept(token, "alice")
    status, answer = daemon.control("POST", "/v1/callback", {"url": daemon.callback_url(token)})
    assert (status, set(answer), answer["account"]) == (200, members("LOGIN"), "third")
    assert daemon.outcome("third")["outcome"] == "AUTHORIZED"


def test_every_error_answers_as_documented(make_daemon, server_2025):
    daemon = make_daemon(config=f"[account me]\nserver = {server_2025.origin}", servers=[server_2025]).start()
    unknown = "00000000-0000-4000-8000-000000000000"
    for method, path, body, status, code in [
        ("GET", "/v1/accounts/a%00", None, 400, "INVALID_REQUEST"),
        ("GET", "/v1/status?x=1", None, 400, "INVALID_REQUEST"),
        ("POST", "/v1/accounts/me/login", {"sever": "x"}, 400, "INVALID_REQUEST"),
        ("GET", "/v1/nothing", None, 404, "NOT_FOUND"),
        ("GET", "/v1/accounts/me/login", None, 404, "NOT_FOUND"),
        ("GET", "/v1/accounts/nobody", None, 404, "NO_SUCH_ACCOUNT"),
        ("POST", "/v1/accounts/nobody/login", {}, 404, "NO_SUCH_ACCOUNT"),
        ("POST", "/v1/callback", {"url": unknown}, 404, "NO_SUCH_SESSION"),
        ("GET", "/v1/accounts/me/token", None, 404, "NO_CREDENTIAL"),
        ("PUT", "/v1/accounts/me", None, 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/v1/accounts/me/verify", None, 404, "NO_CREDENTIAL"),
        ("DELETE", "/v1/accounts/nobody", None, 404, "NO_SUCH_ACCOUNT"),
        ("POST", "/v1/accounts/me/login", {"server": "other.example"}, 409, "CONFLICT"),
        ("POST", "/v1/accounts/me/login", {"permission": "read:drive"}, 409, "CONFLICT"),
    ]:
        answer = daemon.control(method, path, body)
        assert (answer[0], answer[1]["error"]["code"]) == (status, code), (method, path)
        assert f"| {status} | `{code}` |" in API
    daemon.configure("[nonsense]")
    assert daemon.control("POST", "/v1/reload")[1]["error"]["code"] == "BAD_CONFIG"
    daemon.config_file.chmod(0o666)
    assert daemon.control("POST", "/v1/reload")[1]["error"]["code"] == "UNSAFE_CONFIG"
    daemon.config_file.chmod(0o600)
    daemon.configure()
    assert daemon.stop() == 0
    (daemon.state / "credentials.json").write_text("{")
    daemon.start()
    status, answer = daemon.control("POST", "/v1/accounts/me/login", {})
    assert (status, answer["error"]["code"]) == (503, "STATE_DAMAGED")
    assert [one["code"] for one in daemon.control("GET", "/v1/status")[1]["problems"]] == ["STATE_DAMAGED"]
    assert daemon.stop() == 0
    (daemon.state / "credentials.json").unlink()


def test_every_code_is_documented_and_the_reverse():
    control = "".join(source.read_text() for source in sorted((ROOT / "daemon/control").glob("*.c")))
    words = read("common/vocabulary.h")
    assert all(name == value for name, value in re.findall(r'#define CODE_(\w+) "(\w+)"', words))
    unavailable = set(re.findall(r"CODE_(\w+)", words.split("cannot work")[1].split("/*")[0]))
    codes = set(re.findall(r'control_reply_(?:error|detail)\([^;]*?\d+,\s*CODE_(\w+)', control)) | unavailable
    codes |= set(re.findall(r'control_json_error\(\s*CODE_(\w+)', control))
    assert codes == set(re.findall(r"^\| \d+ \| `(\w+)` \|", API, re.M))
    problems = set()
    for source in (ROOT / "daemon").rglob("*.c"):
        problems |= set(re.findall(r'service_add_problem\([^"]*?CODE_(\w+)', source.read_text()))
    problems |= set(re.findall(r"CODE_(\w+)", read("daemon/process/assembly.c")))
    assert problems == set(re.findall(r"^\| `([A-Z_]+)` \|", API, re.M))
    events = set(re.findall(r'#define EVENT_\w+ "(\w+)"', words))
    assert events == set(re.findall(r"^\| `([a-z]+)` \|", API.split("/v1/events`\n")[1], re.M)) | {"snapshot"}
    outcomes = set(re.findall(r'= "([A-Z_]+)"', read("common/vocabulary.c")))
    assert outcomes == set(re.findall(r"`([A-Z_]+)`", API.split("\nOutcomes: ")[1].split("\n\n")[0]))


# Exit statuses

def statuses_of_man(page):
    section = (MAN / page).read_text().split(".Sh EXIT STATUS")[1].split(".El")[0]
    return {int(number) for number in re.findall(r"^\.It (\d+)$", section, re.M)}


def test_exit_statuses_are_the_same_everywhere():
    table = read("README.md").split("## Exit statuses")[1].split("\n## ")[0]
    readme = {int(number) for cell in re.findall(r"^\| ([\d, ]+) \|", table, re.M) for number in cell.split(",")}
    code = {int(number) for number in re.findall(r"EXIT_STATUS_\w+ = (\d+)", read("cli/terminal/exit_status.h"))}
    assert readme == code
    assert statuses_of_man("misskey-authctl.1") | statuses_of_man("misskey-token.1") == code
    assert {5, 6, 7} & statuses_of_man("misskey-token.1") == set()
    daemon = {int(number) for number in re.findall(r"OPTIONS_EXIT_\w+ = (\d+)", read("daemon/process/options.h"))}
    assert statuses_of_man("misskey-authd.8") == daemon | {0}


# The threat model


def test_every_test_of_the_threat_model_exists():
    named = re.findall(r"`(\w+)\.(py|c)::(\w+)`", read("docs/threat-model.md"))
    assert named
    for file, kind, function in named:
        place = ROOT / ("tests/e2e" if kind == "py" else "tests/unit")
        texts = [path.read_text(encoding="utf-8") for path in place.rglob(f"{file}.{kind}")]
        assert any(f" {function}(" in text for text in texts), (file, function)


def test_every_torture_is_in_the_documentation():
    assert sorted(re.findall(r"^#   (\w+)  +\w", read("scripts/torture"), re.M)) == TORTURES
    rows = re.findall(r"^\| (\w+)[^|]* \|(?: [\d,]+ \|){4}$", read("docs/testing.md"), re.M)
    assert sorted(set(rows)) == TORTURES


# The architecture

ARCHITECTURE = read("docs/architecture.md")


def test_files_and_functions_of_the_architecture_exist():
    # accounts/ACCOUNT/env and its like are the state directory's.
    named = set(re.findall(r"`((?!accounts/)(?:\w+/)+[\w.]*)`", ARCHITECTURE))
    assert {"daemon/store/", "common/", "tests/fuzz/"} < named
    assert [path for path in named if not (ROOT / path).exists()] == []
    functions = re.findall(r"`(\w+)\(\)`(?: \|| in)\s`([\w/.]+)`", ARCHITECTURE)
    assert len(functions) == ARCHITECTURE.count("()`")
    for function, file in functions:
        assert re.search(rf"^(?!\t)[^;]*\b{function}\(", read(file), re.M), (function, file)


# The README

README = read("README.md")


def anchors(document):
    """What a link can name in it, as GitHub makes it of the headings."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_lead_somewhere():
    documents = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/README.md")]
    for document in (*documents, *(ROOT / "docs").glob("*.md")):
        text = document.read_text(encoding="utf-8")
        for path, heading in re.findall(r"\]\((?!https?:)([^)#]*)(#[^)]*)?\)", text):
            target = document.parent / path if path else document
            assert target.exists(), (document, path)
            if heading:
                assert heading[1:] in anchors(target), (document, path + heading)
        for image in re.findall(r'\bsrc(?:set)?="([^"]*)"', text):
            assert (document.parent / image).exists(), (document, image)


def shell_example(beginning):
    """The indented block that begins so."""
    begin = README.index("    " + beginning)
    return re.sub(r"^    ", "", README[begin:].split("\n\n")[0], flags=re.M)


@pytest.mark.parametrize("beginning, text", [
    ("printf '{\"i\":\"%s\"", "Hello"),
    ("misskey-token misskey.example --header", "Hello"),
    ("misskey-token misskey.example --exec python3 hello.py", "Hello"),
])
def test_script_examples_post_a_note(daemon, server_2025, tmp_path, beginning, text):
    authorize(daemon, server_2025, "misskey.example")
    program = README[README.index("    import json, os, urllib.request"):].split("\n\nA systemd service")[0]
    (tmp_path / "hello.py").write_text(re.sub(r"^    ", "", program, flags=re.M))
    example = shell_example(beginning).replace("python3", sys.executable)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", example], cwd=tmp_path, env={**daemon.env, "no_proxy": "*"}, text=True,
        capture_output=True, timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert [note["text"] for note in server_2025.notes] == [text]


def test_examples_of_reading_the_files_work(daemon, server_2025, tmp_path):
    if not shutil.which("jq"):
        pytest.skip("jq is not installed")
    authorize(daemon, server_2025, "misskey.example")
    reading = read("docs/credentials.md").split("## Reading them")[1]
    # Only those before systemd's.
    blocks = re.findall(r"(?:^    .*\n|\n(?=    ))+", reading.split("In a systemd user service")[0], re.M)
    shell, program = [re.sub(r"^    ", "", block, flags=re.M) for block in ("".join(blocks[:-1]), blocks[-1])]
    environment = {**daemon.env, "no_proxy": "*"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", shell], env=environment, text=True, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("misskey.example\n")
    assert [note["text"] for note in server_2025.notes] == ["hello"]
    done = subprocess.run(
        [sys.executable, "-c", program + "\nprint(account['i'])"],
        env=environment, text=True, capture_output=True, timeout=60,
    )
    assert done.stdout == daemon.token("misskey.example").stdout, done.stderr


def test_login_is_shown_as_it_is(make_daemon):
    """What README shows of `misskey-authctl login` is what it prints, but for addresses."""
    shown = re.search(r"\$ misskey-authctl login misskey.example\n(.*?)\n\n", README, re.S)[1]
    with MisskeyServer(profile="2025", auto_accept="alice") as server:
        daemon = make_daemon(servers=[server]).start()
        done = daemon.authctl("login", server.origin, "--as", "misskey.example", DISPLAY=":1", BROWSER=CURL)
    assert done.returncode == 0, done.stderr
    plain = (done.stderr + done.stdout).replace(server.origin, "https://misskey.example")
    plain = re.sub(r"http://127.0.0.1:\d+/start/[0-9a-f]+", "START", plain)
    shown = re.sub(r"http://127.0.0.1:\d+/start/[0-9a-f]+", "START", shown)
    assert [line.strip() for line in shown.splitlines()] == plain.splitlines()
    listed = re.search(r"\$ misskey-authctl list\n(.*?)\n\n", README, re.S)[1]
    printed = daemon.authctl("list").stdout.replace(server.origin, "https://misskey.example")
    assert [line.strip() for line in listed.splitlines()] == printed.splitlines()


CONSENT_URL = r"https://misskey\.example/auth/[0-9a-f-]{36}"


def transcript_by_phone():
    """What README shows of a login over SSH, as a terminal's lines."""
    transcript = re.search(r"^    server\$ misskey-authctl login misskey\.example\n((?:    .*\n)+)", README, re.M)[1]
    return screen(re.sub(r"^    ", "", transcript, flags=re.M))


def wording(lines):
    """The text of the lines without a code, and what an address is as that of the README."""
    code = where_drawn(lines)
    text = "\n".join(plain(line) for line in lines[:code.start] + lines[code.stop:])
    return re.sub(CONSENT_URL, "PAGE", text)


def test_login_by_phone_is_shown_as_it_is(make_daemon, server_2025):
    """What README shows of it is what it prints, but for addresses and what the code says."""
    daemon = make_daemon(servers=[server_2025])
    daemon.configure(daemon="poll_interval = 1s")
    terminal = Terminal(
        [BIN / "misskey-authctl", "login", server_2025.origin, "--as", "misskey.example"],
        {**daemon.start().env, "NO_COLOR": "1"}, streams=("stdout", "stderr"),
    )
    terminal.wait_for("Waiting for consent…")
    login = daemon.control("GET", "/v1/accounts/misskey.example/login")[1]
    server_2025.accept(login["consent_url"].rsplit("/", 1)[1], "alice")
    assert terminal.end()[0] == 0
    shown = transcript_by_phone()
    printed = screen(terminal.text().replace(server_2025.origin, "https://misskey.example"))
    assert wording(shown) == wording(printed)
    # Both addresses take a code of the same size.
    size = lambda lines: [len(line) for line in drawing(lines)]  # noqa: E731
    assert size(shown) == size(printed)
    assert where_drawn(shown) == where_drawn(printed)


def test_code_in_the_readme_is_the_address_above_it():
    lines = transcript_by_phone()
    (url,) = re.findall(f"press Accept: ({CONSENT_URL})$", plain(lines[0]))
    assert decode(drawing(lines)) == [url]


# scripts/demo

def run_demo(tmp_path, *arguments, **env):
    """Runs scripts/demo in a directory of its own and checks that nothing is left there."""
    # Short enough for a Unix socket in it; otherwise the demo goes elsewhere.
    with tempfile.TemporaryDirectory(prefix="demo") as temporary:
        demo = subprocess.Popen(
            [ROOT / "scripts/demo", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
            env={
                "PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": temporary, "LANG": "C.UTF-8",
                "MISSKEY_BIN_DIR": str(BIN), "ASAN_OPTIONS": "detect_leaks=0", **env,
            },
        )
        output = demo.communicate(timeout=120)[0]
        assert f" {temporary}/misskey." in output
        assert os.listdir(temporary) == []
    # The session has no process left.
    left = subprocess.run(["ps", "-o", "args=", "-s", str(demo.pid)], text=True, capture_output=True)
    assert left.stdout == ""
    return demo.returncode, output


def test_demo_goes_from_nothing_to_a_note(tmp_path):
    status, output = run_demo(tmp_path, "--yes")
    assert status == 0, output
    assert re.search(r"Opened your browser. If nothing appeared: http://127\.0\.0\.1:\d+/start/[0-9a-f]{32}\n", output)
    assert re.search(r"Signed in to http://127\.0\.0\.1:\d+ as @alice", output)
    assert re.search(r"^-rw------- \S+ \S+/credentials\.json$", output, re.M)
    assert re.search(rf'^Created the note \w+: "{NOTE}"$', output, re.M)
    assert not re.search(r"\b[0-9a-f]{64}\b(?!\"\n)", output)


@pytest.mark.parametrize("options, posted", [((), False), (("--yes",), True)])
def test_demo_with_a_real_server_posts_only_when_told(tmp_path, options, posted):
    """A server given by --server consents by a person; the note is for nobody else."""
    with MisskeyServer(profile="2025", auto_accept="alice") as server:
        # The person is a browser that the desktop opens.
        status, output = run_demo(
            tmp_path, "--server", server.origin, *options, DISPLAY=":1", BROWSER=CURL
        )
        assert status == 0, output
        assert len(server.notes) == posted
        if posted:
            assert server.calls("notes/create")[0].body["visibility"] == "specified"
        assert f"{server.origin}/settings/apps" in output


def test_demo_fails_when_something_fails(tmp_path):
    status, output = run_demo(tmp_path, "--server", "http://127.0.0.1:1", "--yes")
    assert status != 0
    assert "could not be reached" in output and "Done" not in output
