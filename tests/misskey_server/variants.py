# SPDX-License-Identifier: MIT
"""Servers that differ from 11 or 2025 in a few things, and the list of all profiles.

Each names the profile that it is like. What differs in the bodies is in shapes/, and is laid over
that profile's; Iceshrimp has bodies of its own. `2026` and `iceshrimp` were recorded, as
tests/e2e/test_wire.py shows. `10` and `sharkey` are from what their source says.
"""

import itertools
import math
from dataclasses import replace

from . import errors, params
from .limits import Buckets, Window
from .profiles import API_CACHE, JSON_TYPE, TEXT_TYPE, VARY_ORIGIN, Profile11, Profile2025
from .replies import Reply, compact_json


class Profile10(Profile11):
    """Meisskey, which is Misskey 10 going on: permissions stay as they were spelt; its own limit."""

    name = "10"
    shape_files = ("11", "10")
    rewrites_permissions = False
    STATUSES = {**Profile11.STATUSES, "AUTHENTICATION_LIMIT_EXCEEDED": 423}

    def __init__(self):
        super().__init__()
        self.authenticated_calls = Window(3000, 300)
        self._objects = itertools.count(0x5C0000000000000000000001)

    def new_id(self):
        """MongoDB's: 24 hexadecimal digits."""
        return f"{next(self._objects):024x}"

    def count_call(self, endpoint, caller):
        if caller.user and self.authenticated_calls.is_full(caller.user.id):
            raise errors.Refusal(errors.AUTHENTICATION_LIMIT_EXCEEDED)
        return ()


class Profile2026(Profile2025):
    """Misskey 2026.3.2: after Cancel the page alone says that access was denied."""

    name = "2026"
    shape_files = ("2025", "2026")
    cancel_is_shown = True

    def malformed_json(self, problem):
        message = "Body is not valid JSON but content-type is set to 'application/json'"
        return self.framework_error(400, "Bad Request", message, "FST_ERR_CTP_INVALID_JSON_BODY")


class ProfileSharkey(Profile2025):
    """Sharkey: everything has a limit, and userkey waits until its session is gone."""

    name = "sharkey"
    shape_files = ("2025", "sharkey")
    awaits_session_deletion = True
    CALLS_A_SECOND = {
        "app/create": 3,
        "auth/session/generate": 2,
        "auth/session/show": 2,
        "auth/session/userkey": 2,
        "auth/accept": 2,
    }

    def __init__(self):
        super().__init__()
        self.buckets = Buckets()

    def count_call(self, endpoint, caller):
        """Limits by user, or by address: here there is one."""
        who = caller.user.id if caller.user else "127.0.0.1"
        limit = self.buckets.take((endpoint, who), self.CALLS_A_SECOND.get(endpoint, 10))
        if limit.blocked:
            raise errors.Refusal(self.limit_error(limit.reset_seconds, limit.full_reset_seconds))
        return (
            ("X-RateLimit-Clear", str(math.ceil(limit.full_reset_seconds))),
            ("X-RateLimit-Remaining", str(limit.remaining)),
        )

    @staticmethod
    def limit_error(reset_seconds, full_reset_seconds):
        """resetMs is what is left here, and not a moment as upstream."""
        info = {
            "blocked": True,
            "remaining": 0,
            "resetSec": math.ceil(reset_seconds),
            "resetMs": math.ceil(reset_seconds * 1000),
            "fullResetSec": math.ceil(full_reset_seconds),
            "fullResetMs": math.ceil(full_reset_seconds * 1000),
        }
        return errors.RATE_LIMIT_EXCEEDED.with_info(info)

    def rate_limited(self, retry_after):
        if retry_after is None:
            return super().rate_limited(None)
        return self.error(self.limit_error(retry_after, retry_after))

    def status_of(self, error):
        status, headers = super().status_of(error)
        if error.code == "RATE_LIMIT_EXCEEDED" and error.info:
            headers = (
                ("X-RateLimit-Clear", str(error.info["fullResetSec"])),
                ("X-RateLimit-Remaining", "0"),
                ("Retry-After", str(error.info["resetSec"])),
                ("X-RateLimit-Reset", str(error.info["resetMs"])),
            )
        return status, headers


class ProfileIceshrimp(Profile11):
    """Iceshrimp (JS), as Calckey and Firefish: Misskey 12's Koa and ajv, and what they added for OAuth."""

    name = "iceshrimp"
    shape_files = ("iceshrimp",)
    api_headers = (VARY_ORIGIN, API_CACHE)  # to a request with an Origin also Access-Control's
    body_parser_headers = (TEXT_TYPE,)
    nodeinfo_headers = (VARY_ORIGIN, JSON_TYPE, ("Cache-Control", "public, max-age=600"))
    signin_errors = Profile2025.signin_errors
    has_miauth = True
    takes_access_token_as_i = True
    takes_bearer = True
    note_names_app = False
    callback_query = "?token={token}&code={token}&state="
    names_authorized_apps = False
    id_suffix_digits = 8
    STATUSES = {**Profile11.STATUSES, "YOUR_ACCOUNT_SUSPENDED": 403}

    param_info = staticmethod(params.ajv_info)

    def status_of(self, error):
        status, headers = super().status_of(error)
        if error.code == "AUTHENTICATION_FAILED":
            headers = (("WWW-Authenticate", "Bearer"),)
        return status, headers

    def error(self, error):
        """A failed authentication has no {"error": …} around it."""
        reply = super().error(error)
        if error.code == "AUTHENTICATION_FAILED":
            message = "Authentication failed: unknown token"
            body = {"message": message, "code": error.code, "id": error.id, "kind": error.kind}
            reply.body = compact_json(body)
        return reply

    def suspended(self):
        return replace(errors.SUSPENDED, kind="client")

    def not_post(self, method, path):
        return Reply(405, [*self.api_headers, TEXT_TYPE], b"Method Not Allowed")


PROFILES = {
    profile.name: profile
    for profile in (Profile10, Profile11, Profile2025, Profile2026, ProfileSharkey, ProfileIceshrimp)
}
