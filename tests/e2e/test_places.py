# SPDX-License-Identifier: MIT
"""docs/places.md: programs of cron, of another user, in a container, and on another host have the credential."""

import itertools
import json
import re
import shutil
import subprocess
import tempfile

import pytest

from containers import Podman
from containers import why_not as why_no_containers
from harness import BIN, ROOT, authorize, needs_root, wait_for
from other_host import OtherHost
from other_host import why_not as why_no_other_host
from service_story import Service
from system_manager import running_system

PAGE = (ROOT / "docs/places.md").read_text(encoding="utf-8")
HOME = "/home/alice"


def command(beginning):
    """The line of the page that begins so."""
    [line] = re.findall(rf"^    ({re.escape(beginning)}.*)$", PAGE, re.M)
    return line


# Another user

BOT = "misskey-bot.service"
# Prints what it was given, and says if it can get at the user's file.
SYSTEM_BOT = f"""#!/bin/sh
[ -n "$MISSKEY_SERVER" ] && [ "$(id -u)" != 0 ] || echo wrong
cat {HOME}/.local/state/misskey-authd/accounts/bot/token 2>/dev/null && echo seen
cat "$CREDENTIALS_DIRECTORY/misskey"
exec sleep infinity
"""


@pytest.fixture
def system(daemon, tmp_path):
    """A system manager with the units of examples/systemd, and the home of alice, who runs the daemon."""
    units = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "examples/systemd").glob("misskey-bot*")}
    units[BOT] = units[BOT].replace("[Service]\n", "[Service]\nStandardOutput=append:/run/bot.log\n")
    with running_system(tmp_path, units, daemon.state, f"{HOME}/.local/state/misskey-authd") as manager:
        made = manager.run("sh", "-c", "cat >/usr/local/bin/misskey-bot; chmod 755 /usr/local/bin/misskey-bot",
                           text=SYSTEM_BOT)
        assert made.returncode == 0, made.stderr
        yield manager


def test_a_system_service_has_the_token_of_the_day(server_2025, daemon, system):
    tokens = []

    def log_in():
        """Another login, and so another token."""
        authorize(daemon, server_2025, "bot", permission=("write:notes", "read:account,write:notes")[len(tokens) % 2])
        tokens.append(daemon.credentials()["bot"]["i"])
        assert len(set(tokens)) == len(tokens)

    def given():
        """The tokens that it had, one after the other."""
        return [token for token, _ in itertools.groupby(system.run("cat", "/run/bot.log").stdout.split())]

    def check_given():
        wait_for(lambda: given() == tokens, what="the token in the service")
        wait_for(lambda: system.is_active(BOT) == "active", what="the service")

    # It waits for the first login.
    assert system.systemctl("start", BOT).returncode != 0
    assert system.is_active(BOT) == "failed"
    log_in()
    check_given()
    log_in()
    check_given()

    server_2025.revoke("alice")
    assert "revoked" in daemon.authctl("verify", "bot").stdout
    wait_for(lambda: system.is_active(BOT) == "failed", what="the end of the service")
    log_in()
    check_given()

    # A logout takes the directory too.
    assert daemon.authctl("logout", "bot").returncode == 0
    assert not (daemon.state / "accounts/bot").exists()
    wait_for(lambda: system.is_active(BOT) == "failed", what="the end of the service")
    log_in()
    check_given()

    # A person who stops it finds it stopped.
    assert system.systemctl("stop", BOT).returncode == 0
    assert system.is_active("misskey-bot.path") == "inactive"


# Containers

# Prints the line of each requested file, or that the file is missing.
READER = 'while read file; do cat "$file" 2>/dev/null || echo none; done'


class Container:
    def __init__(self, podman, line):
        self.process = podman.start(line, "sh", "-c", READER)

    def read(self, file):
        self.process.stdin.write(f"{file}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.communicate(timeout=60)


@pytest.fixture
def alice(manager):
    """The manager's user with a daemon."""
    service = Service(manager).start()
    yield service
    service.stop()
    manager.forget()


@pytest.fixture(scope="module")
def podman(manager):
    reason = why_no_containers()
    if reason:
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="misskey-test-", dir="/opt") as directory:
        one = Podman(manager, directory)
        if one.run("podman run --rm IMAGE", "cat") is None:
            pytest.skip(f"podman runs no container here: {one.complaint}")
        yield one


def token_of(manager, account):
    return manager.run(manager.programs / "misskey-token", account, ASAN_OPTIONS="detect_leaks=0").stdout.strip()


@pytest.mark.parametrize("line", ["podman run --rm --userns", "docker run --rm --user"])
def test_a_container_has_the_token_of_the_day_of_one_account(server_2025, alice, manager, podman, line):
    configured = f"[account bot]\nserver = {server_2025.origin}\npermission = "

    def configure(permission):
        alice.configure(configured + permission)
        assert alice.authctl("reload").returncode == 0

    configure("read:account")
    for account in ("bot", "other"):
        alice.authorize(server_2025, account)
    first = token_of(manager, "bot")
    # Beside the page's directory, what it warns of: the file alone.
    directory = "~/.local/state/misskey-authd/accounts/bot"
    alone = f"-v {directory}/token:/alone:ro IMAGE"
    line = command(line)
    assert podman.run(line, "sh", "-c", "ls /run; ls /run/misskey; >/run/misskey/new || ls /run/misskey").split() == [
        "misskey", "env", "token", "env", "token"]
    container = Container(podman, line.replace("IMAGE", alone))
    try:
        assert container.read("/run/misskey/token") == container.read("/alone") == first != ""
        assert alice.authctl("logout", "bot").returncode == 0
        assert container.read("/run/misskey/token") == "none"
        configure("write:notes")
        alice.authorize(server_2025, "bot")
        wait_for(lambda: token_of(manager, "bot") not in (first, ""), what="the new token")
        assert container.read("/run/misskey/token") == token_of(manager, "bot")
        assert container.read("/alone") == first
        server_2025.revoke("alice")
        assert alice.authctl("verify", "bot").returncode == 4
        assert container.read("/run/misskey/token") == "none"
        assert container.read("/alone") == first
    finally:
        container.close()


