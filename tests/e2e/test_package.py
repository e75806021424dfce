# SPDX-License-Identifier: MIT
"""The Debian package: what is in it, what dpkg does with it, and an upgrade under a user's systemd."""

import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import debian_package
import overlay
import user_manager
from harness import ROOT, free_port, open_start, wait_for
from user_manager import UserManager

CONFIG = "/etc/xdg/misskey-authd/config.ini"
AUTOSTART = "/etc/xdg/autostart/misskey-authd-login.desktop"
UNITS = Path("usr/lib/systemd/user")
NEWER_UNIT = "[Service]\nEnvironment=MISSKEY_TEST=newer\n"
# What dpkg and its triggers write for themselves, whatever the package.
BOOKKEEPING = re.compile("/var/(lib/dpkg|log|cache/man|cache/debconf|lib/texmf)(/|$)|/var/lib/systemd/deb-systemd-user-helper-"
                         "(enabled|masked)$")


def run(*command, **options):
    done = subprocess.run([*map(str, command)], text=True, capture_output=True, timeout=300, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def package():
    reason = debian_package.why_not()
    if reason:
        pytest.skip(reason)
    return debian_package.built()


@pytest.fixture(scope="session")
def newer(package, tmp_path_factory):
    """The next version: other programs, another unit, another conffile."""
    tree = tmp_path_factory.mktemp("newer") / "tree"
    run("dpkg-deb", "--raw-extract", package, tree)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub("^Version: .*", "Version: 99", control.read_text(), flags=re.M))
    (tree / "usr/bin/misskey-token").write_text("#!/bin/sh\necho newer\n")
    for file, more in (("usr/bin/misskey-authd", "newer"), (UNITS / "misskey-authd.service.d/newer.conf", NEWER_UNIT),
                       (f".{CONFIG}", "# A newer version explains more.\n")):
        (tree / file).parent.mkdir(exist_ok=True)
        with (tree / file).open("a") as opened:
            opened.write(more)
    (tree / "DEBIAN/md5sums").unlink()
    run("dpkg-deb", "--root-owner-group", "--build", tree, tree.parent)
    return next(tree.parent.glob("*.deb"))


@pytest.fixture(scope="session")
def tree(package, tmp_path_factory):
    directory = tmp_path_factory.mktemp("unpacked")
    run("dpkg-deb", "--raw-extract", package, directory)
    return directory


# ---- What is in it ----

def test_lintian_has_nothing_to_say(package):
    if not shutil.which("lintian"):
        pytest.skip("lintian is not installed")
    said = subprocess.run(["lintian", "--allow-root", "--pedantic", "--display-info", str(package)], text=True,
                          capture_output=True, timeout=300)
    assert (said.returncode, said.stdout) == (0, "")


def test_what_debian_s_policy_wants_is_there(tree):
    documentation = tree / "usr/share/doc/misskey-authd"
    assert "License: Expat" in (documentation / "copyright").read_text()
    assert gzip.open(documentation / "changelog.gz", "rt").read().startswith("misskey-authd (")
    pages = {page.name for page in (tree / "usr/share/man").rglob("*.gz")}
    assert pages == {f"{page.name}.gz" for page in (ROOT / "docs/man").iterdir()}
    control = (tree / "DEBIAN/control").read_text()
    depends = re.search("^Depends: (.*)$", control, re.M)[1]
    for library in ("libc6", "libmicrohttpd12", "libcurl4", "libssl3", "libsystemd0", "libcjson1", "libseccomp2", "libidn2-0"):
        assert library in depends
    assert "cmocka" not in depends


