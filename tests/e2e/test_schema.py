# SPDX-License-Identifier: MIT
"""docs/credentials.schema.json, docs/credentials.md and what the daemon writes say the same."""

import copy
import json
import re

import pytest

import misskey_server as misskey
from harness import ROOT, SCHEMA, authorize, jsonschema, schema_complaints as complaints

pytestmark = pytest.mark.skipif(jsonschema is None, reason="python3-jsonschema is not installed")

DOCUMENT = (ROOT / "docs/credentials.md").read_text(encoding="utf-8")
CREDENTIALS = DOCUMENT.split("## credentials.json\n")[1].split("\n## ")[0]
I = "0123456789abcdef" * 4  # noqa: E741


def written(daemon):
    """credentials.json as it is now, with accounts in it."""
    content = json.loads((daemon.state / "credentials.json").read_text(encoding="utf-8"))
    assert content["accounts"]
    return content


def states(content):
    return {name: entry["state"] for name, entry in content["accounts"].items()}


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


# What the daemon writes fits


def test_an_end_that_a_server_has_told_is_kept(server, daemon):
    """No server does yet; a later version writes it."""
    authorize(daemon, server, "me")
    daemon.stop()
    content = written(daemon)
    assert content["accounts"]["me"]["expires_at"] is None
    content["accounts"]["me"]["expires_at"] = "2020-01-01T00:00:00Z"
    (daemon.state / "credentials.json").write_text(json.dumps(content))
    daemon.start()
    authorize(daemon, server, "other", username="bob")
    assert written(daemon) == {**content, "accounts": {**content["accounts"], "other": written(daemon)["accounts"]["other"]}}
    assert complaints(written(daemon)) == []
    for answer in (daemon.account("me"), daemon.control("GET", "/v1/accounts/me/token")[1],
                   daemon.control("POST", "/v1/accounts/me/verify")[1]):
        assert (answer["expires_at"], answer["state"]) == ("2020-01-01T00:00:00Z", "verified")
    assert "me: its credential expired at 2020-01-01T00:00:00Z. " in daemon.authctl("list").stderr
    assert daemon.token("me").returncode == 0


def test_verified_and_unverified_fit(server, daemon):
    authorize(daemon, server, "good")
    authorize(daemon, server, "narrow", username="bob", permission="write:notes")
    server.misbehave("i", misskey.Status(503), times=None)
    authorize(daemon, server, "early@home:1")
    content = written(daemon)
    assert states(content) == {"early@home:1": "unverified", "good": "verified", "narrow": "verified"}
    assert content["accounts"]["early@home:1"]["verified_at"] is None
    assert complaints(content) == []


def test_revoked_fits(server, daemon):
    class Revoked(misskey.Knob):
        """The user withdraws it between the exchange and the daemon's check."""

        def before(self, exchange):
            server.revoke("alice")

    server.misbehave("i", Revoked())
    authorize(daemon, server, "gone")
    content = written(daemon)
    assert states(content) == {"gone": "revoked"}
    assert complaints(content) == []


def test_suspended_fits(server, daemon):
    """The daemon takes the state over from the file when it writes that again."""
    authorize(daemon, server, "resting")
    daemon.stop()
    server.suspend("alice")
    content = written(daemon)
    content["accounts"]["resting"]["state"] = "suspended"
    (daemon.state / "credentials.json").write_text(json.dumps(content))
    daemon.start()
    authorize(daemon, server, "other", username="bob")
    content = written(daemon)
    assert states(content) == {"other": "verified", "resting": "suspended"}
    assert content["accounts"]["resting"]["i"]
    assert complaints(content) == []
    # i is kept there, and given to nobody.
    assert not (daemon.state / "accounts/resting/token").exists()
    assert "MISSKEY_TOKEN" not in (daemon.state / "accounts/resting/env").read_text()
    assert daemon.token("resting").returncode == 4


# Nothing else does

ACCOUNT = {
    "server": "https://misskey.example",
    "user": {"id": "9abcdefghi", "username": "alice"},
    "i": I,
    "method": "app",
    "permission": ["read:account", "write:notes"],
    "app": {"id": "9bcdefghij", "name": "misskey-authd"},
    "software": "misskey 2025.3.1",
    "state": "verified",
    "obtained_at": "2026-11-22T12:00:00Z",
    "verified_at": "2026-11-22T12:00:01Z",
    "expires_at": None,
    "session_sha256": I,
}


def file_with(entry, name="misskey.example"):
    return {"version": 1, "accounts": {name: entry}}


def changed(path, value):
    """ACCOUNT with another value at "user.id" or the like, or without it."""
    entry = copy.deepcopy(ACCOUNT)
    *parents, last = path.split(".")
    inner = entry
    for parent in parents:
        inner = inner[parent]
    if value is REMOVED:
        del inner[last]
    else:
        inner[last] = value
    return entry


