# SPDX-License-Identifier: MIT
"""A Misskey server that offers HTTP/2, and attacks whoever takes it. HTTP/1.1 it serves well."""

import h2.config
import h2.connection
import h2.errors
import h2.events

from misskey_server import MisskeyServer
from misskey_server.connection import Connection


class HostileH2(MisskeyServer):
    """The attack is "refused-streams", "empty-data" or "pings"; `asked` has the path of each HTTP/2 request."""

    def __init__(self, attack, **options):
        super().__init__(**options)
        self.attack = attack
        self.asked = []
        self.negotiated = []  # of each connection

    def start(self):
        super().start()
        self._listener.tls_context.set_alpn_protocols(["h2", "http/1.1"])
        self._listener.RequestHandlerClass = _Connection


class _Connection(Connection):
    def handle(self):
        self.request.do_handshake()
        misskey = self.server.misskey
        misskey.negotiated.append(self.request.selected_alpn_protocol())
        if misskey.negotiated[-1] == "h2":
            self.attack(misskey)
        else:
            super().handle()

    def attack(self, misskey):
        """Answers each request with what never ends."""
        http2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        http2.initiate_connection()
        self.request.sendall(http2.data_to_send())
        while received := self.request.recv(65536):
            for event in http2.receive_data(received):
                if isinstance(event, h2.events.RequestReceived):
                    misskey.asked.append(dict(event.headers).get(b":path", b"").decode())
                    self.answer(misskey.attack, http2, event.stream_id)
            self.request.sendall(http2.data_to_send())

    def answer(self, attack, http2, stream):
        if attack == "refused-streams":
            http2.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM)
            return
        http2.send_headers(stream, [(":status", "200"), ("content-type", "application/json")])
        while True:
            if attack == "pings":
                http2.ping(b"12345678")
            else:
                http2.send_data(stream, b"")
            self.request.sendall(http2.data_to_send())
