# SPDX-License-Identifier: MIT
"""A page that could not be opened: which clients are told, for how long, and which is to open it next."""

import pytest

from harness import PlainBrowser, authorize, consent

PROBLEM = "No browser was found."


def report(daemon, problem=PROBLEM, account="me"):
    return daemon.control("POST", f"/v1/accounts/{account}/browser", {"problem": problem})


@pytest.fixture
def login(daemon, server_2025):
    """A login whose page was given out."""
    one = daemon.login("me", server=server_2025.origin)
    assert (one["open"], one["page_given"], one["browser_problem"]) == (True, True, None)
    return one


def get_login(daemon, query=""):
    return daemon.control("GET", f"/v1/accounts/me/login{query}")[1]


def test_the_next_caller_is_told_to_open_it(daemon, login):
    assert not get_login(daemon, f"?wait=0&revision={login['revision']}")["open"]
    status, answer = report(daemon)
    assert (status, answer["browser_problem"], answer["page_given"]) == (200, PROBLEM, False)
    assert answer["revision"] > login["revision"]
    again = get_login(daemon, f"?wait=5&revision={login['revision']}")
    assert (again["open"], again["start_url"]) == (True, login["start_url"])
    # Only one is told, and what is wrong stays to be seen until the page is opened.
    again = get_login(daemon, "?wait=0&revision=0")
    assert (again["open"], again["browser_problem"]) == (False, PROBLEM)


def test_it_is_forgotten_when_the_page_is_opened(daemon, login, server_2025):
    report(daemon)
    consent(daemon, server_2025, login)
    ended = daemon.outcome("me")
    assert (ended["outcome"], ended["browser_problem"]) == ("AUTHORIZED", None)


def test_it_is_forgotten_before_the_consent(daemon, login):
    report(daemon)
    PlainBrowser().get(login["start_url"], follow=False)
    assert get_login(daemon)["browser_problem"] is None
    # A report now is wrong: a browser has the page.
    status, answer = report(daemon)
    assert (status, answer["browser_problem"], answer["page_given"]) == (200, None, True)


@pytest.mark.parametrize("failed", [False, True])
def test_what_became_of_the_page_is_known_after_a_restart(daemon, login, failed):
    if failed:
        report(daemon)
    daemon.restart()
    account = daemon.account("me")["login"]
    assert account["start_url"] == login["start_url"]
    assert (account["page_given"], account["browser_problem"]) == (not failed, PROBLEM if failed else None)


def test_a_new_session_knows_nothing_of_it(daemon, login):
    report(daemon)
    renewed = daemon.login("me", permission="read:account")
    assert renewed["start_url"] != login["start_url"]
    assert (renewed["open"], renewed["browser_problem"]) == (True, None)


@pytest.mark.parametrize("problem, shown", [
    ("no browser", "no browser."),
    ("\x1b[2J\u202e", "\\x1b[2J\\u{202e}."),
    ("x" * 1023, "x" * 1023 + "."),
])  # fmt: skip
def test_the_text_is_made_printable(daemon, login, problem, shown):
    status, answer = report(daemon, problem)
    assert (status, answer["browser_problem"]) == (200, shown)


@pytest.mark.parametrize("body", [{}, {"problem": ""}, {"problem": None}, {"problem": 1}, {"problem": "x" * 1024},
                                  {"problem": "x", "other": 1}, []])  # fmt: skip
def test_bad_reports_are_refused(daemon, login, body):
    status, answer = daemon.control("POST", "/v1/accounts/me/browser", body)
    assert (status, answer["error"]["code"]) == (400, "INVALID_REQUEST")
    assert get_login(daemon)["browser_problem"] is None


def test_a_report_without_a_page_is_refused(daemon, server_2025):
    assert report(daemon)[1]["error"]["code"] == "NO_SUCH_ACCOUNT"
    authorize(daemon, server_2025, "me")
    assert report(daemon)[1]["error"]["code"] == "NOT_FOUND"
    daemon.login("polled", server=server_2025.origin, browser=False)
    assert report(daemon, account="polled")[1]["error"]["code"] == "NOT_FOUND"


def test_the_commands_show_it(daemon, server_2025):
    shown = daemon.authctl("login", server_2025.origin, "--as", "me", "--timeout", "1s", DISPLAY=":1", PATH="/nonexistent")
    assert shown.returncode == 4 and "No browser was found" in shown.stderr and "Open the page by hand: http" in shown.stderr
    page = get_login(daemon)["start_url"]
    for command in ("status", "list"):
        stderr = daemon.authctl(command).stderr
        assert "account me could not be opened: No browser was found" in stderr and f"Open it by hand: {page}\n" in stderr
