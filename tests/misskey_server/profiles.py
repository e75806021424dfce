# SPDX-License-Identifier: MIT
"""What differs between the versions: headers, statuses, framework errors, ids, credentials.

`Profile11` is Misskey 11.37.1 (Koa), `Profile2025` is 2025.3.1 (Fastify); the others are in
variants.py. The bodies' shapes are in shapes/, with {names} where a value depends on the server,
the user or the note.
"""

import itertools
import json
import pathlib
import re
import time
import uuid

from . import errors, params
from .errors import ApiError
from .replies import Reply, compact_json

SHAPES = pathlib.Path(__file__).resolve().parent / "shapes"
MILLENNIUM_MS = 946_684_800_000  # ids count from 2000-01-01
BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
JSON_TYPE = ("Content-Type", "application/json; charset=utf-8")
TEXT_TYPE = ("Content-Type", "text/plain; charset=utf-8")
API_CACHE = ("Cache-Control", "private, max-age=0, must-revalidate")
VARY_ORIGIN = ("Vary", "Origin")
ANY_ORIGIN = ("Access-Control-Allow-Origin", "*")


def base36(number: int, digits: int) -> str:
    """The number in base 36, its last so many digits."""
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, 36)
        text = BASE36[digit] + text
    return text


def filled(shape, values: dict):
    """A copy of a shape with its {names} replaced; a string that is one name takes the value's type."""
    if isinstance(shape, dict):
        return {key: filled(value, values) for key, value in shape.items()}
    if isinstance(shape, list):
        return [filled(value, values) for value in shape]
    if isinstance(shape, str):
        whole = re.fullmatch(r"\{(\w+)\}", shape)
        if whole:
            return values[whole[1]]
        return re.sub(r"\{(\w+)\}", lambda name: str(values[name[1]]), shape)
    return shape


def overlaid(shape, differences):
    """A shape with the members of a second one in it."""
    if not (isinstance(shape, dict) and isinstance(differences, dict)):
        return differences
    both = {key: overlaid(shape[key], differences[key]) for key in shape.keys() & differences.keys()}
    return {**shape, **differences, **both}


class Profile:
    """What all versions share."""

    name: str
    shape_files: tuple  # each laid over those before it
    api_headers: tuple
    nodeinfo_headers: tuple
    signin_endpoint: str
    signin_errors: dict  # reason → the value of "error"
    takes_access_token_as_i: bool
    takes_bearer: bool
    never_answers_odd_i: bool
    permission_for_i: "str | None"
    note_names_app: bool
    id_suffix_digits: int
    callback_query = "?token={token}"  # what the consent page appends to the callbackUrl
    cancel_is_shown = False  # by the consent page; else Cancel calls auth/deny, which there is not
    escapes_name_twice = False  # the app's, on the consent page
    names_authorized_apps = True  # in the list from which a person withdraws them
    rewrites_permissions = True  # from old spellings
    awaits_session_deletion = False  # in userkey: a second call cannot succeed
    has_miauth = True

    def __init__(self):
        self.shapes = {}
        for file in self.shape_files:
            text = (SHAPES / f"{file}.json").read_text(encoding="utf-8")
            self.shapes = overlaid(self.shapes, json.loads(text))
        self._ids = itertools.count(1)

    def count_call(self, endpoint: str, caller) -> tuple:
        """Counts a call, with the state locked: headers of its reply. A Refusal if there were too many."""
        return ()

    def shape(self, name: str, values: dict):
        """One of the recorded bodies, filled in."""
        return filled(self.shapes[name], values)

    def json(self, value, status: int = 200, extra_headers: tuple = ()) -> Reply:
        """An API reply with a JSON body."""
        return Reply(status, [*self.api_headers, *extra_headers, JSON_TYPE], compact_json(value))

    def no_content(self) -> Reply:
        """204: no body, no Content-Type, no Content-Length."""
        return Reply(204, list(self.api_headers), None)

    def error(self, error: ApiError) -> Reply:
        """An API error with this version's status and headers."""
        status, extra_headers = self.status_of(error)
        body = {"message": error.message, "code": error.code, "id": error.id, "kind": error.kind}
        if error.info:
            body["info"] = error.info
        return self.json({"error": body}, status, extra_headers)

    def status_of(self, error: ApiError) -> tuple:
        """The HTTP status of an error, and the headers that come with it."""
        raise NotImplementedError

    def new_id(self) -> str:
        """An id: time in milliseconds, then what makes it unique."""
        now_ms = int(time.time() * 1000) - MILLENNIUM_MS
        return base36(now_ms, 8) + self.id_node() + base36(next(self._ids), self.id_suffix_digits)

    def id_node(self) -> str:
        return ""


