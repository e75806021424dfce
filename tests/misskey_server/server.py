# SPDX-License-Identifier: MIT
"""MisskeyServer: the handle by which tests start, steer and question the server."""

import json
import os
import ssl
import threading
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Optional, Sequence, Union

from .connection import Listener, end_connection
from .endpoints import Api
from .errors import NeverAnswered
from .exchange import Exchange
from .knobs import Knob
from .miauth import MiauthToken, read_consent_url
from .replies import Reply
from .routes import Request, Routes
from .state import Session, State, User
from .variants import PROFILES

EVERY_ENDPOINT = "*"
# What a server lacks that has only MiAuth.
APP_AUTHORIZATION = ("app/create", "auth/session/generate", "auth/session/userkey")
SHUTDOWN_POLL_SECONDS = 0.02


@dataclass
class Call:
    """One request as it arrived, and what became of it."""

    endpoint: str  # "auth/session/userkey", "nodeinfo/2.0"; "auth" for a consent page
    method: str
    target: str
    headers: dict  # names in lower case
    raw: bytes
    body: Any  # the JSON, or None if it was none
    time: float = field(default_factory=monotonic)
    acted: bool = False  # the endpoint was reached; False if a knob replaced it
    status: Optional[int] = None  # of the reply; None until there is one
    abandoned: bool = False  # the client closed before it had the reply


@dataclass
class _Misbehaviour:
    endpoint: str
    knobs: tuple
    times: Optional[int]


