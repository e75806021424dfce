# SPDX-License-Identifier: MIT
"""Logins with a real Firefox: with its first settings, and with those that people switch on."""

import re
import shlex
import subprocess
from contextlib import contextmanager

import pytest

from firefox import Firefox, command_of, make_profile
from harness import BIN, LOGGED_IN, check_stored, session_token, wait_for
from misskey_server import MisskeyServer

# What people switch on in the settings, where it takes effect at once; private windows alone want a new start.
MODES = {
    "default": {},
    "https-only": {"dom.security.https_only_mode": True},
    "private-window": {},
}
NO_COOKIES = {"network.cookie.cookieBehavior": 2}

# Before anything else: without a Firefox all is skipped.
pytestmark = pytest.mark.usefixtures("make_firefox")


@pytest.fixture
def server(certificate):
    """With https and a name, as a public one has."""
    _, chain, key = certificate
    with MisskeyServer(profile="2025", tls=(chain, key), public_host="misskey.localhost") as one:
        yield one


@pytest.fixture
def daemon(server, certificate, make_daemon):
    one = make_daemon(servers=[server])
    one.configure(daemon=f"ca_file = {certificate[0]}")
    return one.start()


@pytest.fixture(scope="module")
def plain_firefox(make_firefox):
    return make_firefox({})


@pytest.fixture(scope="module")
def private_firefox(make_firefox):
    firefox = make_firefox({"browser.privatebrowsing.autostart": True})
    assert firefox.inside("return PrivateBrowsingUtils.isWindowPrivate(window)")
    return firefox


@pytest.fixture(params=MODES)
def firefox(request, server):
    """In each mode in turn. For it the server is far away, and not on this machine."""
    is_private = request.param == "private-window"
    one = request.getfixturevalue("private_firefox" if is_private else "plain_firefox")
    one.keep_distance(server.port)
    with one.preferences(MODES[request.param]):
        yield one


@pytest.fixture
def cookieless(plain_firefox, server):
    """Takes the server's cookies alone: the server needs them."""
    plain_firefox.keep_distance(server.port)
    plain_firefox.allow_cookies(server.origin)
    with plain_firefox.preferences(NO_COOKIES):
        yield plain_firefox