class Profile11(Profile):
    """Misskey 11.37.1: Koa, cafy, hash-only credentials."""

    name = "11"
    shape_files = ("11",)
    security_headers = (
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Content-Security-Policy", "default-src 'none'"),
    )
    api_headers = (*security_headers, VARY_ORIGIN, ANY_ORIGIN, API_CACHE)
    body_parser_headers = (ANY_ORIGIN, ("vary", "Origin"), TEXT_TYPE)
    nodeinfo_headers = (*security_headers, JSON_TYPE, ("Cache-Control", "public, max-age=600"))
    signin_endpoint = "signin"
    has_miauth = False  # it came with 12.27
    signin_errors = {"user": "user not found", "password": "incorrect password"}
    takes_access_token_as_i = False
    takes_bearer = False
    never_answers_odd_i = False
    permission_for_i = None
    note_names_app = True
    id_suffix_digits = 2  # "aid": 8 + 2

    param_info = staticmethod(params.cafy_info)
    STATUSES = {"AUTHENTICATION_FAILED": 403, "CREDENTIAL_REQUIRED": 401, "RATE_LIMIT_EXCEEDED": 429}

    def status_of(self, error):
        return self.STATUSES.get(error.code, 400 if error.kind == "client" else 500), ()

    def suspended(self) -> ApiError:
        return errors.ACCESS_DENIED.with_info({"reason": errors.SUSPENDED.message})

    def permission_denied(self) -> ApiError:
        return errors.PERMISSION_DENIED

    def internal_error(self, error: errors.DatabaseError) -> ApiError:
        """The body carries a stack trace: nothing that a client should log."""
        place = f"/misskey/node_modules/typeorm/error/{error.name}.js:11:28"
        stack = f"{error.name}: {error}\n    at new {error.name} ({place})"
        return errors.INTERNAL_ERROR.with_info({"e": {"message": str(error), "code": error.name, "stack": stack}})

    def rate_limited(self, retry_after):
        """The real one never says when; a Retry-After is a proxy's."""
        reply = self.error(errors.RATE_LIMIT_EXCEEDED)
        if retry_after is not None:
            reply.set_header("Retry-After", str(retry_after))
        return reply

    def body_parser_error(self, status: int, text: str) -> Reply:
        """Koa's body parser fails before the API's own headers are set."""
        return Reply(status, list(self.body_parser_headers), text.encode())

    def parse_body(self, raw: bytes, content_type: str):
        """JSON whatever the Content-Type says; an empty body is an empty object."""
        if not raw.strip():
            return {}, None
        try:
            value = json.loads(raw)
        except (ValueError, RecursionError):
            return None, self.body_parser_error(400, "Bad Request")
        if not isinstance(value, (dict, list)):  # the parser is "strict"
            return None, self.body_parser_error(400, "Bad Request")
        return value, None

    def too_large(self) -> Reply:
        return self.body_parser_error(413, "request entity too large")

    def unknown_endpoint(self, method: str, path: str) -> Reply:
        return Reply(404, [*self.api_headers, TEXT_TYPE], b"Not Found")

    def not_post(self, method: str, path: str) -> Reply:
        """Only POST is routed: anything else is not found."""
        return self.unknown_endpoint(method, path)


