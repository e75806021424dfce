# SPDX-License-Identifier: MIT
"""The reference: oidc-agent, as Debian has it, with an account of a provider on loopback."""

import contextlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

ACCOUNT = "bench"
TOKEN = "a" * 64  # as long as an `i`


class Provider(http.server.BaseHTTPRequestHandler):
    """An OpenID provider as far as a refresh token needs one."""

    def do_GET(self):
        base = f"http://localhost:{self.server.server_address[1]}"
        self.reply({
            "issuer": f"{base}/", "login_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/token",
            "scopes_supported": ["openid"], "grant_types_supported": ["refresh_token", "authorization_code"],
            "response_types_supported": ["code"],
        })

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.reply({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 360_000, "refresh_token": "r",
                    "scope": "openid"})

    def reply(self, content):
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Agent:
    """In a home of its own; started and stopped as often as one likes."""

    def __init__(self, home):
        self.env = {"HOME": str(home), "TMPDIR": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8",
                    "OIDC_ENCRYPTION_PW": "password"}
        self.pid = None

    def run(self, *command):
        return subprocess.run(list(command), env=self.env, text=True, capture_output=True, timeout=60, check=True,
                              stdin=subprocess.DEVNULL).stdout

    def start(self):
        """Returns when it can be asked: its parent ends then."""
        told = json.loads(self.run("oidc-agent", "--json"))
        self.pid = int(told["dpid"])
        self.env["OIDC_SOCK"] = told["socket"]
        self.env["OIDCD_PID"] = str(self.pid)

    def stop(self):
        if self.pid is not None:
            self.run("oidc-agent", "--kill")
        self.pid = None

    def pids(self):
        """Its processes: the one that talks, and the one that keeps the secrets."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii").split()
        return [self.pid, *map(int, children)]

    def add_account(self, issuer):
        self.run("oidc-gen", ACCOUNT, f"--issuer={issuer}", "--client-id=client", "--client-secret=secret",
                 "--rt=r", "--scope=openid", "--pw-env", "--confirm-default", "--no-url-call",
                 "--redirect-uri=http://localhost:4242", "--prompt=none")
        assert self.run("oidc-token", ACCOUNT).strip() == TOKEN


def why_not():
    if not shutil.which("oidc-agent"):
        return "there is no oidc-agent (package oidc-agent-cli)"
    try:
        socket.getaddrinfo("localhost", None)
    except OSError:
        return "localhost has no address here (/etc/hosts)"
    return None


@contextlib.contextmanager
def agent():
    """One that knows an account and has its token in memory."""
    provider = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=provider.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as home:
        one = Agent(home)
        one.start()
        try:
            one.add_account(f"http://localhost:{provider.server_address[1]}/")
            yield one
        finally:
            one.stop()
            provider.shutdown()