def test_the_version_and_the_licence_are_the_project_s(package, tree):
    version = re.search(r"project\(misskey-authd VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    assert f"Version: {version}\n" in (tree / "DEBIAN/control").read_text()
    changelog = run("dpkg-parsechangelog", "-l", ROOT / "debian/changelog", "-S", "Version").strip()
    assert changelog == version
    licences = [text[text.index("Permission is"):].replace("\n .\n", "\n").split() for text in (
        (tree / "usr/share/doc/misskey-authd/copyright").read_text(), (ROOT / "LICENSE").read_text())]
    assert licences[0] == licences[1]


def test_the_maintainer_scripts_know_the_units(tree):
    units = {unit.name for unit in (tree / UNITS).iterdir()}
    enabled = {unit for unit in units if "[Install]" in (tree / UNITS / unit).read_text()}
    named = {script: set(re.findall(r"misskey-authd[\w-]*\.\w+", (tree / "DEBIAN" / script).read_text()))
             for script in ("postinst", "prerm", "postrm")}
    assert named["postinst"] == named["postrm"] == enabled
    assert named["prerm"] < units


def test_the_documents_find_each_other(tree):
    """None is compressed, which would break their links."""
    documentation = tree / "usr/share/doc/misskey-authd"
    names = {file.name for file in documentation.rglob("*")}
    assert {name for name in names if name.endswith(".gz")} == {"changelog.gz"}
    assert {"README.md", "CHANGELOG.md", "config.example.ini", "credentials.schema.json", "post-note.sh"} <= names


def test_it_is_hardened(tree):
    """By hardening=+all and cmake/Build.cmake."""
    if not shutil.which("readelf"):
        pytest.skip("binutils are not installed")
    for program in ("bin/misskey-authd", "bin/misskey-authctl", "bin/misskey-token", "libexec/misskey-authd-agent"):
        told = run("readelf", "--wide", "--file-header", "--dynamic", "--symbols", tree / "usr" / program)
        assert "DYN (Position-Independent" in told and "BIND_NOW" in told, program
        assert "__stack_chk_fail" in told, program


def test_a_server_gets_few_packages(tree):
    """The browser's helpers would bring a desktop's libraries along."""
    control = (tree / "DEBIAN/control").read_text()
    assert re.search("^Recommends: (.*)$", control, re.M)[1] == "ca-certificates, libpam-systemd"
    assert "xdg-utils" in re.search("^Suggests: (.*)$", control, re.M)[1]


# ---- What dpkg does with it ----

def opened(kind, directory):
    """An overlay, without an installed misskey-authd."""
    reason = overlay.why_not()
    if reason:
        pytest.skip(reason)
    directory.mkdir()
    one = kind(directory)
    if not one.mounted:
        one.close()
        pytest.skip(f"no overlay can be mounted here: {one.complaint}")
    if one.run("dpkg", "-s", "misskey-authd").returncode == 0:
        one.run("dpkg", "--purge", "misskey-authd")
    return one


@pytest.fixture
def root(tmp_path):
    one = opened(overlay.Root, tmp_path / "root")
    yield one
    one.close()


class Machine:
    """The throw-away root, with the home of a user who has logged in."""

    def __init__(self, root, daemon):
        self.root = root
        root.put(daemon.home, "/home/misskey-user")
        root.shell("mkdir -p /home/misskey-user/.config/systemd/user/sockets.target.wants; ln -s "
                   f"/{UNITS}/misskey-authd-callback.socket /home/misskey-user/.config/systemd/user/sockets.target.wants/")
        self.home = self.look_home()

    def look_home(self):
        return self.root.shell("cd /home/misskey-user; find . -printf '%p %m %U %G %s %T@ %l\\n' | sort; "
                               "find . -type f -exec sha256sum {} + | sort")

    def dpkg(self, *arguments):
        """The user's home stays as it is. The triggers are those of other packages, which take their time."""
        done = self.root.run("dpkg", "--no-triggers", "--force-confold", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        assert self.look_home() == self.home

    def install(self, package):
        self.root.put(package, "/tmp/misskey-authd.deb")
        self.dpkg("--install", "/tmp/misskey-authd.deb")
        self.root.shell("rm /tmp/misskey-authd.deb")

    def traces(self):
        return {path for path in self.root.changed() if not BOOKKEEPING.match(path)
                and not path.startswith("/home/misskey-user")}

    def token(self):
        return self.root.shell("HOME=/home/misskey-user setpriv --reuid=$(stat -c %u /home/misskey-user/.local/state/"
                               "misskey-authd) --clear-groups misskey-token me").strip()


@pytest.fixture
def machine(root, stopped):
    return Machine(root, stopped)


def directories_of(path):
    return {str(parent) for parent in Path(path).parents}


def test_it_is_installed_upgraded_removed_and_purged(machine, stopped, package, newer):
    before = machine.traces()
    machine.install(package)
    assert machine.root.run("dpkg", "--verify", "misskey-authd").stdout == ""
    assert machine.token() == stopped.credentials()["me"]["i"]
    assert machine.root.shell("misskey-authd --check-config; misskey-authctl --version")
    machine.install(newer)
    assert machine.token() == "newer"
    # The conffile was not changed, so that of the new version is in its place, without a question.
    assert "A newer version" in machine.root.shell(f"cat {CONFIG}")
    machine.dpkg("--remove", "misskey-authd")
    assert machine.root.run("sh", "-c", "command -v misskey-authd misskey-authctl misskey-token").stdout == ""
    left = {path for path in machine.traces() - before if "/deb-systemd-user-helper" not in path}
    assert left - directories_of(CONFIG) - directories_of(AUTOSTART) == {CONFIG, AUTOSTART}
    machine.dpkg("--purge", "misskey-authd")
    assert machine.traces() == before


def test_a_changed_conffile_stays_until_the_purge(machine, package, newer):
    before = machine.traces()
    machine.install(package)
    machine.root.shell(f"printf '[daemon]\\nsession_time = 1h\\n' >{CONFIG}")
    machine.install(newer)
    machine.dpkg("--remove", "misskey-authd")
    machine.install(package)
    assert machine.root.shell(f"cat {CONFIG}") == "[daemon]\nsession_time = 1h\n"
    machine.dpkg("--purge", "misskey-authd")
    assert machine.traces() == before


def test_nothing_is_enabled_but_what_the_administrator_enables_goes_with_the_purge(machine, package, newer):
    links = "find /etc/systemd/user -name 'misskey-authd*' | sort"
    before = machine.traces()
    machine.install(package)
    assert machine.root.shell(links) == ""
    machine.root.shell("systemctl --global enable misskey-authd.service misskey-authd-verify.timer")
    enabled = machine.root.shell(links)
    assert "misskey-authd-callback.socket" in enabled and "misskey-authd-verify.timer" in enabled
    machine.install(newer)
    machine.dpkg("--remove", "misskey-authd")
    machine.install(package)
    assert machine.root.shell(links) == enabled
    machine.dpkg("--purge", "misskey-authd")
    assert {path for path in machine.traces() - before if not path.endswith(".wants")} == set()


def test_a_user_manager_that_cannot_be_reached_does_not_stop_dpkg(machine, package):
    """As in a container that says it was booted by systemd."""
    machine.root.shell("mkdir -p /run/systemd/system")
    machine.install(package)
    machine.dpkg("--remove", "misskey-authd")
    machine.dpkg("--purge", "misskey-authd")


def test_the_units_name_the_programs_of_the_package(tree):
    """The package's units name the package's programs."""
    for unit in (tree / UNITS).glob("*.service"):
        assert set(re.findall(r"^Exec\w+=(\S+)/misskey", unit.read_text(), re.M)) <= {"/usr/bin", "/usr/libexec"}
    assert not os.path.exists(tree / UNITS / "misskey-authd.service.d")


# ---- Under a user's systemd ----

class PackagedManager(UserManager):
    """A user manager on a machine that has the package: the package's own units and programs, where it puts them."""

    def __init__(self, directory):
        super().__init__("-packaged")
        self.port = free_port()
        try:
            self.system = opened(overlay.System, directory)
        except BaseException:
            self.stop()
            raise

    def as_user(self, *command):
        return [*self.system.enter, *super().as_user(*command)]

    def install(self, package):
        done = self.system.run("dpkg", "--no-triggers", "--install", package)
        assert done.returncode == 0, done.stdout + done.stderr

    def pid(self):
        return int(self.show("misskey-authd.service", "MainPID")[0])

    def runs_the_newer(self):
        """Its program, and its unit."""
        process = Path(f"/proc/{self.pid()}")
        return ((process / "exe").read_bytes().endswith(b"newer"),
                b"MISSKEY_TEST=newer" in (process / "environ").read_bytes())


@pytest.fixture
def packaged(package, tmp_path):
    reason = user_manager.why_not()
    if reason:
        pytest.skip(reason)
    one = PackagedManager(tmp_path / "system")
    try:
        one.install(package)
        if not one.start():
            pytest.skip("a user manager does not start here")
        one.write(".config/systemd/user/misskey-authd-callback.socket.d/port.conf",
                  f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{one.port}\n")
        # What the README says.
        assert one.systemctl("daemon-reload").returncode == 0
        enabled = one.systemctl("enable", "--now", "misskey-authd")
        assert enabled.returncode == 0, enabled.stderr
        yield one
    finally:
        one.stop()
        one.system.close()


@pytest.mark.parametrize("how", ["restarted", "ended, being idle"])
def test_an_upgrade_while_a_consent_is_pending(packaged, newer, server_2025, how):
    assert packaged.show("misskey-authd.service", "FragmentPath") == [f"/{UNITS}/misskey-authd.service"]
    begun = packaged.run("misskey-authctl", "login", server_2025.origin, "--as", "me", "--no-wait", DISPLAY=":9")
    assert begun.returncode == 0, begun.stderr
    browser, token = open_start(begun.stdout.strip())
    packaged.install(newer)
    assert packaged.pid() and packaged.runs_the_newer() == (False, False)
    if how == "restarted":
        assert packaged.systemctl("daemon-reload").returncode == 0
        assert packaged.systemctl("try-restart", "misskey-authd").returncode == 0
    else:
        packaged.systemctl("kill", "misskey-authd")
        wait_for(lambda: packaged.show("misskey-authd.service", "ActiveState") == ["inactive"], what="its end")
    server_2025.accept(token, "alice")
    status, _, _, page = browser.get(f"http://127.0.0.1:{packaged.port}/callback?token={token}")
    assert status == 200 and "alice" in page
    # Without a reload it is the new program by the old unit.
    assert packaged.runs_the_newer() == (True, how == "restarted")
    listed = packaged.run("misskey-authctl", "list", "--json")
    assert '"verified"' in listed.stdout, listed.stderr