class Profile2025(Profile):
    """Misskey 2025.3.1: Fastify, ajv, RFC 6750 headers, credentials in three forms."""

    name = "2025"
    shape_files = ("2025",)
    api_headers = (ANY_ORIGIN, API_CACHE)
    nodeinfo_headers = (
        (
            "Content-Type",
            'application/json; profile="http://nodeinfo.diaspora.software/ns/schema/2.0#"; charset=utf-8',
        ),
        ("Cache-Control", "public, max-age=600"),
        ("Access-Control-Allow-Headers", "Accept"),
        ("Access-Control-Allow-Methods", "GET, OPTIONS"),
        ANY_ORIGIN,
        ("Access-Control-Expose-Headers", "Vary"),
    )
    signin_endpoint = "signin-flow"
    signin_errors = {
        "user": {"id": "6cc579cc-885d-43d8-95c2-b8c7fc963280"},
        "password": {"id": "932c904e-9460-45b7-9ce6-7ed33be7eb2c"},
    }
    takes_access_token_as_i = True
    takes_bearer = True
    never_answers_odd_i = True
    permission_for_i = "read:account"
    note_names_app = False
    escapes_name_twice = True
    id_suffix_digits = 4  # "aidx": 8 + 4 of the node + 4

    param_info = staticmethod(params.ajv_info)

    def __init__(self):
        super().__init__()
        self._node = base36(uuid.uuid4().int, 4)

    def id_node(self):
        return self._node

    def status_of(self, error):
        def bearer(problem: str) -> tuple:
            return (("WWW-Authenticate", f'Bearer realm="Misskey"{problem}'),)

        if error.code == "AUTHENTICATION_FAILED":
            return 401, bearer(f', error="invalid_token", error_description="{error.message}"')
        if error.code == "CREDENTIAL_REQUIRED":
            return 401, bearer("")
        if error.code == "RATE_LIMIT_EXCEEDED":
            return 429, ()
        if error.code == "PERMISSION_DENIED":
            return 403, bearer(f', error="insufficient_scope", error_description="{error.message}"')
        if error.kind == "permission":
            return 403, ()
        if error.kind == "client":
            return 400, bearer(f', error="invalid_request", error_description="{error.message}"')
        return 500, ()

    def suspended(self) -> ApiError:
        return errors.SUSPENDED

    def permission_denied(self) -> ApiError:
        error = errors.PERMISSION_DENIED
        return ApiError(error.message, error.code, error.id, "permission")

    def internal_error(self, error: errors.DatabaseError) -> ApiError:
        info = {"e": {"message": str(error), "code": error.name, "id": str(uuid.uuid4())}}
        return errors.INTERNAL_ERROR.with_info(info)

    def rate_limited(self, retry_after):
        """Retry-After in seconds, and `info` of the limiter with the same moment as resetMs."""
        error = errors.RATE_LIMIT_EXCEEDED
        if retry_after is None:
            return self.error(error)
        reset_ms = int((time.time() + retry_after) * 1000)
        info = {"remaining": 0, "reset": reset_ms // 1000, "resetMs": reset_ms, "total": 10}
        reply = self.error(error.with_info(info))
        reply.set_header("Retry-After", str(retry_after))
        return reply

    def framework_error(self, status: int, error: str, message: str, code: str = "") -> Reply:
        """Fastify's own: `error` is a string here."""
        body = {"statusCode": status, **({"code": code} if code else {}), "error": error, "message": message}
        return self.json(body, status)

    def parse_body(self, raw: bytes, content_type: str):
        """Only application/json is parsed; without any type and body there is nothing to parse."""
        media_type = content_type.split(";")[0].strip().lower()
        if not raw and not media_type:
            return {}, None
        if media_type != "application/json":
            message = f"Unsupported Media Type: {media_type}" if media_type else "Unsupported Media Type"
            return None, self.framework_error(
                415, "Unsupported Media Type", message, "FST_ERR_CTP_INVALID_MEDIA_TYPE"
            )
        if not raw:
            message = "Body cannot be empty when content-type is set to 'application/json'"
            return None, self.framework_error(400, "Bad Request", message, "FST_ERR_CTP_EMPTY_JSON_BODY")
        try:
            return json.loads(raw), None
        except (ValueError, RecursionError) as error:
            at_end = not isinstance(error, json.JSONDecodeError) or error.pos >= len(error.doc.rstrip())
            what = "Unexpected end of JSON input" if at_end else f"Unexpected token in JSON at position {error.pos}"
            return None, self.malformed_json(what)

    def malformed_json(self, problem: str) -> Reply:
        return self.framework_error(400, "Bad Request", problem)

    def too_large(self) -> Reply:
        return self.framework_error(
            413, "Payload Too Large", "Request body is too large", "FST_ERR_CTP_BODY_TOO_LARGE"
        )

    def unknown_endpoint(self, method: str, path: str) -> Reply:
        body = {"message": f"Route {method}:{path} not found", "error": "Not Found", "statusCode": 404}
        return Reply(404, [JSON_TYPE], compact_json(body))

    def not_post(self, method: str, path: str) -> Reply:
        return Reply(405, list(self.api_headers), b"")