REMOVED = object()
MEMBERS = [*ACCOUNT, "user.id", "user.username", "app.id", "app.name"]
WRONG = {
    "server": [
        "misskey.example", "https://misskey.example/", "https://Misskey.example", "https://misskey.example:443",
        "https://misskey.example:0", "http://misskey.example", "http://127.0.0.1:80", "https://a@misskey.example",
        "ftp://misskey.example", "https://", "https://misskey.example\n", "https://misskey.example?x",
        f"https://{'a.' * 128}example",
    ],
    "user.id": ["", "9abc/..", "9abc\n", "x" * 129],
    "user.username": ["", "al\nice", "alice\n", "al\x7fice", "x" * 129],
    "i": [I[1:], I + "0", I.upper(), I[1:] + "g", "", I + "\n", None],
    "permission": [
        "read:account", ["read:account", "read:account"], [""], ["read account"], ["account-read"],
        ["account/write"], [1], ["x" * 65], ["write:notes\n"], [f"read:{n}" for n in range(129)],
    ],
    "app.id": ["", "9 abc", "x" * 129],
    "app.name": ["", "a\tb", "x" * 513],
    "software": ["", "misskey", "Misskey 1", "misskey 1 2", "misskey " + "1" * 100, 12],
    "state": ["good", "absent", "Verified", "", None],
    "obtained_at": [
        None, "", "2026-11-22", "2026-11-22T12:00:00", "2026-11-22T12:00:00+00:00", "2026-11-22T12:00:00.5Z",
        "2026-11-22 12:00:00Z", "2026-13-22T12:00:00Z", "2026-11-32T12:00:00Z", "2026-11-22T24:00:00Z",
        "2026-11-22T12:00:60Z", "2026-11-22T12:00:00Z\n",
    ],
    "verified_at": ["", "never", "2026-11-22T12:00:01z"],
    "expires_at": ["", "never", "2027-11-22", "2027-11-22T12:00:01z"],
    "session_sha256": ["", I[1:], I.upper(), None],
    "user": [[], "alice"],
    "app": [None, "misskey-authd"],
}


def test_the_starting_point_of_the_variants_fits():
    assert complaints(file_with(ACCOUNT)) == []


@pytest.mark.parametrize("path", MEMBERS)
def test_a_member_that_is_missing_or_of_another_type_is_refused(path):
    for value in (REMOVED, 1, True, {"a": "b"}):
        assert complaints(file_with(changed(path, value))), value


@pytest.mark.parametrize("path, value", [(path, value) for path, values in WRONG.items() for value in values])
def test_a_wrong_value_is_refused(path, value):
    assert complaints(file_with(changed(path, value)))


@pytest.mark.parametrize("state, i, fits", [
    ("verified", I, True), ("unverified", I, True), ("suspended", I, True), ("revoked", None, True),
    ("verified", None, False), ("unverified", None, False), ("suspended", None, False), ("revoked", I, False),
])
def test_i_is_null_exactly_in_the_state_revoked(state, i, fits):
    assert (complaints(file_with({**ACCOUNT, "state": state, "i": i})) == []) is fits


@pytest.mark.parametrize("state, fits", [("verified", False), ("unverified", True), ("suspended", True)])
def test_what_was_never_verified_is_not_verified(state, fits):
    assert (complaints(file_with({**ACCOUNT, "state": state, "verified_at": None})) == []) is fits


@pytest.mark.parametrize("content", [
    {"version": 2, "accounts": {}}, {"version": "1", "accounts": {}}, {"version": True, "accounts": {}},
    {"accounts": {}}, {"version": 1}, {"version": 1, "accounts": []}, [], None,
    {"version": 1, "accounts": {"me": None}},
])
def test_a_wrong_whole_is_refused(content):
    assert complaints(content)


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "a b", "é", "a\n", "x" * 65])
def test_a_wrong_account_name_is_refused(name):
    assert complaints(file_with(ACCOUNT, name))


@pytest.mark.parametrize("path, value", [
    ("server", "https://misskey.example:8443"), ("server", "http://127.0.0.1:3000"), ("server", "http://localhost"),
    ("server", "https://[2001:db8::1]:8443"), ("server", "http://[::1]:3000"), ("server", "https://xn--bcher-kva.example"),
    ("permission", []), ("permission", ["read:account", "write:drive-x"]), ("user.username", "Ünïcode"), ("app.name", "私のアプリ"),
])
def test_what_is_allowed_fits(path, value):
    assert complaints(file_with(changed(path, value))) == []


def test_members_may_be_added():
    entry = {**copy.deepcopy(ACCOUNT), "new": [1]}
    entry["user"]["new"] = entry["app"]["new"] = None
    assert complaints({**file_with(entry), "new": {}}) == []


# The document


def test_the_documents_example_fits():
    example = re.search(r"(?:^    .*\n)+", CREDENTIALS, re.M)[0]
    content = json.loads(re.sub(r'"[0-9a-f]{4}…"', f'"{I}"', example))
    assert complaints(content) == []
    assert set(content["accounts"]["misskey.example"]) == set(ACCOUNT)


def properties(schema, prefix=""):
    """{"server", "user", "user.id", …} of an object's schema."""
    names = set()
    for name, inner in schema["properties"].items():
        names |= {prefix + name} | (properties(inner, f"{prefix}{name}.") if "properties" in inner else set())
    return names


def test_every_property_is_in_the_table_and_the_reverse():
    table = CREDENTIALS.split("| member |")[1].split("\n\n")[0]
    documented = set(re.findall(r"^\| `([\w.]+)` \|", table, re.M))
    assert documented == properties(SCHEMA) | properties(SCHEMA["$defs"]["account"])


def test_every_state_is_in_the_table_and_the_reverse():
    table = CREDENTIALS.split("| state |")[1].split("\n\n")[0]
    documented = dict(re.findall(r"^\| `(\w+)` \|.*?\| (\w+)[^|]*\|[^|]*\|$", table, re.M))
    assert list(documented) == SCHEMA["$defs"]["account"]["properties"]["state"]["enum"]
    assert documented == {"verified": "good", "unverified": "good", "suspended": "kept", "revoked": "null"}


def test_every_member_and_state_of_the_code_is_in_the_schema():
    source = (ROOT / "common/vocabulary.c").read_text()
    texts = re.search(r"credential_states\[\w+\] = \{(.*?)\};", source, re.S)[1]
    assert set(re.findall(r'"(\w+)"', texts)) - {"absent"} == set(SCHEMA["$defs"]["account"]["properties"]["state"]["enum"])
