# SPDX-License-Identifier: MIT
"""What opens a start link besides a person's browser: text browsers, programs. None of them uses it up."""

import re
import shutil
import subprocess

import pytest

from harness import PlainBrowser, consent

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Mode": None, "Sec-Fetch-Dest": None}

# As a person sees the page: the command's arguments before the address.
PROGRAMS = {
    "w3m": ["w3m", "-dump", "-cols", "200"],
    "lynx": ["lynx", "-dump", "-width=200", "-nolist"],
    "elinks": ["elinks", "-dump", "-dump-width", "200"],
    "links": ["links", "-dump", "-width", "200"],
    "curl": ["curl", "-sS", "--noproxy", "*"],
}


@pytest.fixture
def login(daemon, server_2025):
    return daemon.login("me", server=server_2025.origin)


def check_unused(daemon, server, login):
    """The link has not been opened, and a person's browser still can."""
    now = daemon.account("me")["login"]
    assert (now["start_url"], now["link_opened"], now["problem"]) == (login["start_url"], False, None)
    consent(daemon, server, login)
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_real_text_browser(daemon, server_2025, login, tmp_path, name):
    """It shows what to do instead."""
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    for _ in range(2):
        done = subprocess.run(
            [*PROGRAMS[name], login["start_url"]], text=True, capture_output=True, timeout=60, stdin=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8", "no_proxy": "127.0.0.1"},
        )
        assert "This browser cannot show the consent page" in done.stdout, done
        assert "misskey-authctl login --no-browser me" in re.sub("</?span[^>]*>", "", done.stdout)
    assert not server_2025.calls("auth")
    check_unused(daemon, server_2025, login)


@pytest.mark.parametrize("agent", [
    "w3m/0.5.3", "Lynx/2.9.0dev.12", "ELinks/0.13.2 (textmode)", "Links (2.28; Linux; text)", "URL/Emacs Emacs/28.2",
])
def test_text_browsers_by_their_names(daemon, server_2025, login, agent):
    """Also where they ask for a page as others do."""
    status, _, headers, text = get(login["start_url"], {**PAGE, "User-Agent": agent})
    assert (status, headers["Set-Cookie"], headers["Location"]) == (403, None, None)
    assert "needs JavaScript" in text
    check_unused(daemon, server_2025, login)


def get(url, headers):
    """With those headers alone: None leaves one of a browser's out."""
    browser = PlainBrowser()
    browser.HEADERS = {name: value for name, value in {**browser.HEADERS, **headers}.items() if value is not None}
    return browser.get(url, follow=False)


@pytest.mark.parametrize("headers", [{}, {"Accept": "*/*"}, {"Accept": "application/json"}])
def test_what_asks_for_no_page(daemon, server_2025, login, headers):
    """A program that looks where a link leads; it may even call itself a browser."""
    nothing = {"Accept": None, "Sec-Fetch-Mode": None, "Sec-Fetch-Dest": None, "Sec-Fetch-Site": None}
    assert get(login["start_url"], {**nothing, **headers})[0] == 403
    check_unused(daemon, server_2025, login)


def test_a_browser_that_is_too_old_for_fetch_metadata(daemon, login):
    assert get(login["start_url"], {**PAGE, "Sec-Fetch-Site": None})[0] == 303
    assert daemon.account("me")["login"]["link_opened"] is True


def test_an_opened_link_is_told_at_once(daemon, login):
    """A request that waits for news is answered with it."""
    assert login["link_opened"] is False
    PlainBrowser().get(login["start_url"], follow=False)
    news = daemon.control("GET", f"/v1/accounts/me/login?wait=20&revision={login['revision']}")[1]
    assert (news["link_opened"], news["state"]) == (True, "consent") and news["revision"] > login["revision"]
    daemon.restart()
    assert daemon.account("me")["login"]["link_opened"] is True


@pytest.mark.parametrize("value, expected", [("no", False), ("yes", True)])
def test_the_config_says_whether_a_login_has_a_browser(daemon, server_2025, value, expected):
    daemon.configure(daemon=f"browser = {value}")
    assert daemon.control("POST", "/v1/reload")[0] == 200
    assert daemon.login("me", server=server_2025.origin)["browser"] is expected
    assert daemon.login("you", server=server_2025.origin, browser=not expected)["browser"] is not expected
