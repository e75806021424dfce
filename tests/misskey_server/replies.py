# SPDX-License-Identifier: MIT
"""One HTTP reply, and how it becomes bytes. Nothing here knows Misskey."""

import http.client
import json
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Iterator, Optional

# Node.js still says what RFC 7231 said; Python's own table differs.
REASONS = {**http.client.responses, 413: "Payload Too Large"}

CHUNK_BYTES = 16 * 1024


def compact_json(value) -> bytes:
    """JSON as JSON.stringify writes it: no spaces, no escapes for what is not ASCII."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


@dataclass
class Reply:
    """What goes back to the client; the last five fields exist for knobs."""

    status: int
    headers: list = field(default_factory=list)
    body: Optional[bytes] = None  # None: no body, no Content-Length, no Content-Type (204)
    close: bool = False
    chunked: bool = False
    withheld_bytes: int = 0  # promised by Content-Length, never sent
    bytes_per_second: Optional[float] = None

    def header(self, name: str) -> Optional[str]:
        """The value of a header, whatever its case; None without it."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def set_header(self, name: str, value: str) -> None:
        """Replaces a header in its place, or appends it."""
        for index, (key, _) in enumerate(self.headers):
            if key.lower() == name.lower():
                self.headers[index] = (key, value)
                return
        self.headers.append((name, value))

    def encoded(self) -> Iterator[bytes]:
        """The reply's bytes, in pieces: head and a short body in one, a long body in more."""
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.chunked:
            lines.append("Transfer-Encoding: chunked")
        elif self.body is not None:
            lines.append(f"Content-Length: {len(self.body) + self.withheld_bytes}")
        if self.header("Date") is None:
            lines.append(f"Date: {formatdate(usegmt=True)}")
        lines.append("Connection: close" if self.must_close() else "Connection: keep-alive")
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        body = self.body or b""
        if self.chunked:
            yield head
            for start in range(0, len(body), CHUNK_BYTES):
                piece = body[start : start + CHUNK_BYTES]
                yield b"%x\r\n%s\r\n" % (len(piece), piece)
            yield b"0\r\n\r\n"
        else:
            yield head + body[:CHUNK_BYTES]
            if len(body) > CHUNK_BYTES:
                yield body[CHUNK_BYTES:]

    def must_close(self) -> bool:
        """Whether the connection ends with this reply."""
        return self.close or self.withheld_bytes > 0
