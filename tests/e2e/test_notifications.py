# SPDX-License-Identifier: MIT
"""Notifications of the desktop: what is shown, what "Open" does, and that nothing needs them."""

import html
import re
import signal
import time

import pytest

from activation import ActivatedDaemon
from desktop import ALL, NAME, PATH, Bus, BrowserRecorder, NotificationService, why_not
from harness import authorize, check_log, consent, wait_for
from misskey_server import MisskeyServer
from unattended import abandon_login

pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))

CONSENT, SIGNED_IN = "Misskey: your consent is needed", "Misskey: signed in"
LOST, FAILED = "Misskey: a credential works no more", "Misskey: a login has a problem"
GENERATE = "auth/session/generate"


@pytest.fixture
def bus(tmp_path):
    directory = tmp_path / "bus"
    directory.mkdir()
    one = Bus(directory)
    yield one
    one.stop()


@pytest.fixture
def make_desktop(bus):
    made = []

    def make(capabilities=ALL):
        made.append(NotificationService(bus.address, capabilities))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def desktop(make_desktop):
    return make_desktop()


@pytest.fixture
def browser(tmp_path):
    return BrowserRecorder(tmp_path / "browser")


@pytest.fixture
def daemon(make_daemon, bus, browser, server_2025):
    """A running daemon that was started by hand, in a session with a desktop."""
    one = make_daemon(servers=[server_2025])
    one.env.update(DBUS_SESSION_BUS_ADDRESS=bus.address, DISPLAY=":77", BROWSER=str(browser.program))
    return one.start()


def summaries(desktop):
    return [one["summary"] for one in desktop.shown()]


# What is shown


def test_consent_is_needed_and_open_opens_the_page(daemon, desktop, browser, server_2025):
    login = abandon_login(daemon, server_2025, "me", user="alice")
    (note,) = desktop.wait_for(1)
    assert note == {
        "summary": CONSENT, "body": f"The login of me at {server_2025.origin} waits for your consent as @alice.",
        "actions": ["default", "Open", "open", "Open"], "timeout": 0,
    }
    assert "/start/" not in str(note) and "/auth/" not in str(note)
    assert not browser.opened()
    desktop.press(1)
    url = browser.wait()
    assert url == login["start_url"]
    consent(daemon, server_2025, {"start_url": url})
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert summaries(desktop) == [CONSENT, SIGNED_IN]
    wait_for(lambda: 1 in desktop.closed())
    # Pressed again, nothing comes of it.
    desktop.press(1)
    time.sleep(0.3)
    assert len(browser.opened()) == 1
    assert daemon.log().count("its page is being opened") == 1


def test_consent_as_the_user_on_the_server_before_is_not_asked_for(daemon, desktop, server_2025):
    with MisskeyServer(profile="2025") as other:
        daemon.configure(f"[account me]\nserver = {server_2025.origin}")
        assert daemon.authctl("reload").returncode == 0
        authorize(daemon, server_2025, "me")
        desktop.wait_for(1)
        daemon.configure(f"[account me]\nserver = {other.origin}")
        assert daemon.authctl("reload").returncode == 0
        abandon_login(daemon, other, "me")
        assert desktop.wait_for(2)[1]["body"] == f"The login of me at {other.origin} waits for your consent."


def test_a_click_on_the_notification_opens_too(daemon, desktop, browser, server_2025):
    abandon_login(daemon, server_2025, "me")
    desktop.wait_for(1)
    desktop.press(1, "default")
    assert browser.wait().startswith(f"http://127.0.0.1:{daemon.port}/start/")


def test_a_page_that_somebody_opens_is_not_offered(daemon, desktop, server_2025):
    assert daemon.login("me", server=server_2025.origin)["open"] is True
    authorize(daemon, server_2025, "second")
    desktop.wait_for(1)
    assert summaries(desktop) == [SIGNED_IN]


def test_who_was_signed_in_is_told(daemon, desktop, server_2025):
    authorize(daemon, server_2025, "me")
    (note,) = desktop.wait_for(1)
    assert note == {"summary": SIGNED_IN, "actions": [], "timeout": -1,
                    "body": f"Scripts can use @alice at {server_2025.origin} now, as the account me."}


