# SPDX-License-Identifier: MIT
"""Fixtures of the end-to-end tests."""

import os
import re
import shutil
import subprocess
from contextlib import ExitStack, contextmanager

import pytest

import debian_package
from activation import ActivatedDaemon
from browser import Browser, Chromedriver
from browser import why_not as browser_lacks
from firefox import Firefox
from firefox import why_not as firefox_lacks
from harness import BIN, ROOT, Daemon, authorize, check_log, check_schema, check_tokens
from misskey_server import PROFILES, MisskeyServer
from shells import SHELLS
from user_manager import running


# Files whose tests can run beside others (scripts/test runs them so). They give a busy machine time, and use nothing that
# the machine has only once; those of all other files have the machine for themselves.
TOGETHER = """
    account_commands agent authctl bots browser browser_problem callback_listener completions config confinement curl
    disk_faults docs doctor doctor_files doctor_servers events examples exit_statuses faq firefox flows hooks
    hostile_browser hostile_local integrations login logout lookup memory miauth notifications offer pages polling qr
    recipes reload restart schema server_faults start_link state_files state_gone strace tables token torture
    translations trust valgrind verify wire wishes
""".split()


# The fixtures that a daemon's secrets may come from.
SERVERS = ("server", "server_2025", "every_server", "willing_server")

IN_CI = os.environ.get("CI") == "true"


def pytest_configure(config):
    config.addinivalue_line("markers", "together: can run beside others")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.stem.removeprefix("test_") in TOGETHER:
            item.add_marker("together")


def pytest_report_header():
    return f"programs: {BIN}"


@pytest.fixture(params=["11", "2025"])
def server(request):
    """An old and a new Misskey server in turn, on plain loopback."""
    with MisskeyServer(profile=request.param) as one:
        yield one


@pytest.fixture(params=PROFILES)
def every_server(request):
    """A server of each profile in turn: for the logins themselves, where the wire matters most."""
    with MisskeyServer(profile=request.param) as one:
        yield one


@pytest.fixture
def sixty_servers():
    """For many polled logins: a server is polled once a second (daemon/login/turns.h)."""
    with ExitStack() as stack:
        yield [stack.enter_context(MisskeyServer(profile="2025")) for _ in range(60)]


@pytest.fixture
def server_2025():
    """For stories in which the profile makes no difference."""
    with MisskeyServer(profile="2025") as one:
        yield one


@pytest.fixture(params=["11", "2025"])
def willing_server(request):
    """Approves as soon as its page is opened, as a real server does for an app that was approved before."""
    with MisskeyServer(profile=request.param, auto_accept="alice") as one:
        yield one


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """(CA, certificate, key): files of a certificate for misskey.localhost and its authority."""
    directory = tmp_path_factory.mktemp("tls")
    (directory / "extensions").write_text("subjectAltName = DNS:misskey.localhost\n")
    new_key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    for command in (
        f"req -x509 {new_key} -subj /CN=ca -days 2 -keyout ca.key -out ca.pem",
        f"req {new_key} -subj /CN=misskey.localhost -keyout server.key -out server.csr",
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2"
        " -extfile extensions -out server.pem",
    ):
        subprocess.run(
            ["openssl", *command.split()], cwd=directory, check=True, capture_output=True
        )
    return directory / "ca.pem", directory / "server.pem", directory / "server.key"


@pytest.fixture(params=["11", "2025"])
def public_server(request, certificate):
    """A server of each profile with https and a name, as a public one has."""
    _, chain, key = certificate
    with MisskeyServer(
        profile=request.param, tls=(chain, key), public_host="misskey.localhost"
    ) as one:
        yield one


@pytest.fixture
def make_daemon(tmp_path):
    """Makes daemons, each in a home of its own; looks through what they leave behind at the end."""
    made = []

    def make(name="one", config="", servers=()):
        directory = tmp_path / name
        directory.mkdir()
        daemon = Daemon(directory, config)
        made.append((daemon, servers))
        return daemon

    yield make
    for daemon, servers in made:
        if daemon.process:
            assert daemon.stop() == 0, daemon.log()
        check_log(daemon, servers)
        if daemon.state.is_dir():
            check_tokens(daemon, servers)
            check_schema(daemon)
            assert not daemon.leftovers()


@pytest.fixture
def daemon(make_daemon, request):
    """A running daemon, next to the test's server."""
    servers = [request.getfixturevalue(name) for name in SERVERS if name in request.fixturenames]
    return make_daemon(servers=servers).start()