def test_a_container_has_the_environment_of_one_account(server_2025, alice, manager, podman):
    alice.authorize(server_2025, "bot")
    printed = podman.run(command("podman run --rm --env-file"), "env").splitlines()
    env = manager.run(manager.programs / "misskey-token", "bot", "--env", ASAN_OPTIONS="detect_leaks=0").stdout.splitlines()
    assert set(env) <= set(printed) and f"MISSKEY_TOKEN={token_of(manager, 'bot')}" in env


# Another host

@pytest.fixture
def host(daemon):
    reason = why_no_other_host()
    if reason:
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="misskey-test-", dir="/opt") as directory:
        one = OtherHost(daemon, directory)
        try:
            one.begin()
            yield one
        finally:
            one.stop()


def test_a_key_of_another_host_gives_one_account(server_2025, daemon, host):
    authorize(daemon, server_2025, "bot")
    authorize(daemon, server_2025, "other", username="bob")
    i = daemon.credentials()["bot"]["i"]
    host.let_in("root", "other_key", command("restrict,command="))
    get = host.ssh(command("ssh alice@"))
    # Whatever it asks for.
    for asked in ([], ["misskey-token other"], ["id"]):
        assert host.run([*get, *asked]).stdout == f"{i}\n"
    # Nor does it get at a socket.
    forward = command("ssh -N -o ExitOnForwardFailure=yes -o StreamLocalBindUnlink=yes -L")
    host.make_runtime(command("mkdir"))
    with host.forwarding(forward, "other"):
        assert host.run(host.words(command("curl"))).returncode != 0
    server_2025.revoke("alice")
    daemon.authctl("verify", "bot")
    done = host.run(get)
    assert (done.returncode, done.stdout) == (4, "")


@pytest.mark.parametrize("option, whose", [("-o ExitOnForwardFailure=yes -R", "home"),
                                           ("-o ExitOnForwardFailure=yes -o StreamLocalBindUnlink=yes -L", "other")])
def test_the_control_socket_on_another_host(server_2025, daemon, host, option, whose):
    authorize(daemon, server_2025, "bot")
    host.let_in(host.name if whose == "home" else "root", f"{whose}_key")
    host.make_runtime(command("mkdir"))
    # The second time there is a socket that the first left.
    for _ in range(2):
        with host.forwarding(command(f"ssh -N {option}"), whose):
            got = host.run(host.words(command("curl")))
            assert json.loads(got.stdout)["i"] == daemon.credentials()["bot"]["i"]
            # It asks whose the socket is.
            listed = host.run([host.authctl, *command("misskey-authctl list").split()[1:]])
            assert (listed.returncode, listed.stderr) == (0, "") and "bot" in listed.stdout
            status = host.socket.stat()
            assert (status.st_uid, status.st_mode & 0o777) == (host.user.pw_uid, 0o600)
        wait_for(lambda: host.run([host.authctl, "list"]).returncode == 5, what="the end of the connection")
        assert host.socket.exists()


# cron

# cron does not see this machine's tables; it runs an @reboot line at once.
CRON = """
set -e
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /etc/cron.d
mount --bind /dev/null /etc/crontab
mount -t tmpfs tmpfs /var/spool/cron
mkdir -m 1730 /var/spool/cron/crontabs
cat >/var/spool/cron/crontabs/root
chmod 600 /var/spool/cron/crontabs/root
exec cron -f
"""


def crontab(daemon):
    """The page's, as it is here: its variables and its command."""
    path = command("PATH=").removeprefix("PATH=")
    path = path.replace("/home/alice/bin", f"{ROOT}/examples").replace("/usr/local/bin", str(BIN))
    variables = {"HOME": str(daemon.home), "PATH": path, "ASAN_OPTIONS": "detect_leaks=0"}
    return variables, command("30 7 * * * ").removeprefix("30 7 * * * ")


def test_cron_has_the_token(server_2025, daemon):
    """As cron runs it: by sh, with few variables."""
    authorize(daemon, server_2025, "bot")
    variables, line = crontab(daemon)

    def run():
        return subprocess.run(["/bin/sh", "-c", line], env={**variables, "LOGNAME": "alice", "SHELL": "/bin/sh"}, cwd="/",
                              text=True, capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
    assert daemon.stop() == 0
    assert (run().returncode, server_2025.notes[0]["text"]) == (0, "Good morning")
    daemon.start()
    daemon.authctl("logout", "bot")
    assert "misskey-authctl login" in run().stderr and len(server_2025.notes) == 1


@needs_root
def test_crons_own_daemon_has_the_token(server_2025, daemon):
    if not shutil.which("cron"):
        pytest.skip("cron is not installed")
    authorize(daemon, server_2025, "bot")
    variables, line = crontab(daemon)
    table = "".join(f"{name}={value}\n" for name, value in variables.items())
    cron = subprocess.Popen(["unshare", "--mount", "sh", "-c", CRON], text=True, stdin=subprocess.PIPE,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        cron.stdin.write(f"{table}@reboot {line}\n")
        cron.stdin.close()
        wait_for(lambda: server_2025.notes, what="the note")
    finally:
        cron.terminate()
        cron.wait(60)
    assert [note["text"] for note in server_2025.notes] == ["Good morning"]