class MisskeyServer:
    """A Misskey server of `profile` (variants.py has them) on a loopback port.

    `public_host` is the name in its origin, if not `host`; `tls` a (certificate file, key file).
    A port of 0 is chosen at the first start and kept. State survives stop() and start().
    """

    def __init__(
        self,
        profile: str = "2025",
        host: str = "127.0.0.1",
        port: int = 0,
        public_host: Optional[str] = None,
        tls: Optional[tuple] = None,
        auto_accept: Optional[str] = None,
    ):
        self.profile = PROFILES[profile]()
        self.host = host
        self.port = port
        self.public_host = public_host or host
        self.tls = tls
        self.state = State(self.profile)
        self.requests = []
        self.stopping = -1  # a descriptor that hangs up on stop
        self._stop_writer = -1
        self._routes = Routes(Api(self.state, self.profile, lambda: self.origin), auto_accept)
        self._changed = threading.Condition()
        self._misbehaviours = []
        self._connections = set()
        self._listener = None
        self._thread = None
        for username in ("alice", "bob"):
            self.add_user(username, f"{username}-password")
        if auto_accept is not None and auto_accept not in self.state.users:
            self.add_user(auto_accept, f"{auto_accept}-password")

    # Its life

    def __enter__(self) -> "MisskeyServer":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    @property
    def origin(self) -> str:
        """What the server calls itself, in session URLs too."""
        return f"{'https' if self.tls else 'http'}://{self.public_host}:{self.port}"

    @property
    def running(self) -> bool:
        return self._listener is not None

    def start(self) -> None:
        """Listens; when this returns, connections succeed."""
        context = None
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.tls)
        self._listener = Listener((self.host, self.port), self, context)
        self.port = self._listener.server_port
        self.stopping, self._stop_writer = os.pipe()
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(SHUTDOWN_POLL_SECONDS,), name="misskey-server", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Goes down at once: the port refuses, open connections end. State stays."""
        if self._listener is None:
            return
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()
        self._listener = None
        os.close(self._stop_writer)  # wakes whatever waits
        with self._changed:
            for connection in list(self._connections):
                end_connection(connection)
            self._changed.wait_for(lambda: not self._connections, timeout=5)
        os.close(self.stopping)

    # Its state

    @property
    def users(self) -> dict:
        return self.state.users

    @property
    def apps(self) -> dict:
        """Apps by id; each has name, description, permission, callback_url, secret."""
        return self.state.apps

    @property
    def sessions(self) -> dict:
        """Sessions by token; each has app and, once approved, user. Used-up ones are gone."""
        return self.state.sessions

    @property
    def access_tokens(self) -> list:
        """Each has token, hash (the valid `i`), app, user."""
        return self.state.access_tokens

    @property
    def miauth_tokens(self) -> list:
        """Each has session, token (the valid `i`), user, name, permission, fetched."""
        return self.state.miauth_tokens

    @property
    def missing(self) -> set:
        """Endpoints that it answers as unknown ones, such as APP_AUTHORIZATION. May be changed."""
        return self._routes.api.missing

    @property
    def notes(self) -> list:
        """As they were returned by notes/create."""
        return self.state.notes

    def add_user(self, username: str, password: str) -> User:
        return self.state.add_user(username, password)

    def accept(self, session_token: str, username: str) -> Session:
        """Consents without a browser; KeyError if there is no such session or user."""
        with self.state.lock:
            session = self.state.session(session_token)
            if session is None:
                raise KeyError(session_token)
            self.state.accept(session, self.state.users[username])
            return session

    def callback_url(self, session_token: str) -> str:
        """Where the consent page leads to after Accept."""
        with self.state.lock:
            callback = self.state.sessions[session_token].app.callback_url
            return callback + self.profile.callback_query.format(token=session_token)

    def accept_miauth(self, consent_url: str, username: str) -> MiauthToken:
        """Presses Accept on MiAuth's page at that address, without a browser."""
        session, name, permission, _ = read_consent_url(consent_url)
        return self.state.accept_miauth(session, name, permission, self.state.users[username])

    def revoke(self, username: str, app_id: Optional[str] = None) -> int:
        """What a user does in the settings: the tokens of all apps or of one; returns how many."""
        return self.state.revoke(username, app_id)

    def suspend(self, username: str, suspended: bool = True) -> None:
        self.state.users[username].suspended = suspended

    def forget_apps(self) -> None:
        """All apps, with their sessions and access tokens."""
        self.state.forget_apps()

    def forget_sessions(self) -> None:
        self.state.forget_sessions()

    # What was asked

    def calls(self, endpoint: str) -> list:
        """The calls of one endpoint so far, in order."""
        with self._changed:
            return [call for call in self.requests if call.endpoint == endpoint]

    def wait_for_calls(self, endpoint: str, count: int = 1, timeout: float = 60) -> list:
        """Waits until an endpoint was called so often; AssertionError if it was not."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.calls(endpoint)) >= count, timeout):
                raise AssertionError(f"{endpoint}: {len(self.calls(endpoint))} calls instead of {count}")
            return self.calls(endpoint)

    # How it misbehaves

    def misbehave(
        self, endpoint: str, knobs: Union[Knob, Sequence[Knob]], times: Optional[int] = 1
    ) -> None:
        """The next `times` calls of an endpoint ("*": of any) meet the knob, or all of the knobs in turn.

        With times=None all calls do, until well_behaved(). What was asked for first applies first.
        """
        knobs = (knobs,) if isinstance(knobs, Knob) else tuple(knobs)
        with self._changed:
            self._misbehaviours.append(_Misbehaviour(endpoint, knobs, times))

    def well_behaved(self) -> None:
        """Clears all knobs; requests that already met one are not called back."""
        with self._changed:
            self._misbehaviours.clear()

    def _take_knobs(self, endpoint: str) -> tuple:
        with self._changed:
            for each in self._misbehaviours:
                if each.endpoint not in (endpoint, EVERY_ENDPOINT):
                    continue
                if each.times is not None:
                    each.times -= 1
                    if each.times <= 0:
                        self._misbehaviours.remove(each)
                return each.knobs
            return ()

    # For connections

    def record(self, request: Request) -> Call:
        try:
            body = json.loads(request.body)
        except (ValueError, RecursionError):
            body = None
        call = Call(request.endpoint, request.method, request.target, request.headers, request.body, body)
        with self._changed:
            self.requests.append(call)
            self._changed.notify_all()
        return call

    def reply_to(self, request: Request, exchange: Exchange) -> Reply:
        """The endpoint's reply, or what the knobs make of it."""
        knobs = self._take_knobs(request.endpoint)
        reply = None
        for knob in knobs:
            instead = knob.before(exchange)
            reply = reply or instead
        if reply is None:
            exchange.call.acted = True
            try:
                reply = self._routes.answer(request)
            except NeverAnswered:
                exchange.wait_until_client_leaves()
        for knob in knobs:
            reply = knob.after(exchange, reply)
        return reply

    def connection_opened(self, connection) -> None:
        with self._changed:
            self._connections.add(connection)

    def connection_closed(self, connection) -> None:
        with self._changed:
            self._connections.discard(connection)
            self._changed.notify_all()
