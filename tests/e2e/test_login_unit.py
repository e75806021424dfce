# SPDX-License-Identifier: MIT
"""misskey-authd-login.service under a real user manager: what opens at the start of a graphical session, and what does not."""

import json
import os
import shlex
import shutil
import subprocess
import sys

import pytest

from harness import ROOT, free_port, open_start, wait_for
from misskey_server import MisskeyServer

UNIT = "misskey-authd-login.service"
AUTOSTART = ROOT / "examples/systemd/misskey-authd-login.desktop"
SOCKETS = ("misskey-authd-callback.socket", "misskey-authd-control.socket")
# Writes down how it was called, and stays, as a browser does.
BROWSER = """#!{python} -IS
import json, os, sys, time
umask = os.umask(0)
record = dict(pid=os.getpid(), url=sys.argv[1], umask=umask, display=os.environ.get("DISPLAY"),
              cgroup=open("/proc/self/cgroup").read())
name = f"{directory}/{{time.monotonic_ns()}}"
with open(name + ".new", "w") as file:
    json.dump(record, file)
os.rename(name + ".new", name + ".json")
if not os.path.exists("{directory}/does-not-stay"):
    time.sleep(600)
"""


class Desktop:
    """The manager's user with a graphical session that can begin and end, and a browser."""

    def __init__(self, manager):
        self.manager = manager
        self.opened = manager.home / "opened"
        self.browser = manager.programs / "browser"
        self.browser.write_text(BROWSER.format(python=sys.executable, directory=self.opened))
        self.browser.chmod(0o755)

    def configure(self, server, *accounts):
        sections = "".join(f"[account {name}]\nserver = {server.origin}\n" for name in accounts)
        self.manager.write(".config/misskey-authd/config.ini", sections)
        self.manager.systemctl("stop", "misskey-authd.service")

    def begin(self, wait=True, **environment):
        """The session begins; it tells the manager its display, or not."""
        if environment:
            self.import_environment(**environment)
        started = self.manager.systemctl("start", "graphical-session.target")
        assert started.returncode == 0, started.stderr
        if wait:
            self.wait_unit()

    def end(self):
        assert self.manager.systemctl("stop", "graphical-session.target").returncode == 0

    def import_environment(self, **environment):
        self.manager.systemctl("set-environment", *(f"{name}={value}" for name, value in environment.items()))

    def wait_unit(self, seconds=30):
        """Until the unit has ended: [Result, exit status]."""
        wait_for(lambda: self.manager.show(UNIT, "ActiveState")[0] in ("inactive", "failed"), seconds, "the unit's end")
        return self.manager.show(UNIT, "Result", "ExecMainStatus")

    def pages(self):
        return [json.loads(file.read_text()) for file in sorted(self.opened.glob("*.json"))]

    def wait_pages(self, count):
        wait_for(lambda: len(self.pages()) >= count, what=f"page {count}")
        assert len(self.pages()) == count
        return self.pages()

    def browsers_do_not_stay(self):
        """They hand the page to one that runs, and end well."""
        self.manager.write("opened/does-not-stay", "")

    def drop_in(self, *lines):
        """Until the end of the test."""
        self.manager.write(f".config/systemd/user/{UNIT}.d/test.conf", "[Service]\n" + "\n".join(lines) + "\n")
        self.manager.systemctl("daemon-reload")

    def log(self):
        """What the unit said, without systemd's own lines."""
        file = self.opened / "login.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def close(self):
        self.manager.systemctl("stop", "graphical-session.target", UNIT, "misskey-authd.service", *SOCKETS)
        self.manager.systemctl("unset-environment", "DISPLAY", "WAYLAND_DISPLAY")
        self.manager.systemctl("disable", UNIT)
        self.manager.systemctl("reset-failed")
        for page in self.pages():
            try:
                os.kill(page["pid"], 9)
            except ProcessLookupError:
                pass


