# SPDX-License-Identifier: MIT
"""The API's endpoints, and what is checked before any of them acts.

The order of the checks is that of the real servers' ApiCallService: credential, then a native
token where only that will do, then suspension, permission, and at last the parameters.
"""

from dataclasses import dataclass
from typing import Callable, Optional

from . import errors
from .errors import DatabaseError, NeverAnswered, Refusal
from .params import Param
from .profiles import Profile
from .replies import Reply
from .state import AccessToken, App, Session, State, User, timestamp


@dataclass
class Caller:
    """The user and the app of a valid `i`; `app` is None for a native token. Without an `i` both are None."""

    user: Optional[User] = None
    app: Optional[App] = None


@dataclass(frozen=True)
class Endpoint:
    act: Callable
    params: tuple = ()
    needs_user: bool = False
    native_only: bool = False  # "secure" in Misskey's words: no app may call it
    permission: Optional[str] = None


class Api:
    """POST /api/{endpoint} for one server."""

    def __init__(self, state: State, profile: Profile, origin: Callable[[], str]):
        self.state = state
        self.profile = profile
        self.origin = origin
        token = Param("token")
        secret = Param("appSecret")
        self.endpoints = {
            "app/create": Endpoint(
                self.app_create,
                (
                    Param("name"),
                    Param("description"),
                    Param("permission", array=True),
                    Param("callbackUrl", required=False, nullable=True),
                ),
            ),
            "app/show": Endpoint(self.app_show, (Param("appId"),)),
            "auth/session/generate": Endpoint(self.session_generate, (secret,)),
            "auth/session/show": Endpoint(self.session_show, (token,)),
            "auth/session/userkey": Endpoint(self.session_userkey, (secret, token)),
            "auth/accept": Endpoint(self.auth_accept, (token,), needs_user=True, native_only=True),
            "i/apps": Endpoint(self.i_apps, needs_user=True, native_only=True),
            "i": Endpoint(self.i, needs_user=True, permission=profile.permission_for_i),
            "notes/create": Endpoint(
                self.notes_create, (Param("text"),), needs_user=True, permission="write:notes"
            ),
            "meta": Endpoint(self.meta),
        }
        self.missing = set()  # endpoints that this server does not have, against its version
        if profile.has_miauth:
            self.endpoints["miauth/gen-token"] = Endpoint(
                self.miauth_gen_token, (Param("permission", array=True),), needs_user=True, native_only=True
            )

    def host(self) -> str:
        return self.origin().split("//")[1]

    def call(self, name: str, body, authorization: str) -> Reply:
        """Checks and acts. Raises NeverAnswered where the real server does not reply at all."""
        endpoint = self.endpoints[name]
        headers = ()
        try:
            caller = self.authenticate(body, authorization)
            with self.state.lock:
                headers = self.profile.count_call(name, caller)
            self.check(endpoint, caller)
            info = self.profile.param_info(endpoint.params, body) if endpoint.params else None
            if info:
                raise Refusal(errors.INVALID_PARAM.with_info(info))
            with self.state.lock:
                result = endpoint.act(body, caller)
            reply = self.profile.no_content() if result is None else self.profile.json(result)
        except Refusal as refusal:
            reply = self.profile.error(refusal.error)
        except DatabaseError as error:
            reply = self.profile.error(self.profile.internal_error(error))
        reply.headers.extend(headers)
        return reply

    def authenticate(self, body, authorization: str) -> Caller:
        """A bad `i` is refused by every endpoint, public ones included."""
        i = body.get("i") if isinstance(body, dict) else None
        if self.profile.takes_bearer and authorization.startswith("Bearer "):
            i = authorization[len("Bearer ") :]
        if i is None:
            return Caller()
        if not isinstance(i, str):
            if self.profile.never_answers_odd_i:
                raise NeverAnswered
            raise Refusal(errors.INTERNAL_ERROR)
        credential = self.state.credential(i)
        if credential is None:
            raise Refusal(errors.AUTHENTICATION_FAILED)
        return Caller(*credential)

    def check(self, endpoint: Endpoint, caller: Caller) -> None:
        """May this caller use this endpoint?"""
        if endpoint.native_only and (caller.user is None or caller.app is not None):
            raise Refusal(errors.ACCESS_DENIED)
        if endpoint.needs_user and caller.user is None:
            raise Refusal(errors.CREDENTIAL_REQUIRED)
        if endpoint.needs_user and caller.user.suspended:
            raise Refusal(self.profile.suspended())
        if endpoint.permission and caller.app and endpoint.permission not in caller.app.permission:
            raise Refusal(self.profile.permission_denied())

    # What each endpoint does; called with the state locked and the parameters checked.

    def app_create(self, body, caller):
        app = self.state.create_app(
            body["name"], body["description"], body["permission"], body.get("callbackUrl")
        )
        return {**self.packed_app(app), "secret": app.secret}

    def app_show(self, body, caller):
        app = self.state.apps.get(body["appId"])
        if app is None:
            raise Refusal(errors.SHOW_NO_SUCH_APP)
        return self.packed_app(app, caller.user)

    def session_generate(self, body, caller):
        app = self.state.app_by_secret(body["appSecret"])
        if app is None:
            raise Refusal(errors.GENERATE_NO_SUCH_APP)
        session = self.state.create_session(app)
        return {"token": session.token, "url": f"{self.origin()}/auth/{session.token}"}

    def session_show(self, body, caller):
        session = self.state.session(body["token"])
        if session is None:
            raise Refusal(errors.SHOW_NO_SUCH_SESSION)
        return {"id": session.id, "app": self.packed_app(session.app, caller.user), "token": session.token}

    def auth_accept(self, body, caller):
        session = self.state.session(body["token"])
        if session is None:
            raise Refusal(errors.ACCEPT_NO_SUCH_SESSION)
        self.state.accept(session, caller.user)

    def session_userkey(self, body, caller):
        app = self.state.app_by_secret(body["appSecret"])
        if app is None:
            raise Refusal(errors.USERKEY_NO_SUCH_APP)
        session: Optional[Session] = self.state.session(body["token"])
        if session is None or session.app is not app:
            raise Refusal(errors.USERKEY_NO_SUCH_SESSION)
        if session.user is None:
            raise Refusal(errors.PENDING_SESSION)
        access_token = self.state.access_token(app, session.user)
        if access_token is None:  # revoked between consent and now; the session is not used up
            raise DatabaseError('Could not find any entity of type "AccessToken"', "EntityNotFoundError")
        self.state.use_up(session)
        return {"accessToken": access_token.token, "user": self.packed_user("user_at_userkey", session.user)}

    def miauth_gen_token(self, body, caller):
        token = self.state.accept_miauth(body["session"], body.get("name"), body["permission"], caller.user)
        return {"token": token.token}

    def miauth_check(self, session: str) -> Reply:
        """An answer of the server's router: it looks at no `i` and no parameter."""
        token = self.state.take_miauth(session)
        if token is None:
            return self.profile.json({"ok": False})
        return self.profile.json({
            "ok": True,
            "token": token.token,
            "user": self.packed_user("user_at_userkey", token.user),
        })  # fmt: skip

    def i(self, body, caller):
        return self.packed_user("user_at_i", caller.user)

    def i_apps(self, body, caller):
        """What the settings' page lists, for the person to withdraw."""
        tokens = [each for each in self.state.access_tokens if each.user is caller.user]
        return [self.packed_authorized_app(token) for token in tokens]

    def notes_create(self, body, caller):
        user = caller.user
        values = {**self.user_values(user), "note_id": self.profile.new_id(), "createdAt": timestamp()}
        note = self.profile.shape("note", values)
        note["text"] = body["text"]
        note["user"] = self.packed_user("user_in_note", user)
        if self.profile.note_names_app and caller.app:
            note["app"] = self.packed_app(caller.app)
        self.state.notes.append(note)
        user.updated_at = timestamp()
        return {"createdNote": note}

    def meta(self, body, caller):
        return self.profile.shape("meta", {"origin": self.origin(), "host": self.host()})

    # How users and apps are shown.

    def packed_app(self, app: App, user: Optional[User] = None) -> dict:
        """An app; with a signed-in user also whether that user has authorized it."""
        packed = {
            "id": app.id,
            "name": app.name,
            "callbackUrl": app.callback_url,
            "permission": list(app.permission),
        }
        if user is not None:
            packed["isAuthorized"] = self.state.access_token(app, user) is not None
        return packed

    def packed_authorized_app(self, token: AccessToken) -> dict:
        name = {"name": token.app.name} if self.profile.names_authorized_apps else {}
        return {"id": token.id, **name, "createdAt": token.created_at, "permission": list(token.app.permission)}

    def packed_user(self, shape: str, user: User) -> dict:
        return self.profile.shape(shape, self.user_values(user))

    def user_values(self, user: User) -> dict:
        """What the shapes' {names} stand for."""
        return {
            "origin": self.origin(),
            "host": self.host(),
            "user_id": user.id,
            "username": user.username,
            "createdAt": user.created_at,
            "updatedAt": user.updated_at,
            "notesCount": sum(note["userId"] == user.id for note in self.state.notes),
        }
