# SPDX-License-Identifier: MIT
"""The test server speaks as real Misskey servers were recorded to speak, and misbehaves as told.

Every file of tests/wire/ is replayed against the server's profile of that version; a recording
without a replay is a failure. What the other end-to-end tests prove rests on this file. A further
server that was recorded is a directory there, and a line of PROFILE_OF here.
"""

import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

import pytest

TESTS = pathlib.Path(__file__).resolve().parent.parent
if str(TESTS) not in sys.path:
    sys.path.insert(0, str(TESTS))

import misskey_server as misskey  # noqa: E402
from misskey_server import state as misskey_state  # noqa: E402

WIRE = TESTS / "wire"
PROFILE_OF = {
    "misskey-11.37.1": "11",
    "misskey-2025.3.1": "2025",
    "misskey-2026.3.2": "2026",
    "iceshrimp-2026.5.1": "iceshrimp",
}
PROFILES = list(misskey.PROFILES)
# Fastify, as from 13 on; the others have Koa.
NEWER = ("2025", "2026", "sharkey")
RECORDINGS = sorted(path for path in WIRE.rglob("*") if path.is_file())
CALLBACK = "http://127.0.0.1:41987/callback"
NOTE = "Hello Misskey API World with My Application!"
PATIENCE_SECONDS = 10
UNCOMPARED_HEADERS = {"date", "connection", "keep-alive", "content-length", "transfer-encoding"}


class Answer:
    """A reply, live or recorded: status and reason, headers by lower-case name, body."""

    def __init__(self, status, reason, headers, body):
        self.status = status
        self.reason = reason
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json.get("error", self.json)["code"]


class Client:
    """Calls a server; one keep-alive connection, and some shortcuts through the authorization."""

    def __init__(self, server):
        self.server = server
        self.connection = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE_SECONDS)

    def request(self, method, path, body=None, headers=()):
        self.connection.request(method, path, body, dict(headers))
        response = self.connection.getresponse()
        return Answer(response.status, response.reason, response.getheaders(), response.read())

    def post(self, endpoint, fields, headers=()):
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        return self.request("POST", f"/api/{endpoint}", body, {"Content-Type": "application/json", **dict(headers)})

    def post_too_much(self, endpoint):
        """Announces 2 MiB and sends none of them: the reply must not wait for the upload."""
        self.connection.putrequest("POST", f"/api/{endpoint}")
        self.connection.putheader("Content-Type", "application/json")
        self.connection.putheader("Content-Length", str(2 * 1024 * 1024))
        self.connection.endheaders()
        response = self.connection.getresponse()
        return Answer(response.status, response.reason, response.getheaders(), response.read())

    def app(self, permission=("read:account", "write:notes"), **other):
        fields = {
            "name": "misskey-authd",
            "description": "A test.",
            "permission": permission,
            "callbackUrl": CALLBACK,
        }
        return self.post("app/create", {**fields, **other})

    def session(self, app):
        return self.post("auth/session/generate", {"appSecret": app["secret"]}).json

    def userkey(self, app, session):
        return self.post("auth/session/userkey", {"appSecret": app["secret"], "token": session["token"]})

    def consented(self, username="alice", **app):
        """(app, session) that the user has accepted."""
        app = self.app(**app).json
        session = self.session(app)
        self.server.accept(session["token"], username)
        return app, session

    def authorized(self, username="alice", **app):
        """(app, access token, i) at the end of all steps."""
        app, session = self.consented(username, **app)
        access_token = self.userkey(app, session).json["accessToken"]
        return app, access_token, digest(access_token, app["secret"])


def digest(access_token, app_secret):
    """The credential `i`."""
    return hashlib.sha256((access_token + app_secret).encode()).hexdigest()