def test_a_revoked_credential_is_told_once(daemon, desktop, server_2025):
    authorize(daemon, server_2025, "me")
    server_2025.revoke("alice")
    for _ in range(2):
        assert daemon.authctl("verify", "me").returncode == 4
    desktop.wait_for(2)
    assert summaries(desktop) == [SIGNED_IN, LOST]
    assert desktop.shown()[1]["body"] == (
        f"{server_2025.origin} does not accept the credential any more of @alice (account me). "
        "To sign in again, run: misskey-authctl login me"
    )


def test_a_suspended_user_is_told_once(daemon, desktop, server_2025):
    authorize(daemon, server_2025, "me")
    server_2025.suspend("alice")
    for _ in range(2):
        assert daemon.authctl("verify", "me").returncode == 4
    desktop.wait_for(2)
    assert summaries(desktop) == [SIGNED_IN, LOST]
    assert "has suspended @alice (account me). When that is over, run: misskey-authctl verify me" in str(desktop.shown()[1])
    # That it works again is no loss.
    server_2025.suspend("alice", False)
    assert daemon.authctl("verify", "me").returncode == 0
    authorize(daemon, server_2025, "second")
    desktop.wait_for(3)
    assert summaries(desktop) == [SIGNED_IN, LOST, SIGNED_IN]


def test_a_failed_login_is_told(daemon, desktop, server_2025):
    authorize(daemon, server_2025, "me", "alice")
    end = authorize(daemon, server_2025, "me", "bob")
    assert end["outcome"] == "WRONG_USER"
    note = desktop.wait_for(2)[1]
    assert (note["summary"], note["actions"]) == (FAILED, [])
    assert html.unescape(note["body"]) == end["message"]


# How it is told


def test_hostile_text_is_escaped(daemon, desktop, server_2025):
    name = '<a href="file:///">&amp;\u202e'
    server_2025.add_user(name, "password")
    authorize(daemon, server_2025, "me", name)
    (note,) = desktop.wait_for(1)
    assert "@&lt;a href=&quot;file:///&quot;&gt;&amp;amp;" in note["body"]
    assert not re.search(r"[<>\"\x00-\x1f\u202e]", note["body"] + note["summary"])


def test_without_markup_nothing_is_escaped(daemon, make_desktop, server_2025):
    desktop = make_desktop("body actions")
    name = "<b>\u202e"
    server_2025.add_user(name, "password")
    authorize(daemon, server_2025, "me", name)
    (note,) = desktop.wait_for(1)
    assert "@<b>\\u{202e} at" in note["body"]


def test_without_actions_the_command_is_told(daemon, make_desktop, server_2025):
    desktop = make_desktop("body")
    abandon_login(daemon, server_2025, "me")
    (note,) = desktop.wait_for(1)
    assert note["actions"] == [] and note["body"].endswith("To go on, run: misskey-authctl login me")


# When it is over


@pytest.mark.parametrize("end", ["logout", "consent", "stop", "again"])
def test_an_offer_is_taken_back(daemon, desktop, server_2025, end):
    login = abandon_login(daemon, server_2025, "me")
    desktop.wait_for(1)
    assert not desktop.closed()
    if end == "logout":
        assert daemon.authctl("logout", "me").returncode == 0
    elif end == "consent":
        consent(daemon, server_2025, login)
    elif end == "stop":
        assert daemon.stop() == 0
    else:
        daemon.login("me", permission="read:account")  # in its place, with another page
    wait_for(lambda: 1 in desktop.closed())


def test_what_the_person_has_closed_is_forgotten(daemon, desktop, browser, server_2025):
    login = abandon_login(daemon, server_2025, "me")
    desktop.wait_for(1)
    desktop.emit("NotificationClosed", 1, "u", 2)
    consent(daemon, server_2025, login)
    desktop.wait_for(2)
    assert not desktop.closed()


# Who is heard


def test_only_the_service_itself_can_press_open(daemon, desktop, browser, server_2025):
    abandon_login(daemon, server_2025, "me")
    desktop.wait_for(1)
    for number in ("1", "2"):
        assert desktop.dbus("emit", PATH, NAME, "ActionInvoked", "us", number, "open").returncode == 0
    desktop.press(2)
    desktop.press(1, "something")
    time.sleep(0.5)
    assert "its page is being opened" not in daemon.log()
    desktop.press(1)
    assert browser.wait()


