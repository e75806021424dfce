# SPDX-License-Identifier: MIT
"""One request on its connection: waiting, cutting, and sending the reply's bytes."""

import os
import select
import socket
import struct
import time
from typing import Optional

from .replies import Reply


class ConnectionCut(Exception):
    """Ends a connection without another byte."""


class Exchange:
    """What knobs may do to the connection. `stopping` is a descriptor that hangs up when the server stops."""

    def __init__(self, connection: socket.socket, profile, call, stopping: int):
        self.connection = connection
        self.profile = profile
        self.call = call
        self._stopping = stopping

    def pause(self, seconds: float) -> None:
        """Waits that long, client or no client, as a slow server does. Cut short only by a stop."""
        self._wait(time.monotonic() + seconds, until_client_leaves=False)

    def wait_until_client_leaves(self) -> None:
        """Waits without an end in sight, then cuts."""
        self._wait(None, until_client_leaves=True)
        raise ConnectionCut

    def _wait(self, deadline, until_client_leaves: bool) -> None:
        poll = select.poll()
        poll.register(self._stopping, select.POLLIN | select.POLLHUP)
        if not self.call.abandoned:
            poll.register(self.connection, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        elif until_client_leaves:
            return
        while deadline is None or time.monotonic() < deadline:
            left_ms = None if deadline is None else (deadline - time.monotonic()) * 1000
            for descriptor, _ in poll.poll(left_ms):
                if descriptor == self._stopping:
                    raise ConnectionCut
                self.call.abandoned = True
                if until_client_leaves:
                    return
                poll.unregister(self.connection)

    def cut(self, reset: bool = False) -> None:
        """Closes without a reply; with `reset` by RST."""
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())  # at once: a shutdown before it would send FIN
        raise ConnectionCut

    def stream(self, start: bytes, again: bytes, per_second: Optional[float]) -> None:
        """Sends `start`, then `again` without end, until the client leaves or the server stops."""
        self.connection.sendall(start)
        while not self.call.abandoned:
            self.pause(1 / per_second if per_second else 0)
            self.connection.sendall(again)
        raise ConnectionCut

    def deliver(self, reply: Reply) -> None:
        """Sends the reply, at its own rate if it has one."""
        self.call.status = reply.status
        for piece in reply.encoded():
            if reply.bytes_per_second is None:
                self.connection.sendall(piece)
                continue
            for byte in piece:
                self.connection.sendall(bytes((byte,)))
                self.pause(1 / reply.bytes_per_second)
                if self.call.abandoned:
                    raise ConnectionCut
        if reply.must_close():
            raise ConnectionCut
