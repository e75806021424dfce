# SPDX-License-Identifier: MIT
"""The state directory is removed or replaced while the daemon runs: it says so, and the next daemon makes a new one."""

import shutil

import pytest

import misskey_server as misskey
from harness import accept, authorize, wait_for
from test_disk_faults import USERKEY, blocked

GONE = "was removed or replaced while the daemon ran"


@pytest.fixture
def alone(make_daemon, server_2025):
    """Without an agent, which makes the directory again for what it has told."""
    return make_daemon(servers=[server_2025]).start("--no-agent")


def state_of(daemon):
    return daemon.control("GET", "/v1/status")[1]


def test_by_hand_it_ends_with_a_reason(alone):
    daemon = alone
    shutil.rmtree(daemon.state)
    daemon.authctl("list")
    assert daemon.process.wait(10) == 1
    daemon.process = None
    assert f"{daemon.state} {GONE}" in daemon.log()


def test_the_next_client_has_a_new_daemon(activated, server_2025):
    assert authorize(activated, server_2025)["outcome"] == "AUTHORIZED"
    shutil.rmtree(activated.state)
    assert activated.control("GET", "/v1/accounts")[1]["accounts"] == []
    assert (activated.starts, activated.statuses) == (2, [0])
    assert GONE in activated.log()
    assert authorize(activated, server_2025)["outcome"] == "AUTHORIZED"
    assert set(activated.credentials()) == {"me"}


def test_another_directory_in_its_place_is_used(activated, server_2025):
    assert authorize(activated, server_2025)["outcome"] == "AUTHORIZED"
    moved = activated.state.rename(activated.state.with_name("moved"))
    activated.state.mkdir(mode=0o700)
    assert activated.control("GET", "/v1/accounts")[1]["accounts"] == []
    assert activated.starts == 2 and (moved / "credentials.json").exists()
    activated.wait_for_end()
    shutil.rmtree(activated.state)
    moved.rename(activated.state)
    assert activated.account("me")["state"] == "verified"


def test_an_exchange_is_waited_for(alone, server_2025):
    """Its answer can be had once, and is stored in the directory, wherever that is now."""
    daemon = alone
    login = daemon.login("me", server=server_2025.origin)
    server_2025.misbehave(USERKEY, misskey.Delay(4, "after"))
    browser, token = accept(daemon, server_2025, login)
    browser.get(daemon.callback_url(token), follow=False)
    server_2025.wait_for_calls(USERKEY, 1)
    moved = daemon.state.rename(daemon.state.with_name("moved"))
    assert daemon.process.wait(60) == 1
    daemon.process = None
    moved.rename(daemon.state)
    assert daemon.credentials()["me"]["user"]["username"] == "alice"
    daemon.start()
    assert daemon.account("me")["state"] in ("unverified", "verified")


def test_a_credential_in_memory_keeps_the_daemon(alone, server_2025):
    daemon = alone
    _, _, obstacle = blocked(daemon, server_2025)
    moved = daemon.state.rename(daemon.state.with_name("moved"))
    problem = wait_for(lambda: [each for each in state_of(daemon)["problems"] if each["code"] == "STATE_GONE"])[0]
    assert "move it back" in problem["message"]
    moved.rename(daemon.state)
    obstacle.rmdir()
    assert daemon.outcome("me", 30)["outcome"] in ("AUTHORIZED", "UNVERIFIED")
    assert state_of(daemon)["problems"] == []
    assert daemon.credentials()["me"]["user"]["username"] == "alice"