def until(condition, what):
    """Waits for what another thread does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.01)


@contextlib.contextmanager
def running(profile, **options):
    with misskey.MisskeyServer(profile=profile, **options) as server:
        yield server


@pytest.fixture(params=PROFILES)
def server(request):
    with running(request.param) as server:
        if request.param == "sharkey":
            # Its limits have a test of their own.
            server.profile.CALLS_A_SECOND = dict.fromkeys(server.profile.CALLS_A_SECOND, 1000)
        yield server


@pytest.fixture
def client(server):
    return Client(server)


# For what is the same whichever version it is.
old_and_new = pytest.mark.parametrize("server", ["11", "2025"], indirect=True)


# The recordings


def i_with(client, **app):
    return client.authorized(**app)[2]


def accept_by_api(client):
    session = client.session(client.app().json)
    native_token = client.server.users["alice"].native_token
    return client.post("auth/accept", {"token": session["token"], "i": native_token})


def userkey_twice(client):
    app, session = client.consented()
    assert client.userkey(app, session).status == 200
    return client.userkey(app, session)


REPLAYS = {
    "accept-ok": accept_by_api,
    "app-create-duplicate-permission": lambda c: c.app(("read:account", "read:account")),
    "app-create-missing-name": lambda c: c.post("app/create", {"description": "", "permission": []}),
    "app-create-ok": lambda c: c.app(),
    "empty-body": lambda c: c.post("auth/session/generate", b""),
    "get-instead-of-post": lambda c: c.request("GET", "/api/auth/session/generate"),
    "i-authentication-failed": lambda c: c.post("i", {"i": "0" * 64}),
    "i-credential-required": lambda c: c.post("i", {}),
    "i-no-permissions": lambda c: c.post("i", {"i": i_with(c, permission=())}),
    "i-ok": lambda c: c.post("i", {"i": i_with(c)}),
    "malformed-json": lambda c: c.post("auth/session/generate", b'{"appSecret":'),
    "meta": lambda c: c.post("meta", {}),
    "nodeinfo-2.0": lambda c: c.request("GET", "/nodeinfo/2.0"),
    "notes-create-ok": lambda c: c.post("notes/create", {"i": i_with(c), "text": NOTE}),
    "notes-create-permission-denied": lambda c: c.post(
        "notes/create", {"i": i_with(c, permission=("read:account",)), "text": NOTE}
    ),
    "session-generate-missing-secret": lambda c: c.post("auth/session/generate", {}),
    "session-generate-no-such-app": lambda c: c.post("auth/session/generate", {"appSecret": "x" * 32}),
    "session-generate-ok": lambda c: c.post("auth/session/generate", {"appSecret": c.app().json["secret"]}),
    "session-show-ok": lambda c: c.post("auth/session/show", {"token": c.session(c.app().json)["token"]}),
    "too-large": lambda c: c.post_too_much("auth/session/generate"),
    "unknown-endpoint": lambda c: c.post("auth/deny", {}),
    "userkey-no-such-app": lambda c: c.userkey({"secret": "x" * 32}, {"token": "x"}),
    "userkey-no-such-session": lambda c: c.userkey(c.app().json, {"token": "x"}),
    "userkey-ok": lambda c: c.userkey(*c.consented()),
    "userkey-pending": lambda c: (lambda app: c.userkey(app, c.session(app)))(c.app().json),
    "userkey-used-twice": userkey_twice,
}

# What a string is, where its kind matters more than its value: the id's style, a secret's length.
STRING_KINDS = {
    "uuid v4": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "secret": r"[0-9A-Za-z]{32}",
    "id of 10": r"[0-9a-z]{8}[0-9a-z]{2}",
    "id of 16": r"[0-9a-z]{8}[0-9a-z]{8}",
    "consent url": r"http://[^/]+/auth/[0-9a-f-]{36}",
    "url": r"https?://.*",
}


def kind_of(value):
    if not isinstance(value, str):
        return type(value).__name__
    return next((kind for kind, form in STRING_KINDS.items() if re.fullmatch(form, value)), "text")


def differences(recorded, ours, where="body"):
    """How two JSON values differ in shape: keys, types, kinds of strings."""
    if kind_of(recorded) != kind_of(ours):
        return [f"{where}: {kind_of(recorded)} recorded, {kind_of(ours)} here"]
    if isinstance(recorded, dict):
        found = [f"{where}: without {key}" for key in recorded.keys() - ours.keys()]
        found += [f"{where}: with {key}, which was not recorded" for key in ours.keys() - recorded.keys()]
        for key in recorded.keys() & ours.keys():
            found += differences(recorded[key], ours[key], f"{where}.{key}")
        return found
    if isinstance(recorded, list):
        if bool(recorded) != bool(ours):
            return [f"{where}: {len(recorded)} items recorded, {len(ours)} here"]
        return [each for item in ours for each in differences(recorded[0], item, f"{where}[]")]
    return []


def parsed_recording(path):
    head, _, body = path.read_bytes().partition(b"\r\n\r\n")
    status_line, *lines = head.decode().split("\r\n")
    headers = [tuple(line.split(": ", 1)) for line in lines]
    _, status, reason = status_line.split(" ", 2)
    return Answer(int(status), reason, headers, body)


def name_of(path):
    return str(path.relative_to(WIRE))


@pytest.mark.parametrize("path", RECORDINGS, ids=name_of)
def test_every_recording_is_replayed(path, monkeypatch):
    assert path.parent.name in PROFILE_OF, "a version without a profile of the test server"
    profile = PROFILE_OF[path.parent.name]
    if path.name == "vector.json":
        check_vector(profile, json.loads(path.read_text()), monkeypatch)
        return
    assert path.suffix == ".http" and path.stem in REPLAYS, "a recording without a replay"
    recorded = parsed_recording(path)
    with running(profile) as server:
        ours = REPLAYS[path.stem](Client(server))
    assert (ours.status, ours.reason) == (recorded.status, recorded.reason)
    meaningful = recorded.headers.keys() - UNCOMPARED_HEADERS
    assert ours.headers.keys() - UNCOMPARED_HEADERS == meaningful
    assert {name: ours.headers[name] for name in meaningful} == {
        name: recorded.headers[name] for name in meaningful
    }
    assert ("content-length" in ours.headers) == ("content-length" in recorded.headers)
    if recorded.status >= 400 or "json" not in recorded.headers.get("content-type", ""):
        assert ours.body == recorded.body
    else:
        assert differences(recorded.json, ours.json) == []


def check_vector(profile, vector, monkeypatch):
    """The recorded access token and secret give the recorded `i`, and the server accepts it."""
    assert digest(vector["accessToken"], vector["appSecret"]) == vector["i"]
    with running(profile) as server:
        client = Client(server)
        monkeypatch.setattr(misskey_state, "random_alphanumerics", lambda length: vector["appSecret"])
        app = client.app().json
        session = client.session(app)
        monkeypatch.setattr(misskey_state, "random_alphanumerics", lambda length: vector["accessToken"])
        server.accept(session["token"], "alice")
        assert client.userkey(app, session).json["accessToken"] == vector["accessToken"]
        assert client.post("i", {"i": vector["i"]}).json["username"] == "alice"


@pytest.mark.parametrize("version", PROFILE_OF)
def test_every_replay_has_a_recording(version):
    recorded = {path.stem for path in (WIRE / version).glob("*.http")}
    assert REPLAYS.keys() == recorded
    assert (WIRE / version / "vector.json").exists()


def test_the_comparison_sees_differences():
    assert differences({"a": None}, {"a": ""})
    assert differences({"a": 1}, {})
    assert differences({}, {"a": 1})
    assert differences({"a": [{"b": 1}]}, {"a": [{"b": "1"}]})
    assert differences([1], [])
    assert differences("atve5ezybs", "atve5fe9ofnc0093")
    assert not differences({"a": ["x"], "b": True}, {"a": ["y", "z"], "b": False})


# Apps and sessions


def test_session_url_is_the_servers_own(client):
    session = client.session(client.app().json)
    assert session["url"] == f"{client.server.origin}/auth/{session['token']}"
    assert kind_of(session["token"]) == "uuid v4"


def test_app_is_stored_as_given(client):
    app = client.app(("read:account", "made:up"), callbackUrl="any?thing#at all").json
    assert app["callbackUrl"] == "any?thing#at all"
    assert app["permission"] == ["read:account", "made:up"]
    shown = client.post("app/show", {"appId": app["id"]}).json
    assert shown == {key: app[key] for key in ("id", "name", "callbackUrl", "permission")}
    assert client.app(callbackUrl=None).json["callbackUrl"] is None
    assert client.post("app/show", {"appId": "x"}).code == "NO_SUCH_APP"


def test_old_permission_spellings_are_rewritten_but_on_10(client):
    old = ["account-read", "account/write", "read:account", "write:notes"]
    app = client.app(old).json
    kept = client.server.profile.name == "10"
    assert app["permission"] == (old if kept else ["read:account", "write:account", "write:notes"])


@pytest.mark.parametrize(
    "field, longest",
    [
        ({"name": "n"}, 128),
        ({"name": "名"}, 128),
        ({"description": "d"}, 512),
        ({"callbackUrl": "c"}, 512),
        ({"permission": "p"}, 64),
    ],
)
def test_too_long_is_an_internal_error(client, field, longest):
    ((name, letter),) = field.items()

    def value(length):
        return [letter * length] if name == "permission" else letter * length

    assert client.app(**{name: value(longest)}).status == 200
    refused = client.app(**{name: value(longest + 1)})
    assert (refused.status, refused.code) == (500, "INTERNAL_ERROR")
    assert ("stack" in refused.json["error"]["info"]["e"]) == (client.server.profile.name not in NEWER)


def test_wrong_types_are_invalid_params(client):
    for fields in ({"name": 1}, {"name": None}, {"permission": "x"}, {"permission": [1]}, {"callbackUrl": []}):
        refused = client.app(**{"permission": [], **fields})
        assert (refused.status, refused.code) == (400, "INVALID_PARAM"), fields


def test_second_authorization_gives_the_same_access_token(client):
    app, session = client.consented()
    first = client.userkey(app, session).json["accessToken"]
    again = client.session(app)
    shown = client.post("auth/session/show", {"token": again["token"], "i": client.server.users["alice"].native_token})
    assert shown.json["app"]["isAuthorized"] is True
    client.server.accept(again["token"], "alice")
    assert client.userkey(app, again).json["accessToken"] == first
    assert len(client.server.access_tokens) == 1
    other = client.session(app)
    client.server.accept(other["token"], "bob")
    assert client.userkey(app, other).json["accessToken"] != first


def test_last_accept_wins(client):
    app, session = client.consented("alice")
    client.server.accept(session["token"], "bob")
    assert client.userkey(app, session).json["user"]["username"] == "bob"


def test_userkey_of_anothers_session(client):
    _, session = client.consented()
    assert client.userkey(client.app().json, session).code == "NO_SUCH_SESSION"


def test_userkey_twice_within_the_race(client):
    client.server.state.userkey_race_seconds = 60
    app, session = client.consented()
    first, second = client.userkey(app, session), client.userkey(app, session)
    if client.server.profile.name == "sharkey":
        assert (first.status, second.code) == (200, "NO_SUCH_SESSION")
        return
    assert first.json == second.json
    client.server.sessions[session["token"]].gone_at = time.monotonic()
    assert client.userkey(app, session).code == "NO_SUCH_SESSION"


def test_userkey_after_revocation_does_not_use_up_the_session(client):
    app, session = client.consented()
    assert client.server.revoke("alice", app["id"]) == 1
    for _ in range(2):
        refused = client.userkey(app, session)
        assert (refused.status, refused.code) == (500, "INTERNAL_ERROR")
    client.server.accept(session["token"], "alice")
    assert client.userkey(app, session).status == 200


def test_apps_and_sessions_can_be_forgotten(client):
    app, session = client.consented()
    client.server.forget_sessions()
    assert client.userkey(app, session).code == "NO_SUCH_SESSION"
    client.session(app)
    client.server.forget_apps()
    assert not (client.server.apps or client.server.sessions or client.server.access_tokens)
    assert client.userkey(app, session).code == "NO_SUCH_APP"
    assert client.post("auth/session/generate", {"appSecret": app["secret"]}).code == "NO_SUCH_APP"


def test_accept_is_for_native_tokens_only(client):
    _, _, i = client.authorized()
    session = client.session(client.app().json)
    for credential in ({"i": i}, {}):
        refused = client.post("auth/accept", {"token": session["token"], **credential})
        assert (refused.status, refused.code) == (400, "ACCESS_DENIED")


# The credential


def test_i_is_accepted_as_each_version_does(client):
    name = client.server.profile.name
    newer = name in (*NEWER, "iceshrimp")
    bad = 401 if name in NEWER else 403
    _, access_token, i = client.authorized()

    def status(value=None, **headers):
        return client.post("i", {} if value is None else {"i": value}, headers).status

    assert (status(i), status(i.upper())) == (200, 200)
    assert status(access_token) == (200 if newer else 403)
    assert status(access_token.swapcase()) == bad
    for token in (i, access_token):
        assert status(Authorization=f"Bearer {token}") == (200 if newer else 401)
    assert status(Authorization=f"bearer {i}") == 401
    assert client.post("meta", {"i": "bad"}).status == bad


def test_i_that_is_not_a_string(client):
    if client.server.profile.name not in NEWER:
        refused = client.post("i", {"i": 1})
        assert (refused.status, refused.code) == (500, "INTERNAL_ERROR")
        return
    with raw_call(client.server, "i", b'{"i":1}') as connection:
        assert_silent(connection, 0.3)


def test_revoked_and_suspended(client):
    name = client.server.profile.name
    app, _, i = client.authorized()
    client.server.suspend("alice")
    refused = client.post("i", {"i": i})
    expected = (400, "ACCESS_DENIED") if name in ("10", "11") else (403, "YOUR_ACCOUNT_SUSPENDED")
    assert (refused.status, refused.code) == expected
    client.server.suspend("alice", False)
    assert client.post("i", {"i": i}).status == 200
    client.server.revoke("alice")
    refused = client.post("i", {"i": i})
    assert (refused.status, refused.code) == (401 if name in NEWER else 403, "AUTHENTICATION_FAILED")
    assert ("error" in refused.json) == (name != "iceshrimp")


def test_notes_are_kept(client):
    _, _, i = client.authorized()
    note = client.post("notes/create", {"i": i, "text": "Grüße ☃"}).json["createdNote"]
    assert client.server.notes == [note]
    assert note["text"] == "Grüße ☃" and note["user"]["username"] == "alice"


def test_authorized_apps_have_names_but_on_iceshrimp(client):
    client.authorized(permission=("read:account",))
    native_token = client.server.users["alice"].native_token
    (app,) = client.post("i/apps", {"i": native_token}).json
    assert app["permission"] == ["read:account"]
    assert app.get("name") == (None if client.server.profile.name == "iceshrimp" else "misskey-authd")


def test_each_software_names_itself(client):
    software = client.request("GET", "/nodeinfo/2.0").json["software"]
    assert client.post("meta", {}).json["version"] == software["version"]
    fork = client.server.profile.name if client.server.profile.name in ("sharkey", "iceshrimp") else "misskey"
    assert software["name"] == fork


def test_where_the_consent_page_leads_to(client):
    session = client.session(client.app().json)
    token = session["token"]
    more = f"&code={token}&state=" if client.server.profile.name == "iceshrimp" else ""
    assert client.server.callback_url(token) == f"{CALLBACK}?token={token}{more}"


def test_sharkey_has_limits():
    with running("sharkey") as server:
        client = Client(server)
        app, session = client.consented(name="limited")
        began = time.monotonic()
        asked = [client.userkey(app, {"token": "x"}) for _ in range(3)]
        assert time.monotonic() - began < 0.4, "too slow for what is tested here"
        assert [answer.code for answer in asked] == ["NO_SUCH_SESSION"] * 2 + ["RATE_LIMIT_EXCEEDED"]
        assert [answer.status for answer in asked] == [400, 400, 429]
        assert asked[2].headers["retry-after"] == "1" and "retry-after" not in asked[1].headers
        assert 0 < asked[2].json["error"]["info"]["resetMs"] <= 500
        assert {answer.headers["x-ratelimit-remaining"] for answer in asked[1:]} == {"0"}
        assert client.post("meta", {}).status == 200
        until(lambda: client.userkey(app, session).status == 200, "the next call")
        assert time.monotonic() - began >= 0.5 - 0.1


def test_10_has_a_limit_of_authenticated_calls():
    with running("10") as server:
        server.profile.authenticated_calls.calls = 2
        client = Client(server)
        _, _, i = client.authorized()
        assert [client.post("i", {"i": i}).status for _ in range(3)] == [200, 200, 423]
        assert client.post("i", {"i": i}).code == "AUTHENTICATION_LIMIT_EXCEEDED"
        assert client.post("meta", {}).status == 200


# Misbehaviour


@contextlib.contextmanager
def raw_call(server, endpoint, body=b"{}"):
    """A request on a bare socket, its reply not read."""
    with socket.create_connection((server.host, server.port), PATIENCE_SECONDS) as connection:
        head = f"POST /api/{endpoint} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        yield connection


def assert_silent(connection, seconds):
    connection.settimeout(seconds)
    with pytest.raises(socket.timeout):
        connection.recv(1)


def assert_ended(connection):
    """The server closed it: by FIN, or by RST if it had not been accepted yet."""
    connection.settimeout(PATIENCE_SECONDS)
    with contextlib.suppress(ConnectionResetError):
        assert connection.recv(1) == b""


@old_and_new
def test_delay(client):
    client.server.misbehave("meta", misskey.Delay(0.3))
    started = time.monotonic()
    assert client.post("meta", {}).status == 200
    assert time.monotonic() - started >= 0.3
    assert client.server.calls("meta")[0].acted


@old_and_new
def test_delay_before_and_after_acting(client):
    for when, sessions in (("before", 0), ("after", 1)):
        client.server.forget_sessions()
        client.server.misbehave("auth/session/generate", misskey.Delay(60, when))
        body = json.dumps({"appSecret": client.app().json["secret"]}).encode()
        before = len(client.server.calls("auth/session/generate"))
        with raw_call(client.server, "auth/session/generate", body) as connection:
            client.server.wait_for_calls("auth/session/generate", before + 1)
            assert_silent(connection, 0.2)
            assert len(client.server.sessions) == sessions


@old_and_new
def test_a_client_that_gives_up_is_noticed(client):
    for knob in (misskey.NeverAnswer(), misskey.NeverAnswer("after"), misskey.Delay(0.5)):
        client.server.misbehave("meta", knob)
        before = len(client.server.calls("meta"))
        with raw_call(client.server, "meta") as connection:
            client.server.wait_for_calls("meta", before + 1)
            assert_silent(connection, 0.1)
        until(lambda: client.server.calls("meta")[-1].abandoned, "the server sees the client leave")
    until(lambda: client.server.calls("meta")[-1].acted, "a slow server acts although nobody waits")


@old_and_new
@pytest.mark.parametrize("reset", [False, True])
def test_cut(client, reset):
    for when in ("before", "after"):
        app, session = client.consented()
        client.server.misbehave("auth/session/userkey", misskey.Cut(when, reset))
        with pytest.raises(ConnectionResetError if reset else http.client.RemoteDisconnected) as caught:
            client.userkey(app, session)
        assert isinstance(caught.value, http.client.RemoteDisconnected) != reset
        client.connection.close()
        second = client.userkey(app, session)
        assert second.status == (200 if when == "before" else 400)


@old_and_new
def test_status_and_html(client):
    client.server.misbehave("meta", misskey.Status(418, '{"a":1}', "application/json", {"X-Test": "yes"}))
    answer = client.post("meta", {})
    assert (answer.status, answer.json, answer.headers["x-test"]) == (418, {"a": 1}, "yes")
    client.server.misbehave("meta", misskey.Html(503))
    answer = client.post("meta", {})
    assert (answer.status, answer.headers["content-type"]) == (503, "text/html")
    assert b"<h1>503 Service Temporarily Unavailable</h1>" in answer.body
    assert not any(call.acted for call in client.server.calls("meta"))
    app, session = client.consented()
    client.server.misbehave("auth/session/userkey", misskey.Html(502, when="after"))
    assert client.userkey(app, session).status == 502
    assert client.userkey(app, session).code == "NO_SUCH_SESSION"


@old_and_new
def test_truncated(client):
    client.server.misbehave("meta", misskey.Truncated())
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.post("meta", {})
    assert caught.value.partial.startswith(b"{") and caught.value.expected > 0


@old_and_new
@pytest.mark.parametrize("chunked", [False, True])
def test_oversized(client, chunked):
    client.server.misbehave("meta", misskey.Oversized(100_000, chunked))
    answer = client.post("meta", {})
    assert len(answer.body) == 100_000 and answer.json["padding"]
    assert ("transfer-encoding" in answer.headers) == chunked
    assert ("content-length" in answer.headers) != chunked


@old_and_new
def test_hostile_json(client):
    client.server.misbehave("meta", misskey.Nested(5))
    assert client.post("meta", {}).body == b'{"a":{"a":{"a":{"a":{}}}}}'
    for hostile in (b'{"a":1,"a":"\\u0000\xff"} x', b"", b"\x00"):
        client.server.misbehave("meta", misskey.RawJson(hostile, 201))
        answer = client.post("meta", {})
        assert (answer.status, answer.body) == (201, hostile)
        assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_rate_limited(client):
    newer = client.server.profile.name in NEWER
    client.server.misbehave("meta", misskey.RateLimited())
    answer = client.post("meta", {})
    assert (answer.status, answer.code) == (429, "RATE_LIMIT_EXCEEDED")
    assert "retry-after" not in answer.headers and "info" not in answer.json["error"]
    client.server.misbehave("meta", misskey.RateLimited(7))
    answer = client.post("meta", {})
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")
    assert ("info" in answer.json["error"]) == newer
    if newer:
        began = 0 if client.server.profile.name == "sharkey" else time.time() * 1000
        assert 5_000 < answer.json["error"]["info"]["resetMs"] - began <= 7_000


@old_and_new
def test_wrong_content_type_and_redirect(client):
    client.server.misbehave("meta", misskey.WrongContentType("text/html"))
    answer = client.post("meta", {})
    assert answer.headers["content-type"] == "text/html" and "version" in answer.json
    client.server.misbehave("meta", misskey.Redirect("http://elsewhere.example/", 307))
    answer = client.post("meta", {})
    assert (answer.status, answer.headers["location"]) == (307, "http://elsewhere.example/")


@old_and_new
def test_tarpit(client):
    client.server.misbehave("meta", misskey.Tarpit(20))
    with raw_call(client.server, "meta") as connection:
        started = time.monotonic()
        received = b"".join(connection.recv(1) for _ in range(9))
        assert received == b"HTTP/1.1 "
        assert time.monotonic() - started >= 8 / 20
    until(lambda: client.server.calls("meta")[0].abandoned, "the tarpit ends when its client leaves")


@old_and_new
def test_rewrite(client):
    app = client.app().json
    evil = "\x1b]0;<script>alert(1)</script>"
    client.server.misbehave("auth/session/generate", misskey.Rewrite(lambda reply: {**reply, "url": evil}))
    assert client.session(app)["url"] == evil
    assert client.session(app)["url"].startswith(client.server.origin)


@old_and_new
def test_knobs_queue_combine_and_clear(client):
    server = client.server
    server.misbehave("meta", misskey.Status(503), times=2)
    server.misbehave("meta", (misskey.Delay(0.2), misskey.Status(504)))
    assert client.app().status == 200
    started = time.monotonic()
    assert [client.post("meta", {}).status for _ in range(4)] == [503, 503, 504, 200]
    assert time.monotonic() - started >= 0.2
    server.misbehave("*", misskey.Status(500), times=None)
    assert [client.post("meta", {}).status for _ in range(3)] == [500] * 3
    assert client.request("GET", "/nodeinfo/2.0").status == 500
    server.well_behaved()
    assert client.post("meta", {}).status == 200


# The server itself


@old_and_new
def test_calls_are_recorded(client):
    started = time.monotonic()
    client.post("auth/session/generate", {"appSecret": "x"})
    client.post("meta", b"not json", {"X-Test": "yes"})
    generate, meta = client.server.requests
    assert (generate.endpoint, generate.body, generate.status) == ("auth/session/generate", {"appSecret": "x"}, 400)
    assert (meta.body, meta.raw, meta.headers["x-test"], meta.method) == (None, b"not json", "yes", "POST")
    assert started <= generate.time <= meta.time <= time.monotonic()
    assert client.server.calls("meta") == [meta]


@old_and_new
def test_down_and_up_again_keeps_port_and_state(client):
    server = client.server
    app, session = client.consented()
    port = server.port
    server.misbehave("meta", misskey.NeverAnswer())
    with raw_call(server, "meta") as waiting, socket.create_connection((server.host, port)) as idle:
        server.wait_for_calls("meta")
        server.stop()
        for connection in (waiting, idle):
            assert_ended(connection)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, port))
    server.start()
    assert server.port == port
    assert Client(server).userkey(app, session).status == 200


@old_and_new
def test_many_connections_at_once(client):
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(socket.create_connection((client.server.host, client.server.port)))
        statuses = []
        threads = [
            threading.Thread(target=lambda: statuses.append(Client(client.server).post("meta", {}).status))
            for _ in range(50)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 50


@old_and_new
def test_one_connection_serves_many_requests(client):
    client.post("meta", {})
    first = client.connection.sock
    chunks = client.request("POST", "/api/meta", iter((b"{", b"}")), {"Content-Type": "application/json"})
    assert chunks.status == 200 and client.server.calls("meta")[1].raw == b"{}"
    client.request("GET", "/nodeinfo/2.0")
    client.post("auth/accept", {})
    assert client.connection.sock is first is not None


def test_consent_page_is_served(client):
    session = client.session(client.app().json)
    page = client.request("GET", f"/auth/{session['token']}")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for id in ("username", "password", "signin", "accept", "cancel"):
        assert f'id="{id}"'.encode() in page.body
    assert session["token"].encode() in page.body
    escaped = client.request("GET", "/auth/</script><script>alert(1)</script>")
    assert b"<script>alert(1)" not in escaped.body


def test_signin_gives_the_native_token(client):
    endpoint = client.server.profile.signin_endpoint
    signed_in = client.post(endpoint, {"username": "alice", "password": "alice-password"}).json
    assert client.post("i", {"i": signed_in["i"]}).json["id"] == signed_in["id"]
    assert client.post(endpoint, {"username": "alice", "password": "wrong"}).status == 403
    assert client.post(endpoint, {"username": "nobody", "password": ""}).status == 404


def test_auto_accept_lets_a_plain_client_be_the_browser():
    with running("2025", auto_accept="carol") as server:
        client = Client(server)
        app = client.app().json
        session = client.session(app)
        redirect = client.request("GET", f"/auth/{session['token']}")
        assert (redirect.status, redirect.headers["location"]) == (303, f"{CALLBACK}?token={session['token']}")
        assert client.userkey(app, session).json["user"]["username"] == "carol"
        assert client.request("GET", "/auth/unknown").status == 404


@pytest.fixture
def certificate(tmp_path):
    if not shutil.which("openssl"):
        pytest.skip("no openssl program to make a certificate with")
    files = (tmp_path / "certificate.pem", tmp_path / "key.pem")
    subject = ["-subj", "/CN=misskey.localhost", "-addext", "subjectAltName=DNS:misskey.localhost"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*make, "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
    return tuple(map(str, files))


def test_tls(certificate):
    with running("2025", tls=certificate, public_host="misskey.localhost") as server:
        assert server.origin == f"https://misskey.localhost:{server.port}"
        context = ssl.create_default_context(cafile=certificate[0])
        plain = socket.create_connection((server.host, server.port), PATIENCE_SECONDS)
        client = Client(server)
        client.connection.sock = context.wrap_socket(plain, server_hostname="misskey.localhost")
        session = client.session(client.app().json)
        assert session["url"].startswith(server.origin + "/auth/")
        with socket.create_connection((server.host, server.port)) as silent:
            server.misbehave("meta", misskey.Cut())
            with pytest.raises((ssl.SSLEOFError, http.client.RemoteDisconnected)):
                client.post("meta", {})
            started = time.monotonic()
            server.stop()
            assert time.monotonic() - started < 4.5, "a client that never shakes hands holds up nothing"
            assert_ended(silent)


@contextlib.contextmanager
def program(*arguments):
    command = [sys.executable, str(TESTS / "misskey_server"), *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/")
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("profile", ["11", "2025"])
@pytest.mark.parametrize("ending", ["SIGTERM", "SIGINT", "stdin"])
def test_program(profile, ending):
    until_stdin = ["--until-stdin-closes"] if ending == "stdin" else []
    with program("--profile", profile, "--auto-accept", "alice", *until_stdin) as (process, ready):
        assert ready["pid"] == process.pid
        host, port = ready["origin"].removeprefix("http://").split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE_SECONDS)
        connection.request("POST", "/api/meta", "{}", {"Content-Type": "application/json"})
        version = json.loads(connection.getresponse().read())["version"]
        assert version.startswith(profile)
        assert process.poll() is None
        if ending == "stdin":
            process.stdin.close()
        else:
            os.kill(process.pid, getattr(signal, ending))
        assert process.wait(PATIENCE_SECONDS) == 0
        process.stdin = None
        assert process.stdout.read() == "", "one line on stdout, no more"
