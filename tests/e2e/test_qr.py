# SPDX-License-Identifier: MIT
"""Logins without a browser on this machine: a phone reads the page's address from the terminal."""

import json
import socket

import pytest

from harness import BIN, wait_for
from terminal import DARK, LIGHT, Terminal, decode, drawing, plain, where_drawn

DRAWN = {
    # environment, terminals on which it is right (with colours: all), columns of the code
    "colours": ({}, [DARK, LIGHT], 41),
    "empty NO_COLOR": ({"NO_COLOR": ""}, [DARK, LIGHT], 41),
    "locale that is not installed": ({"LC_CTYPE": "xx_XX.utf8"}, [DARK, LIGHT], 41),
    "no colours": ({"NO_COLOR": "1"}, [DARK], 41),
    "dumb": ({"TERM": "dumb"}, [DARK], 41),
    "no UTF-8": ({"LC_ALL": "C"}, [DARK, LIGHT], 82),
    "Latin-1": ({"LC_CTYPE": "de_DE.ISO-8859-1"}, [DARK, LIGHT], 82),
}


@pytest.fixture
def polling(make_daemon, server_2025):
    daemon = make_daemon(servers=[server_2025])
    daemon.configure(daemon="poll_interval = 1s")
    return daemon.start()


def start_login(daemon, server, *options, columns=100, streams=("stderr",), **env):
    return Terminal(
        [BIN / "misskey-authctl", "login", server.origin, "--as", "me", *options],
        {**daemon.env, **env}, columns, streams,
    )


def consent_url(daemon):
    return wait_for(lambda: daemon.control("GET", "/v1/accounts/me/login")[1].get("consent_url"))


def accept(server, url):
    server.accept(url.rsplit("/", 1)[1], "alice")


@pytest.mark.parametrize("case", DRAWN)
def test_a_phone_reads_the_page_from_the_terminal(server_2025, polling, case):
    env, themes, width = DRAWN[case]
    terminal = start_login(polling, server_2025, **env)
    terminal.wait_for("Waiting for consent…")
    url = consent_url(polling)
    lines = terminal.lines()
    code = where_drawn(lines)
    for theme in themes:
        assert decode(terminal.lines(theme)[code], theme) == [url]
    assert {len(line) for line in lines[code]} == {width}
    assert ("\x1b[38;" in terminal.text() or "\x1b[48;" in terminal.text()) == (LIGHT in themes)
    assert plain(lines[code.start - 1]) == f"Open this page on any device and press Accept: {url}"
    assert [plain(line) for line in lines[code.stop:]] == ["Waiting for consent…"]
    # The phone, or any other browser.
    accept(server_2025, url)
    assert terminal.end() == (0, "me\n")
    assert "as @alice (account me)." in terminal.text()
    assert polling.account("me")["state"] == "verified"


@pytest.mark.parametrize("columns, width", [(41, 41), (40, 39), (37, 37)])
def test_a_narrow_terminal_has_a_code_with_a_narrow_border(server_2025, polling, columns, width):
    terminal = start_login(polling, server_2025, columns=columns)
    terminal.wait_for("Waiting")
    code = drawing(terminal.lines())
    assert {len(line) for line in code} == {width}
    url = consent_url(polling)
    assert decode(code) == [url]
    accept(server_2025, url)
    assert terminal.end()[0] == 0


@pytest.mark.parametrize("columns, needed, env", [(36, 37, {}), (10, 37, {}), (73, 74, {"LC_ALL": "C"})])
def test_a_terminal_that_is_too_narrow_is_told_so(server_2025, polling, columns, needed, env):
    terminal = start_login(polling, server_2025, columns=columns, **env)
    accept(server_2025, consent_url(polling))
    assert terminal.end()[0] == 0
    assert not drawing(terminal.lines())
    assert (f"\nThe terminal is too narrow for the QR code: it has {columns} columns, and {needed} are needed.\n"
            in terminal.text())


def assert_no_code(text):
    assert "Open this page on any device and press Accept: " in text or "Opened your browser." in text
    assert not {"█", "▀", "▄"} & set(text) and "\x1b[4" not in text and "QR" not in text


def test_neither_utf8_nor_colours_is_no_code(server_2025, polling):
    terminal = start_login(polling, server_2025, LC_ALL="C", NO_COLOR="1")
    accept(server_2025, consent_url(polling))
    assert terminal.end()[0] == 0
    assert_no_code(terminal.text())


def test_without_a_terminal_there_is_no_code(server_2025, polling):
    """Not even where the other streams are one: the drawing would be in a log."""
    terminal = start_login(polling, server_2025, streams=("stdin", "stdout"))
    accept(server_2025, consent_url(polling))
    status, errors = terminal.end()
    assert (status, terminal.text()) == (0, "me\n")
    assert_no_code(errors)


def test_json_draws_for_the_person_and_prints_for_the_script(server_2025, polling):
    terminal = start_login(polling, server_2025, "--json")
    terminal.wait_for("Waiting")
    url = consent_url(polling)
    assert decode(drawing(terminal.lines())) == [url]
    accept(server_2025, url)
    status, stdout = terminal.end()
    assert status == 0 and json.loads(stdout)["account"] == "me"


def test_no_wait_draws_nothing(server_2025, polling):
    terminal = start_login(polling, server_2025, "--no-wait", streams=("stdout", "stderr"))
    assert terminal.end()[0] == 0
    assert terminal.text() == consent_url(polling) + "\n"


def test_a_browser_needs_no_code(server_2025, polling):
    terminal = start_login(polling, server_2025, DISPLAY=":1", BROWSER="true")
    terminal.wait_for("Waiting")
    assert_no_code(terminal.text())
    terminal.process.terminate()
    assert terminal.end()[0] == 1


# Why there is no redirect

NO_PORT = (
    "The daemon has no callback port (see: misskey-authctl status), so it asks the server every few seconds instead."
)


@pytest.mark.parametrize("desktop", [True, False])
def test_a_taken_port_is_said_to_who_expects_a_browser(server_2025, make_daemon, desktop):
    daemon = make_daemon(servers=[server_2025])
    daemon.configure(daemon="poll_interval = 1s")
    with socket.socket() as other:
        other.bind(("127.0.0.1", daemon.port))
        other.listen()
        daemon.start()
        terminal = start_login(daemon, server_2025, **({"DISPLAY": ":1", "BROWSER": "false"} if desktop else {}))
        terminal.wait_for("Waiting")
        url = consent_url(daemon)
        assert (f"\n{NO_PORT}\n" in terminal.text()) == desktop
        assert (NO_PORT in terminal.text()) == desktop
        assert decode(drawing(terminal.lines())) == [url]
        accept(server_2025, url)
        assert terminal.end() == (0, "me\n")


def test_a_port_that_is_there_is_not_called_taken(server_2025, polling):
    terminal = start_login(polling, server_2025, "--no-browser", DISPLAY=":1", BROWSER="false")
    terminal.wait_for("Waiting")
    assert NO_PORT not in terminal.text()
    accept(server_2025, consent_url(polling))
    assert terminal.end()[0] == 0