@contextmanager
def authctl_login(daemon, server, browser):
    """misskey-authctl login, which has that command for a browser."""
    with subprocess.Popen(
        [BIN / "misskey-authctl", "login", server.origin, "--as", "me"],
        env={**daemon.env, "DISPLAY": ":0", "BROWSER": browser}, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as authctl:
        try:
            yield authctl
        finally:
            authctl.kill()


@pytest.fixture
def begin(daemon, server, tmp_path):
    """Begins a login in a terminal: (misskey-authctl, the link with which it opens the browser)."""
    link = tmp_path / "link"
    opener = tmp_path / "opener"
    opener.write_text(f'#!/bin/sh\necho "$1" >{link}.new\nmv {link}.new {link}\n', encoding="utf-8")
    opener.chmod(0o755)
    with authctl_login(daemon, server, str(opener)) as authctl:
        wait_for(link.exists, what="the link")
        yield authctl, link.read_text(encoding="utf-8").strip()


def check_terminal(authctl):
    """Its end, and what it says then."""
    stdout, stderr = authctl.communicate(timeout=60)
    assert (authctl.returncode, stdout) == (0, "me\n"), stderr
    assert "@alice" in stderr and "misskey-token" in stderr
    return stderr


def check_result(firefox, daemon, server, token):
    """And the page has its style and its icon."""
    firefox.check_result(daemon, server, token)
    assert firefox.script("return getComputedStyle(document.querySelector('main')).borderTopLeftRadius") == "16px"
    firefox.wait(lambda: firefox.icon() or "", "the icon")
    assert firefox.icon().startswith("data:image/")


def complaints(firefox, daemon):
    """What the console has against pages of the daemon."""
    origin = f"http://127.0.0.1:{daemon.port}/"
    return [text for url, text in firefox.console() if origin in url + text]


# The main job


def test_accept_is_the_only_click(begin, daemon, server, firefox):
    authctl, link = begin
    token = session_token(server)
    firefox.sign_in_and_accept(link)
    check_result(firefox, daemon, server, token)
    assert token not in check_terminal(authctl)
    check_stored(daemon, server)
    assert complaints(firefox, daemon) == []


def test_authctl_starts_firefox(daemon, server, make_firefox, tmp_path):
    """Not one that runs already: the link is opened when its first window is there."""
    profile = tmp_path / "profile"
    make_profile(profile, {})
    with authctl_login(daemon, server, shlex.join(command_of(profile))) as authctl:
        firefox = Firefox(profile)
        try:
            firefox.wait(lambda: firefox.url.startswith(server.origin), "the server's page")
            token = session_token(server)
            firefox.sign_in()
            firefox.accept()
            check_result(firefox, daemon, server, token)
            check_terminal(authctl)
        finally:
            firefox.quit()
    check_stored(daemon, server)


def test_https_only_mode_is_on(plain_firefox, server):
    """Shows that the mode is on: Firefox goes to a foreign name by https."""
    host = f"misskey.example:{server.port}"
    with plain_firefox.preferences({"network.dns.localDomains": "misskey.example", **MODES["https-only"]}):
        plain_firefox.open(f"http://{host}/auth/0")
        assert plain_firefox.url == f"https://{host}/auth/0"


# Second thoughts


def test_the_link_twice_in_one_browser(begin, daemon, server, firefox):
    """A click on the printed link too: both tabs have the server's page, and either may be used."""
    authctl, link = begin
    firefox.open(link)
    firefox.visible("signin")
    page = firefox.url
    with firefox.tab():
        firefox.open(link)
        firefox.visible("signin")
        assert firefox.url == page
    firefox.sign_in()
    firefox.accept()
    firefox.wait_for_heading(LOGGED_IN)
    check_terminal(authctl)
    check_stored(daemon, server)


def test_back_before_the_consent(begin, daemon, server, firefox):
    """Back from the server's page, and the link again."""
    authctl, link = begin
    firefox.open("about:blank")
    firefox.open(link)
    firefox.visible("signin")
    firefox.back()
    firefox.wait(lambda: firefox.url == "about:blank", "the page before")
    firefox.forward()
    firefox.visible("signin")
    firefox.back()
    firefox.wait(lambda: firefox.url == "about:blank", "the page before")
    firefox.sign_in_and_accept(link)
    firefox.wait_for_heading(LOGGED_IN)
    check_terminal(authctl)
    check_stored(daemon, server)


def test_reload_back_and_forward_show_the_same_result(begin, daemon, server, firefox):
    authctl, link = begin
    token = session_token(server)
    firefox.sign_in_and_accept(link)
    firefox.wait_for_heading(LOGGED_IN)
    check_terminal(authctl)
    page, text = firefox.url, firefox.text
    firefox.refresh()
    assert (firefox.url, firefox.text) == (page, text)
    firefox.back()
    firefox.wait(lambda: firefox.url.startswith(server.origin), "the server's page")
    firefox.forward()
    firefox.wait(lambda: firefox.url == page and firefox.text == text, "the result page")
    # The redirect once more, as a restored tab or a copied address has it.
    firefox.open(daemon.callback_url(token))
    assert (firefox.url, firefox.text) == (page, text)
    firefox.open(link)
    assert firefox.heading in (LOGGED_IN, "This login is already finished")
    check_stored(daemon, server)


# Cookies blocked


def check_nothing_is_stored(daemon, server):
    assert not server.calls("auth/session/userkey") and not daemon.credentials()


def test_blocked_cookies_store_nothing(begin, daemon, server, cookieless):
    """Only the server may set cookies: the browser returns without ours, and the page's command finishes the login."""
    authctl, link = begin
    firefox = cookieless
    callback = daemon.callback_url(session_token(server))
    firefox.sign_in_and_accept(link)
    firefox.wait(lambda: firefox.url == callback and firefox.heading, "the callback's page")
    heading, text = firefox.heading, firefox.text
    assert "misskey-authctl callback" in text and "cookies" in text
    check_nothing_is_stored(daemon, server)
    firefox.refresh()
    assert (firefox.url, firefox.heading, firefox.text) == (callback, heading, text)
    check_nothing_is_stored(daemon, server)
    assert authctl.poll() is None, "it still waits"
    assert all("blocking all storage access" in text for text in complaints(firefox, daemon))
    finished = daemon.authctl("callback", firefox.url)
    assert finished.returncode == 0, finished.stderr
    check_terminal(authctl)
    check_stored(daemon, server)
    firefox.refresh()
    firefox.wait_for_heading(LOGGED_IN)


def test_blocked_cookies_and_the_link_twice(begin, daemon, server, cookieless):
    """Nothing tells this browser from another one: the login is stopped, and stays so after the consent."""
    _, link = begin
    firefox = cookieless
    firefox.open(link)
    firefox.visible("signin")
    with firefox.tab():
        firefox.open(link)
        assert re.fullmatch("This link .* opened.*", firefox.heading)
        assert firefox.url == link
    firefox.sign_in()
    firefox.accept()
    firefox.wait(lambda: f"127.0.0.1:{daemon.port}/" in firefox.url and firefox.heading, "a page of the daemon")
    assert firefox.heading != LOGGED_IN
    check_nothing_is_stored(daemon, server)