# Without it


def test_no_notifications_are_shown_if_they_are_not_wanted(make_daemon, bus, desktop, server_2025):
    daemon = make_daemon(servers=[server_2025])
    daemon.env.update(DBUS_SESSION_BUS_ADDRESS=bus.address)
    daemon.configure(daemon="notifications = no")
    daemon.start()
    abandon_login(daemon, server_2025, "me")
    authorize(daemon, server_2025, "me", "alice")
    authorize(daemon, server_2025, "me", "bob")
    server_2025.revoke("alice")
    assert daemon.authctl("verify", "me").returncode == 4
    # Wanted from now on.
    daemon.configure(daemon="notifications = yes")
    assert daemon.authctl("reload").returncode == 0
    authorize(daemon, server_2025, "second")
    desktop.wait_for(1)
    assert summaries(desktop) == [SIGNED_IN]


def complaints(daemon):
    """What a daemon that logs for people says of notifications: all but its debug lines are in this one's log as well."""
    return [line for line in daemon.log().splitlines() if re.search("notif|D-Bus", line, re.I)]


def test_no_bus_and_no_service_are_no_error(make_daemon, bus, server_2025):
    for name, address in (("no-bus", "unix:path=/nowhere"), ("no-service", bus.address)):
        daemon = make_daemon(name, servers=[server_2025])
        daemon.env.update(DBUS_SESSION_BUS_ADDRESS=address)
        daemon.start("--log-level", "info")
        abandon_login(daemon, server_2025, "me")
        assert authorize(daemon, server_2025, "me")["outcome"] == "AUTHORIZED"
        assert complaints(daemon) == []
        assert daemon.stop() == 0
        daemon.start()
        authorize(daemon, server_2025, "me")
        wait_for(lambda: "no notification is shown: " in daemon.log())


def test_the_service_may_die_and_come_again(daemon, make_desktop, server_2025):
    desktop = make_desktop()
    login = abandon_login(daemon, server_2025, "me")
    desktop.wait_for(1)
    desktop.stop()
    authorize(daemon, server_2025, "second")
    desktop.start()
    consent(daemon, server_2025, login)
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    wait_for(lambda: any("account me" in one["body"] for one in desktop.shown()))
    # It was another service's number.
    assert not desktop.closed()


def test_the_service_may_hang(daemon, make_desktop, server_2025):
    """Nothing waits for it, and the daemon ends in time."""
    desktop = make_desktop()
    desktop.process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert authorize(daemon, server_2025, "me")["outcome"] == "AUTHORIZED"
        assert time.monotonic() - began < 20, "an answer of the bus is awaited for 25 s"
        assert daemon.stop() == 0
    finally:
        desktop.process.send_signal(signal.SIGCONT)


def test_the_bus_may_die_and_come_again(daemon, bus, make_desktop, server_2025):
    desktop = make_desktop()
    login = abandon_login(daemon, server_2025, "me")
    desktop.wait_for(1)
    bus.stop()
    wait_for(lambda: "the connection to D-Bus has ended" in daemon.log())
    consent(daemon, server_2025, login)
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    desktop.stop()
    bus.start()
    desktop.start()
    authorize(daemon, server_2025, "second")
    desktop.wait_for(1)
    assert "second" in desktop.shown()[0]["body"]


# On demand


@pytest.mark.parametrize("end", ["closed", "the service dies"])
def test_an_offer_keeps_the_daemon_until_it_is_answered(tmp_path, bus, desktop, server_2025, end):
    directory = tmp_path / "activated"
    directory.mkdir()
    daemon = ActivatedDaemon(directory)
    daemon.env.update(DBUS_SESSION_BUS_ADDRESS=bus.address)
    daemon.start()
    try:
        abandon_login(daemon, server_2025, "me")
        desktop.wait_for(1)
        time.sleep(2.5)
        assert daemon.starts == 1 and daemon.is_running()
        if end == "closed":
            desktop.emit("NotificationClosed", 1, "u", 2)
        else:
            desktop.stop()
        daemon.wait_for_end()
    finally:
        assert daemon.stop() == 0
    check_log(daemon, [server_2025])