@pytest.fixture
def desktop(manager):
    for left in (".local", "opened", ".config/misskey-authd"):
        shutil.rmtree(manager.home / left, ignore_errors=True)
    manager.write("opened/.there", "")
    one = Desktop(manager)
    manager.write(".config/systemd/user/misskey-authd-callback.socket.d/port.conf",
                  f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{free_port()}\n")
    # graphical-session.target is not to be started by hand; what does it for a desktop is a unit of its own.
    manager.write(".config/systemd/user/graphical-session.target.d/tests.conf", "[Unit]\nRefuseManualStart=no\n")
    manager.write(f".config/systemd/user/{UNIT}.d/desktop.conf",
                  f"[Service]\nEnvironment=BROWSER={one.browser}\nStandardError=append:{one.opened}/login.log\n")
    manager.systemctl("daemon-reload")
    for action in (("enable", UNIT), ("start", *SOCKETS)):
        done = manager.systemctl(*action)
        assert done.returncode == 0, done.stderr
    try:
        yield one
    finally:
        one.close()
        shutil.rmtree(manager.home / ".config/misskey-authd")
        shutil.rmtree(manager.home / ".config/systemd/user/misskey-authd-callback.socket.d")
        shutil.rmtree(manager.home / ".config/systemd/user/graphical-session.target.d")
        for name in ("desktop.conf", "test.conf"):
            (manager.home / f".config/systemd/user/{UNIT}.d/{name}").unlink(missing_ok=True)
        manager.systemctl("daemon-reload")


@pytest.fixture
def server():
    with MisskeyServer(profile="2025") as one:
        yield one


def consent(server, url, username="alice"):
    """What a person does at an opened page."""
    browser, token = open_start(url)
    server.accept(token, username)
    return browser, token


def test_a_page_opens_for_the_account_without_a_credential_and_for_no_other(desktop, server):
    desktop.configure(server, "me", "other")
    desktop.begin(DISPLAY=":7")
    first, second = desktop.wait_pages(2)
    assert first["display"] == ":7"
    browser, token = consent(server, first["url"])
    port = desktop.manager.show(SOCKETS[0], "Listen")[0].split()[0]
    status, _, _, text = browser.get(f"http://{port}/callback?token={token}")
    assert status == 200 and "alice" in text
    # The next session finds one with a credential, and one whose page is open.
    desktop.end()
    desktop.begin()
    assert len(desktop.pages()) == 2
    assert desktop.manager.show(UNIT, "Result") == ["success"]
    assert first["url"] not in desktop.log() and second["url"] not in desktop.log()


def is_alive(pid):
    """A process, and no zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_browser_belongs_to_the_person_and_outlives_the_units(desktop, server):
    desktop.configure(server, "me")
    desktop.begin(DISPLAY=":7")
    page = desktop.wait_pages(1)[0]
    groups = [line.split(":", 2)[2] for line in page["cgroup"].splitlines()]
    assert any(group.endswith(".scope") and "/app.slice/" in group for group in groups), groups
    assert not any("misskey-authd" in group for group in groups)
    assert page["umask"] == 0o022
    assert desktop.manager.systemctl("restart", UNIT, "misskey-authd.service").returncode == 0
    desktop.wait_unit()
    desktop.end()
    desktop.manager.systemctl("stop", UNIT, "misskey-authd.service", *SOCKETS)
    assert is_alive(page["pid"])
    assert len(desktop.pages()) == 1


def test_no_more_than_five_pages_however_often_it_is_started(desktop, server):
    desktop.browsers_do_not_stay()
    names = [f"bot{number}" for number in range(7)]
    desktop.configure(server, *names)
    desktop.begin(DISPLAY=":7")
    pages = desktop.wait_pages(5)
    assert len({page["url"] for page in pages}) == 5
    assert desktop.log().count("Without a credential are left: bot5, bot6. Go on with: misskey-authctl login --missing") == 1
    for _ in range(2):
        # The pages are remembered by the daemon, also by one that was started again.
        desktop.manager.systemctl("restart", "misskey-authd.service")
        assert desktop.manager.systemctl("restart", UNIT).returncode == 0
        assert desktop.wait_unit() == ["success", "0"]
    desktop.end()
    desktop.begin()
    assert len(desktop.pages()) == 5
    # A person may say otherwise.
    more = desktop.manager.authctl("login", "--missing", "--unattended", "--limit", "7", DISPLAY=":7",
                                   BROWSER=str(desktop.browser))
    assert (more.returncode, more.stdout) == (0, "")
    assert more.stderr.splitlines() == [f"Opened the page to consent for the account bot{number}." for number in (5, 6)]
    assert len(desktop.wait_pages(7)) == len(server.calls("auth/session/generate"))


def test_two_starts_at_the_same_time_open_one_page(desktop, server):
    desktop.browsers_do_not_stay()
    desktop.configure(server, "me")
    desktop.begin(wait=False, DISPLAY=":7")
    second = desktop.manager.authctl("login", "--missing", "--unattended", DISPLAY=":7", BROWSER=str(desktop.browser))
    assert second.returncode == 0, second.stderr
    assert desktop.wait_unit() == ["success", "0"]
    assert len(desktop.pages()) == 1


def test_a_display_that_comes_late(desktop, server):
    desktop.browsers_do_not_stay()
    desktop.configure(server, "me")
    desktop.begin(wait=False)
    wait_for(lambda: desktop.manager.show(UNIT, "SubState") == ["start-pre"], what="the wait for the display")
    assert desktop.manager.show("graphical-session.target", "ActiveState") == ["active"]
    desktop.import_environment(WAYLAND_DISPLAY="wayland-7", DISPLAY=":8")
    assert desktop.wait_pages(1)[0]["display"] == ":8"
    assert desktop.wait_unit() == ["success", "0"]


def test_a_display_that_never_comes(desktop, server):
    """With the unit's own waits, but shorter ones."""
    desktop.drop_in("ExecStartPre=", *['ExecStartPre=/bin/sh -c \'test -n "$$DISPLAY$$WAYLAND_DISPLAY" || sleep 0.2\''] * 3)
    desktop.configure(server, "me")
    desktop.begin()
    assert desktop.manager.show(UNIT, "Result", "ActiveState") == ["success", "inactive"]
    assert desktop.log().count("There is no desktop here") == 1 and "import-environment" in desktop.log()
    assert not desktop.pages() and not server.calls("app/create") and not server.calls("auth/session/generate")
    assert desktop.manager.show("misskey-authd.service", "ActiveState") == ["inactive"]


def test_a_browser_that_cannot_be_started_is_in_log_and_status(desktop, server):
    desktop.browsers_do_not_stay()
    desktop.configure(server, "me")
    desktop.drop_in("Environment=BROWSER=/nonexistent/browser PATH=/nonexistent")
    desktop.begin(DISPLAY=":7")
    assert desktop.manager.show(UNIT, "Result", "ExecMainStatus") == ["exit-code", "1"]
    assert "account me could not be opened: No browser was found" in desktop.log()
    assert "/start/" not in desktop.log() and "/auth/" not in desktop.log()
    for restarted in (False, True):
        if restarted:
            desktop.manager.systemctl("restart", "misskey-authd.service")
        shown = desktop.manager.authctl("status")
        assert shown.returncode == 0
        assert "could not be opened: No browser was found" in shown.stderr and "/start/" in shown.stderr
    # It was opened nowhere: the next start of the session tries again.
    desktop.drop_in()
    desktop.end()
    desktop.begin()
    consent(server, desktop.wait_pages(1)[0]["url"])
    assert "could not be opened" not in desktop.manager.authctl("status").stderr


def test_a_server_that_comes_late(desktop, server):
    desktop.browsers_do_not_stay()
    desktop.configure(server, "me")
    server.stop()
    desktop.begin(wait=False, DISPLAY=":7")
    # The start of the unit waits for nothing.
    wait_for(lambda: server.origin in desktop.log(), what="the first try")
    assert desktop.manager.show(UNIT, "ActiveState") == ["active"]
    server.start()
    desktop.wait_pages(1)
    assert desktop.wait_unit() == ["success", "0"]


def test_the_end_of_the_session_ends_the_unit(desktop, server):
    desktop.configure(server, "me")
    server.stop()
    desktop.begin(wait=False, DISPLAY=":7")
    wait_for(lambda: server.origin in desktop.log(), what="the first try")
    desktop.end()
    assert desktop.wait_unit()[0] == "success"
    assert not desktop.pages()


@pytest.mark.parametrize("is_enabled", [True, False])
def test_a_session_without_the_target_has_an_autostart_entry(desktop, server, is_enabled):
    """For those who have enabled the unit, and nobody else."""
    desktop.browsers_do_not_stay()
    desktop.configure(server, "me")
    if not is_enabled:
        desktop.manager.systemctl("disable", UNIT)
    entry = AUTOSTART.read_text(encoding="utf-8")
    assert "\nX-systemd-skip=true\n" in entry
    words = shlex.split(next(line for line in entry.splitlines() if line.startswith("Exec=")).removeprefix("Exec="))
    path = f"{desktop.manager.programs}:{desktop.manager.env['PATH']}"
    done = desktop.manager.run(*words, PATH=path, DISPLAY=":9", BROWSER=str(desktop.browser), ASAN_OPTIONS="detect_leaks=0")
    assert done.returncode == (0 if is_enabled else 1), done.stderr
    assert [page["display"] for page in desktop.pages()] == ([":9"] if is_enabled else [])


def test_the_autostart_entry_is_right():
    if not shutil.which("desktop-file-validate"):
        pytest.skip("desktop-file-validate is not installed (Debian: desktop-file-utils)")
    checked = subprocess.run(["desktop-file-validate", AUTOSTART], text=True, capture_output=True, timeout=60, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
