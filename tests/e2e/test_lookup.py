# SPDX-License-Identifier: MIT
"""GET /v1/accounts with a query: a program finds an account without knowing its name."""

import urllib.parse

import pytest

import misskey_server as misskey
from harness import authorize


@pytest.fixture
def other():
    with misskey.MisskeyServer() as server:
        yield server


def found(daemon, expect=200, **parameters):
    """The names of the accounts, or the error."""
    query = urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote)
    status, answer = daemon.control("GET", f"/v1/accounts?{query}")
    assert status == expect, answer
    return [account["account"] for account in answer["accounts"]] if status == 200 else answer["error"]


@pytest.fixture
def world(make_daemon, server_2025, other):
    """alice and bob here, alice there, and an account that the config names."""
    daemon = make_daemon(
        config=f"[account later]\nserver = {server_2025.origin}\nuser = bob", servers=[server_2025, other]).start()
    authorize(daemon, server_2025, "a", permission="read:account,read:drive,write:notes")
    authorize(daemon, server_2025, "b", username="bob", permission="read:account")
    authorize(daemon, other, "c")
    return daemon


def test_accounts_are_found(world, server_2025, other):
    here, there = server_2025.origin, other.origin
    assert found(world, server=here) == ["a", "b", "later"]
    # As people write it: without the scheme, which is http for this computer, and with a user.
    assert found(world, server=here.partition("//")[2].upper()) == ["a", "b", "later"]
    assert found(world, server=f"@alice@{there.partition('//')[2]}") == ["c"]
    assert found(world, user="ALICE") == found(world, user="@alice") == ["a", "c"]
    assert found(world, user="bob") == ["b", "later"]
    assert found(world, permission="write:notes") == ["a", "c"]
    assert found(world, permission="drive-read, account/read") == ["a"]
    assert found(world, permission="") == ["a", "b", "c"]
    assert found(world, server=here, permission="read:account") == ["a", "b"]
    assert found(world, server=here, user="bob", permission="read:account") == ["b"]
    assert found(world, server=here, user="bob", permission="write:notes") == []
    assert found(world, server="misskey.example") == []
    # The answer is what the list without a query has.
    listed = {account["account"]: account for account in world.control("GET", "/v1/accounts")[1]["accounts"]}
    assert world.control("GET", "/v1/accounts?permission=read:drive")[1] == {"accounts": [listed["a"]]}


def test_a_credential_that_is_not_good_is_not_found(world, server_2025):
    server_2025.revoke("alice")
    assert world.control("POST", "/v1/accounts/a/verify", {})[0] == 200
    assert found(world, server=server_2025.origin, user="alice") == ["a"]
    assert found(world, user="alice", permission="read:account") == ["c"]
    # A new login is all it takes.
    authorize(world, server_2025, "a")
    assert found(world, user="alice", permission="read:account") == ["a", "c"]


def test_another_query_is_refused(daemon):
    for query, word in (
        ("name=a", "server="), ("user=a&user=b", "once"), ("user=", "user"), ("server=http://misskey.example", "https"),
        ("permission=%2Bwrite:notes", "permission"), ("user=%zz", "percent"),
    ):  # fmt: skip
        status, answer = daemon.control("GET", f"/v1/accounts?{query}")
        assert (status, answer["error"]["code"]) == (400, "INVALID_REQUEST"), query
        assert word in answer["error"]["message"]
