# SPDX-License-Identifier: MIT
"""What the server knows: users, apps, sessions, access tokens, notes.

All of it is in memory and outlives stop() and start(). Every access goes through `lock`.
"""

import hashlib
import random
import re
import string
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Optional

from .errors import DatabaseError
from .miauth import MiauthToken
from .profiles import Profile

ALPHANUMERICS = string.ascii_letters + string.digits
SECRET_LENGTH = 32  # appSecret and accessToken
NATIVE_TOKEN_LENGTH = 16  # the `i` of a signed-in browser; its length tells it apart
COLUMN_LENGTHS = {"name": 128, "description": 512, "callbackUrl": 512}
PERMISSION_LENGTH = 64
_random = random.SystemRandom()


def random_alphanumerics(length: int) -> str:
    """Letters and digits, as all of Misskey's secrets."""
    return "".join(_random.choices(ALPHANUMERICS, k=length))


def timestamp() -> str:
    """Now, as JavaScript's toISOString writes it."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


@dataclass
class User:
    id: str
    username: str
    password: str
    native_token: str = field(default_factory=lambda: random_alphanumerics(NATIVE_TOKEN_LENGTH))
    suspended: bool = False
    created_at: str = field(default_factory=timestamp)
    updated_at: str = field(default_factory=timestamp)


@dataclass
class App:
    id: str
    name: str
    description: str
    permission: list
    callback_url: Optional[str]
    secret: str = field(default_factory=lambda: random_alphanumerics(SECRET_LENGTH))


@dataclass
class Session:
    id: str
    token: str
    app: App
    user: Optional[User] = None  # who consented; the last one wins
    gone_at: Optional[float] = None  # monotonic; set by userkey


@dataclass
class AccessToken:
    id: str
    token: str
    hash: str
    app: App
    user: User
    created_at: str = field(default_factory=timestamp)


class State:
    """The tables, and what the endpoints do to them."""

    def __init__(self, profile: Profile):
        self.profile = profile
        self.lock = threading.RLock()
        self.users = {}  # username → User
        self.apps = {}  # id → App
        self.sessions = {}  # token → Session
        self.access_tokens = []
        self.miauth_tokens = []
        self.notes = []
        # How long after userkey the session can still be used: the real server does not wait for
        # its deletion, and a second call within milliseconds was seen to succeed.
        self.userkey_race_seconds = 0.0

    def add_user(self, username: str, password: str) -> User:
        with self.lock:
            user = self.users[username] = User(self.profile.new_id(), username, password)
            return user

    def create_app(self, name, description, permission, callback_url) -> App:
        """Stores an app as given; where old permission spellings are rewritten, they are then made unique."""
        for column, value in (("name", name), ("description", description), ("callbackUrl", callback_url)):
            self._check_column(value or "", COLUMN_LENGTHS[column])
        for item in permission:
            self._check_column(item, PERMISSION_LENGTH)
        if self.profile.rewrites_permissions:
            permission = [re.sub(r"^(.+)[/-](read|write)$", r"\2:\1", item) for item in permission]
        with self.lock:
            app = App(self.profile.new_id(), name, description, list(dict.fromkeys(permission)), callback_url)
            self.apps[app.id] = app
            return app

    @staticmethod
    def _check_column(value: str, length: int) -> None:
        """The database refuses what its columns cannot hold; the API did not check before."""
        if len(value) > length:
            raise DatabaseError(f"value too long for type character varying({length})", "QueryFailedError")
        if "\0" in value:
            raise DatabaseError('invalid byte sequence for encoding "UTF8": 0x00', "QueryFailedError")

    def app_by_secret(self, secret: str) -> Optional[App]:
        with self.lock:
            return next((app for app in self.apps.values() if app.secret == secret), None)

    def create_session(self, app: App) -> Session:
        with self.lock:
            session = Session(self.profile.new_id(), str(uuid.uuid4()), app)
            self.sessions[session.token] = session
            return session

    def session(self, token: str) -> Optional[Session]:
        """The session, unless userkey has used it up. Sessions never expire."""
        with self.lock:
            session = self.sessions.get(token)
            if session and session.gone_at is not None and time.monotonic() >= session.gone_at:
                del self.sessions[token]
                return None
            return session

    def access_token(self, app: App, user: User) -> Optional[AccessToken]:
        with self.lock:
            return next((each for each in self.access_tokens if each.app is app and each.user is user), None)

    def accept(self, session: Session, user: User) -> None:
        """Consent: one access token for an app and a user, however often they meet."""
        with self.lock:
            if self.access_token(session.app, user) is None:
                token = random_alphanumerics(SECRET_LENGTH)
                digest = hashlib.sha256((token + session.app.secret).encode()).hexdigest()
                self.access_tokens.append(
                    AccessToken(self.profile.new_id(), token, digest, session.app, user)
                )
            session.user = user

    def accept_miauth(self, session: str, name: str, permission: list, user: User) -> MiauthToken:
        with self.lock:
            token = MiauthToken(session, random_alphanumerics(SECRET_LENGTH), user, name, permission)
            self.miauth_tokens.append(token)
            return token

    def take_miauth(self, session: str) -> Optional[MiauthToken]:
        """What a session gives once: its first token."""
        with self.lock:
            token = next((each for each in self.miauth_tokens if each.session == session), None)
            if token is None or token.fetched:
                return None
            token.fetched = True
            return token

    def use_up(self, session: Session) -> None:
        """What userkey does to its session once it succeeds."""
        with self.lock:
            if self.userkey_race_seconds <= 0 or self.profile.awaits_session_deletion:
                self.sessions.pop(session.token, None)
            elif session.gone_at is None:
                session.gone_at = time.monotonic() + self.userkey_race_seconds

    def credential(self, i: str) -> Optional[tuple]:
        """(user, app) for an `i`: app is None for a native token; None for a bad or revoked one."""
        with self.lock:
            if len(i) == NATIVE_TOKEN_LENGTH:
                return next(((user, None) for user in self.users.values() if user.native_token == i), None)
            for each in self.access_tokens:
                if each.hash == i.lower() or (self.profile.takes_access_token_as_i and each.token == i):
                    return each.user, each.app
            return next(((each.user, each) for each in self.miauth_tokens if each.token == i), None)

    def revoke(self, username: str, app_id: Optional[str] = None) -> int:
        """Deletes a user's access tokens, all or one app's; returns how many."""
        with self.lock:
            kept = [
                each
                for each in self.access_tokens
                if each.user.username != username or app_id not in (None, each.app.id)
            ]
            revoked = len(self.access_tokens) - len(kept)
            self.access_tokens[:] = kept
            if app_id is None:
                kept = [each for each in self.miauth_tokens if each.user.username != username]
                revoked += len(self.miauth_tokens) - len(kept)
                self.miauth_tokens[:] = kept
            return revoked

    def forget_apps(self) -> None:
        """Deletes all apps, and with them, as the database's foreign keys do, sessions and tokens."""
        with self.lock:
            self.apps.clear()
            self.sessions.clear()
            self.access_tokens.clear()

    def forget_sessions(self) -> None:
        with self.lock:
            self.sessions.clear()
