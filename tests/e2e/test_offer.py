# SPDX-License-Identifier: MIT
"""No browser comes: what the terminal offers, and what the old link leads to."""

import os
import time

import pytest

from harness import BIN, PlainBrowser, open_start, wait_for
from terminal import Terminal, decode, drawing

OFFER = "No browser has opened the page yet. To use another device, press Enter."
COMMAND = "No browser has opened the page yet. To use another device: misskey-authctl login me --no-browser\n"


class Keyboard(Terminal):
    """A terminal that is the controlling one of its program, as a person's is."""

    def __init__(self, command, env):
        super().__init__(
            ["/usr/bin/setsid", "--ctty", "--wait", *command], env, columns=100, streams=("stdin", "stderr"))

    def press(self, keys):
        os.write(self.keys, keys.encode())


@pytest.fixture
def polling(make_daemon, server_2025):
    daemon = make_daemon(servers=[server_2025])
    daemon.configure(daemon="poll_interval = 1s")
    return daemon.start()


@pytest.fixture
def terminals():
    made = []
    yield made
    for terminal in made:
        if terminal.process.poll() is None:
            terminal.process.kill()
            terminal.process.wait()


@pytest.fixture
def start(polling, server_2025, terminals):
    """A login whose browser ends well and has done nothing, in the foreground of a terminal."""
    def begin(kind=Keyboard, browser="true", **options):
        command = [BIN / "misskey-authctl", "login", server_2025.origin, "--as", "me"]
        terminals.append(kind(command, {**polling.env, "DISPLAY": ":1", "BROWSER": browser}, **options))
        return terminals[-1]
    return begin


def link_of(daemon):
    return wait_for(lambda: daemon.control("GET", "/v1/accounts/me/login")[1].get("start_url"))


def test_enter_makes_a_session_whose_link_nobody_saw(polling, server_2025, start):
    """Ten seconds after the browser, and not before; the new page is a code, and polled."""
    begun = time.monotonic()
    terminal = start()
    link = link_of(polling)
    terminal.wait_for(f"Opened your browser. If nothing appeared: {link}\n")
    terminal.press("\n")  # too early for an answer
    terminal.wait_for(OFFER)
    assert time.monotonic() - begun >= 10
    assert polling.account("me")["login"]["start_url"] == link
    old = PlainBrowser()
    terminal.press("\n")
    terminal.wait_for("Open this page on any device and press Accept: ")
    login = polling.account("me")["login"]
    assert (login["browser"], login["start_url"]) == (False, None)
    terminal.wait_for(login["consent_url"])
    wait_for(lambda: decode(drawing(terminal.lines())) == [login["consent_url"]], what="the code")
    # The old link leads nowhere for those who have read it.
    status, _, headers, text = old.get(link, follow=False)
    assert (status, headers["Location"]) == (410, None) and login["consent_url"] not in text
    assert "The login was cancelled" in text and "a newer login took its place" in text
    new = login["consent_url"].rsplit("/", 1)[1]
    server_2025.accept(new, "alice")
    assert terminal.end() == (0, "me\n")
    assert {call.body["token"] for call in server_2025.calls("auth/session/userkey")} == {new}
    assert polling.account("me")["state"] == "verified"


def test_a_link_that_is_opened_is_no_reason_to_offer_anything(polling, server_2025, start):
    terminal = start()
    browser, token = open_start(link_of(polling))
    time.sleep(11)
    assert "No browser has" not in terminal.text()
    server_2025.accept(token, "alice")
    browser.get(polling.callback_url(token))
    assert terminal.end() == (0, "me\n")


def test_a_late_browser_ends_the_offer(polling, server_2025, start):
    terminal = start()
    link = link_of(polling)
    terminal.wait_for(OFFER)
    browser, token = open_start(link)
    terminal.wait_for("A browser has opened the page.")
    terminal.press("\n")
    time.sleep(2)
    assert polling.account("me")["login"]["start_url"] == link
    server_2025.accept(token, "alice")
    browser.get(polling.callback_url(token))
    assert terminal.end() == (0, "me\n")


def test_without_a_keyboard_the_command_is_said(polling, start):
    """Which then goes the other way."""
    process = start(Terminal, streams=("stderr",))
    process.wait_for(COMMAND)
    assert OFFER not in process.text()
    link = link_of(polling)
    shown = polling.authctl("login", "me", "--no-browser", "--timeout", "1s").stderr
    login = polling.account("me")["login"]
    assert (login["start_url"], login["browser"]) == (None, False) and login["consent_url"] in shown
    assert PlainBrowser().get(link)[0] == 410


def test_a_browser_that_failed_is_followed_by_the_offer_at_once(start):
    terminal = start(browser="sh -c 'exit 1'")
    terminal.wait_for("sh ended at once with exit status 1. Open the page by hand: http://127.0.0.1:")
    failed = time.monotonic()
    terminal.wait_for(OFFER)
    assert time.monotonic() - failed < 6
