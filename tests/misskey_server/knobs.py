# SPDX-License-Identifier: MIT
"""Ways in which a server, or the proxy and the network before it, can misbehave.

A knob is called twice for a request: before the endpoint acts, where a reply replaces the
endpoint (nothing happens on the server), and after it, where the real reply can be changed or
lost although the server did act. Where both make sense, `when` chooses.
"""

import json
from typing import Callable, Optional, Union

from .replies import Reply, compact_json


class Knob:
    """Does nothing: the endpoint answers."""

    def before(self, exchange) -> Optional[Reply]:
        """Called with the request read and nothing done; a Reply keeps the endpoint from acting."""
        return None

    def after(self, exchange, reply: Reply) -> Reply:
        """Called with the reply that would go out; returns the one that does."""
        return reply


class TimedKnob(Knob):
    """A knob that does its one thing `when`: "before" or "after" the endpoint acted."""

    def __init__(self, when: str):
        if when not in ("before", "after"):
            raise ValueError(f'when must be "before" or "after", not {when!r}')
        self.when = when

    def before(self, exchange):
        return self.act(exchange) if self.when == "before" else None

    def after(self, exchange, reply):
        replacement = self.act(exchange) if self.when == "after" else None
        return reply if replacement is None else replacement

    def act(self, exchange) -> Optional[Reply]:
        raise NotImplementedError


class Delay(TimedKnob):
    """The answer takes that long; the endpoint acts at the end (before) or at the start (after) of it."""

    def __init__(self, seconds: float, when: str = "before"):
        super().__init__(when)
        self.seconds = seconds

    def act(self, exchange):
        exchange.pause(self.seconds)


class NeverAnswer(TimedKnob):
    """Holds the connection open without a byte until the client gives up."""

    def __init__(self, when: str = "before"):
        super().__init__(when)

    def act(self, exchange):
        exchange.wait_until_client_leaves()


class Cut(TimedKnob):
    """Closes the connection without a reply; with reset=True by RST instead of FIN."""

    def __init__(self, when: str = "before", reset: bool = False):
        super().__init__(when)
        self.reset = reset

    def act(self, exchange):
        exchange.cut(self.reset)


class Status(TimedKnob):
    """That status and body, with no header of Misskey's."""

    def __init__(
        self,
        code: int,
        body: Union[str, bytes] = "",
        content_type: Optional[str] = "text/plain; charset=utf-8",
        headers: Optional[dict] = None,
        when: str = "before",
    ):
        super().__init__(when)
        self.code = code
        self.body = body.encode() if isinstance(body, str) else body
        self.headers = [("Content-Type", content_type)] if content_type else []
        self.headers += list((headers or {}).items())

    def act(self, exchange):
        body = None if self.code in (204, 304) else self.body
        return Reply(self.code, list(self.headers), body)


class Html(Status):
    """An error page as a proxy in front of a server sends it."""

    TITLES = {200: "OK", 403: "403 Forbidden", 502: "502 Bad Gateway", 503: "503 Service Temporarily Unavailable",
              504: "504 Gateway Time-out"}  # fmt: skip

    def __init__(self, status: int = 502, when: str = "before"):
        title = self.TITLES.get(status, str(status))
        page = (
            f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
            "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        )
        super().__init__(status, page, "text/html", {"Server": "nginx"}, when)


class RawJson(Status):
    """Any bytes, called application/json: duplicate keys, NULs, invalid UTF-8, trailing bytes, …"""

    def __init__(self, text_or_bytes: Union[str, bytes], status: int = 200, when: str = "before"):
        super().__init__(status, text_or_bytes, "application/json; charset=utf-8", None, when)


class Nested(RawJson):
    """Objects inside objects, so many deep, and valid."""

    def __init__(self, depth: int, when: str = "before"):
        super().__init__(b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1), 200, when)


class Oversized(TimedKnob):
    """Valid JSON of exactly that many bytes, with a Content-Length or, chunked, without."""

    def __init__(self, bytes: int, chunked: bool = False, when: str = "before"):
        super().__init__(when)
        self.bytes = bytes
        self.chunked = chunked

    def act(self, exchange):
        start, end = b'{"padding":"', b'"}'
        body = start + b"x" * (self.bytes - len(start) - len(end)) + end
        return Reply(200, [("Content-Type", "application/json; charset=utf-8")], body, chunked=self.chunked)


class RateLimited(TimedKnob):
    """429 RATE_LIMIT_EXCEEDED in the profile's form. With seconds: a Retry-After, and on 2025
    `info.resetMs`, as the real one has; without: neither, as 11 does it."""

    def __init__(self, retry_after: Optional[int] = None, when: str = "before"):
        super().__init__(when)
        self.retry_after = retry_after

    def act(self, exchange):
        return exchange.profile.rate_limited(self.retry_after)


class Redirect(TimedKnob):
    """To another place, which a client of an API must not follow."""

    def __init__(self, location: str, status: int = 302, when: str = "before"):
        super().__init__(when)
        self.location = location
        self.status = status

    def act(self, exchange):
        return Reply(self.status, [("Location", self.location), ("Content-Type", "text/html")], b"")


class Truncated(Knob):
    """The endpoint acts; half of its reply's body arrives, then the connection closes."""

    def after(self, exchange, reply):
        body = reply.body or b""
        reply.body = body[: len(body) // 2]
        reply.withheld_bytes = max(len(body) - len(reply.body), 1)
        return reply


class WrongContentType(Knob):
    """The endpoint's own reply, called something else."""

    def __init__(self, content_type: str = "text/html"):
        self.content_type = content_type

    def after(self, exchange, reply):
        reply.set_header("Content-Type", self.content_type)
        return reply


class Tarpit(Knob):
    """The endpoint's own reply, head included, byte by byte at that rate."""

    def __init__(self, bytes_per_second: float):
        self.bytes_per_second = bytes_per_second

    def after(self, exchange, reply):
        reply.bytes_per_second = self.bytes_per_second
        return reply


class Endless(TimedKnob):
    """Bytes as they are, no head before them: `start`, then `again` until the client leaves, so often a second
    (None: as fast as they are taken)."""

    def __init__(self, start: bytes, again: bytes, per_second: Optional[float] = None, when: str = "before"):
        super().__init__(when)
        self.start = start
        self.again = again
        self.per_second = per_second

    def act(self, exchange):
        exchange.stream(self.start, self.again, self.per_second)


class Rewrite(Knob):
    """The endpoint's own JSON reply, changed by a function: dict → dict. Only successes are rewritten."""

    def __init__(self, change: Callable[[dict], dict]):
        self.change = change

    def after(self, exchange, reply):
        if reply.body and reply.status < 400:
            reply.body = compact_json(self.change(json.loads(reply.body)))
        return reply
