# SPDX-License-Identifier: MIT
"""The HTTP side: one thread a connection, requests in, replies out."""

import http.server
import socket
import socketserver
import sys

from .exchange import ConnectionCut, Exchange
from .routes import Request

MAX_BODY_BYTES = 1024 * 1024  # both versions: "1mb"
TLS_HANDSHAKE_SECONDS = 10


class Listener(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Accepts; every connection gets a daemon thread, TLS handshakes included."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 512

    def __init__(self, address, server, tls_context=None):
        self.misskey = server
        self.tls_context = tls_context
        super().__init__(address, Connection)

    def server_bind(self):
        """Without HTTPServer's look-up of the host's name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request, client_address):
        """Clients that break off are expected here; anything else is a defect and is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Connection(http.server.BaseHTTPRequestHandler):
    """Keep-alive HTTP/1.1 on one socket."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        if self.server.tls_context:
            self.request.settimeout(TLS_HANDSHAKE_SECONDS)
            self.request = self.server.tls_context.wrap_socket(
                self.request, server_side=True, do_handshake_on_connect=False
            )
        self.server.misskey.connection_opened(self.request)
        super().setup()

    def handle(self):
        if self.server.tls_context:
            self.request.do_handshake()
            self.request.settimeout(None)
        super().handle()

    def finish(self):
        super().finish()
        self.server.misskey.connection_closed(self.request)
        if self.server.tls_context:
            self.request.close()

    def log_message(self, format, *arguments):
        """Says nothing: what was asked is in MisskeyServer.requests."""

    def handle_request(self):
        """One request of any method."""
        misskey = self.server.misskey
        self.close_connection = True  # unless all goes well
        request = self.read_request()
        if request is None:
            return
        call = misskey.record(request)
        exchange = Exchange(self.connection, misskey.profile, call, misskey.stopping)
        try:
            reply = misskey.reply_to(request, exchange)
            if self.command == "HEAD":
                reply.withheld_bytes, reply.body = len(reply.body or b""), b""
                reply.close = True
            exchange.deliver(reply)
            wants_close = self.headers.get("Connection", "").lower() == "close"
            self.close_connection = wants_close or self.request_version == "HTTP/1.0"
        except ConnectionCut:
            pass
        except OSError:
            call.abandoned = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_request

    def read_request(self):
        """The request with its body; None if the client left before its end."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers)
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return self.read_chunks(request)
        length_text = headers.get("content-length", "0")
        length = int(length_text) if length_text.isdecimal() else 0
        if length > MAX_BODY_BYTES:
            request.too_large = True
            return request
        request.body = self.rfile.read(length)
        return request if len(request.body) == length else None

    def read_chunks(self, request):
        """A chunked body, up to the limit."""
        while True:
            line = self.rfile.readline(64).split(b";")[0].strip()
            try:
                size = int(line, 16)
            except ValueError:
                return None
            if len(request.body) + size > MAX_BODY_BYTES:
                request.too_large = True
                return request
            request.body += self.rfile.read(size)
            while self.rfile.readline(1024) not in (b"\r\n", b"\n", b""):
                pass  # the chunk's end, and after the last one trailers
            if size == 0:
                return request


def end_connection(connection: socket.socket) -> None:
    """Ends a connection under its thread's feet: a reader sees the end of the stream."""
    try:
        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # of TLS too, without its farewell
    except OSError:
        pass  # it was closed already
