# SPDX-License-Identifier: MIT
"""From a request to a reply: the API, nodeinfo, and the pages a browser opens."""

import re
from dataclasses import dataclass, field
from typing import Optional
from urllib.parse import urlsplit

from .consent_page import accepted_page, consent_page, no_session_page
from .endpoints import Api
from .miauth import miauth_page, read_consent_url
from .replies import Reply, compact_json

API = "/api/"
CONSENT = "/auth/"
MIAUTH = "/miauth/"
MIAUTH_CHECK = re.compile(r"/api/miauth/([^/]+)/check")
NODEINFO = "/nodeinfo/2.0"


@dataclass
class Request:
    """One HTTP request, its body read unless it was too large."""

    method: str
    target: str
    headers: dict = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    too_large: bool = False

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def endpoint(self) -> str:
        """The name by which knobs and records know it: the API's endpoint, "auth" or "miauth" for a consent page,
        or the path without its slash."""
        if MIAUTH_CHECK.fullmatch(self.path):
            return "miauth/check"
        if self.path.startswith(MIAUTH):
            return "miauth"
        if self.path.startswith(API):
            return self.path[len(API) :]
        if self.path.startswith(CONSENT):
            return "auth"
        return self.path[1:]


def html(page: str, status: int = 200) -> Reply:
    """A page for a browser."""
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")]
    return Reply(status, headers, page.encode())


class Routes:
    """Answers any request. With `auto_accept`, opening a consent page consents as that user."""

    def __init__(self, api: Api, auto_accept: Optional[str] = None):
        self.api = api
        self.state = api.state
        self.profile = api.profile
        self.auto_accept = auto_accept

    def answer(self, request: Request) -> Reply:
        if request.path.startswith(API):
            return self.answer_api(request)
        if request.method not in ("GET", "HEAD"):
            return html("<!doctype html><title>Method Not Allowed</title>", 405)
        if request.path == NODEINFO:
            value = self.profile.shape("nodeinfo", {})
            return Reply(200, list(self.profile.nodeinfo_headers), compact_json(value))
        if request.path == "/.well-known/nodeinfo":
            rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"
            return self.profile.json({"links": [{"rel": rel, "href": self.api.origin() + NODEINFO}]})
        if request.path.startswith(CONSENT):
            return self.answer_consent(request.path[len(CONSENT) :])
        if request.path.startswith(MIAUTH) and self.profile.has_miauth:
            return self.answer_miauth(request)
        if request.path == "/":
            return html("<!doctype html><title>Misskey</title><h1>Misskey</h1>")
        return html("<!doctype html><title>Not Found</title>", 404)

    def answer_api(self, request: Request) -> Reply:
        name = request.endpoint
        known = name in self.api.endpoints or name == self.profile.signin_endpoint
        if self.profile.has_miauth and name == "miauth/check":
            known = True
        if not known or name in self.api.missing:
            return self.profile.unknown_endpoint(request.method, request.target)
        if request.method != "POST":
            return self.profile.not_post(request.method, request.target)
        if request.too_large:
            reply = self.profile.too_large()
            reply.close = True  # before the upload ends
            return reply
        if name == "miauth/check":
            return self.api.miauth_check(MIAUTH_CHECK.fullmatch(request.path)[1])
        body, refusal = self.profile.parse_body(request.body, request.headers.get("content-type", ""))
        if refusal:
            return refusal
        if name == self.profile.signin_endpoint:
            return self.answer_signin(body)
        return self.api.call(name, body, request.headers.get("authorization", ""))

    def answer_signin(self, body) -> Reply:
        """The browser's own sign-in; not an endpoint like the others, its errors look different."""
        fields = body if isinstance(body, dict) else {}
        with self.state.lock:
            user = self.state.users.get(str(fields.get("username")))
            if user is None:
                return self.profile.json({"error": self.profile.signin_errors["user"]}, 404)
            if user.password != fields.get("password"):
                return self.profile.json({"error": self.profile.signin_errors["password"]}, 403)
            finished = {"finished": True} if self.profile.signin_endpoint == "signin-flow" else {}
            return self.profile.json({**finished, "id": user.id, "i": user.native_token})

    def answer_consent(self, token: str) -> Reply:
        """The same page for every token, as the real one: its script asks for the session."""
        if self.auto_accept is None:
            return html(consent_page(token, self.profile))
        with self.state.lock:
            session = self.state.session(token)
            if session is None:
                return html(no_session_page(), 404)
            self.state.accept(session, self.state.users[self.auto_accept])
        callback = session.app.callback_url
        if not callback:
            return html(accepted_page())
        location = callback + self.profile.callback_query.format(token=token)
        return Reply(303, [("Location", location)], b"")

    def answer_miauth(self, request: Request) -> Reply:
        session, name, permission, callback = read_consent_url(request.target)
        if self.auto_accept is None:
            return html(miauth_page(session, self.profile.signin_endpoint))
        self.state.accept_miauth(session, name, permission, self.state.users[self.auto_accept])
        if not callback:
            return html(accepted_page())
        return Reply(303, [("Location", f"{callback}?session={session}")], b"")