@pytest.fixture
def make_activated(tmp_path):
    """Makes daemons that sockets start; looks through what they leave behind."""
    made = []

    def make(config="", servers=(), name="one"):
        directory = tmp_path / name
        directory.mkdir()
        made.append((ActivatedDaemon(directory, config), servers))
        return made[-1][0]

    yield make
    for daemon, servers in made:
        assert daemon.stop() == 0, daemon.log()
        check_log(daemon, servers)
        check_tokens(daemon, servers)
        check_schema(daemon)
        assert not daemon.leftovers()


@pytest.fixture
def activated(make_activated, request):
    servers = [request.getfixturevalue(name) for name in SERVERS if name in request.fixturenames]
    return make_activated(servers=servers).start()


@pytest.fixture
def stopped(server_2025, daemon):
    """A daemon that was stopped after a login of "me"."""
    assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"
    assert daemon.stop() == 0
    return daemon


@pytest.fixture(params=SHELLS)
def make_shell(request, tmp_path):
    """Opens each shell in turn with our completions, in an environment or in that of a new user."""
    if not shutil.which(request.param):
        pytest.skip(f"{request.param} is not installed")
    made = []

    def make(env=None):
        new = {"HOME": str(tmp_path), "PATH": f"{BIN}:{os.environ['PATH']}", "LANG": "C.UTF-8"}
        made.append(SHELLS[request.param](tmp_path, env or new))
        return made[-1]

    yield make
    for shell in made:
        shell.close()


def need(lacks):
    """Skips the test, but not in CI, if that has a reason why there is no such browser."""
    reason = lacks()
    if reason and not IN_CI:
        pytest.skip(reason)
    assert not reason, reason


@pytest.fixture(scope="module")
def chromedriver():
    need(browser_lacks)
    driver = Chromedriver()
    yield driver
    driver.stop()


@contextmanager
def watched_browsers(chromedriver, directory):
    """Makes browsers, each with a profile of its own. None may have complained about our pages."""
    made = []

    def make(*arguments, **options):
        browser = Browser(chromedriver, directory / f"profile{len(made)}", *arguments, **options)
        made.append(browser)
        return browser

    yield make
    try:
        complaints = [
            entry for browser in made for entry in browser.console() if is_complaint(entry)
        ]
    finally:
        for browser in made:
            browser.quit()
    assert not complaints


@pytest.fixture
def make_browser(chromedriver, tmp_path):
    with watched_browsers(chromedriver, tmp_path) as make:
        yield make


def is_complaint(entry):
    """Whether a line of the console is about a page of the daemon: none has a script or an error.

    That a status is 403 or 503, or that a killed daemon did not answer, is said there too. What
    the server's own page, or a hostile one that may not frame ours, gets to hear is theirs.
    """
    message = entry["message"]
    if "Content Security Policy" in message:
        return "frame-ancestors" not in message
    ours = re.match(r"http://127\.0\.0\.1:\d+/(start|callback|result|favicon\.ico)", message)
    return bool(ours) and not re.search(
        r"the server responded with a status of (400|403|404|405|410|503)|net::ERR_", message
    )


@pytest.fixture
def browser(make_browser):
    return make_browser()


@pytest.fixture(scope="module")
def shared_browser(chromedriver, tmp_path_factory):
    """For files whose tests only look at pages."""
    with watched_browsers(chromedriver, tmp_path_factory.mktemp("browser")) as make:
        yield make()


@pytest.fixture(scope="module")
def make_firefox(tmp_path_factory):
    """Makes Firefoxes with some preferences, each with a profile of its own."""
    need(firefox_lacks)
    made = []

    def make(preferences):
        made.append(Firefox.start(tmp_path_factory.mktemp("firefox") / "profile", preferences))
        return made[-1]

    yield make
    for firefox in made:
        firefox.quit()


@pytest.fixture(scope="session")
def manager():
    """A real user manager, with our programs and units."""
    with running() as one:
        yield one


@pytest.fixture(scope="session")
def release():
    """The directory of a build as it is installed, without sanitizers: the Debian package's, where one can be made."""
    if not debian_package.why_not():
        return debian_package.compiled()
    directory = ROOT / "build/release"
    for step in (["--preset", "release", "-DBUILD_TESTING=OFF"], ["--build", str(directory)]):
        made = subprocess.run(["cmake", *step], cwd=ROOT, text=True, capture_output=True, timeout=600)
        assert made.returncode == 0, made.stdout + made.stderr
    return directory
