# SPDX-License-Identifier: MIT
"""What tests of the service under a real user manager share: the daemon as a unit, with a port and a log of its own."""

import json
import shutil
import subprocess

from harness import free_port, open_start
from misskey_server import Delay

UNIT = "misskey-authd.service"
AGENT = "misskey-authd-agent.service"
SOCKETS = ("misskey-authd-callback.socket", "misskey-authd-control.socket")


class Service:
    """misskey-authd as a service of the manager's user."""

    def __init__(self, manager, daemon=""):
        self.manager = manager
        self.port = free_port()
        self.log_file = manager.home / "service.log"
        shutil.rmtree(manager.home / ".local", ignore_errors=True)
        self.log_file.unlink(missing_ok=True)
        manager.write(f".config/systemd/user/{SOCKETS[0]}.d/port.conf",
                      f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{self.port}\n")
        for unit in (UNIT, AGENT):
            manager.write(f".config/systemd/user/{unit}.d/log.conf",
                          f"[Service]\nStandardError=append:{self.log_file}\n")
        self.configure(daemon)
        manager.systemctl("daemon-reload")

    def configure(self, daemon):
        self.manager.write(".config/misskey-authd/config.ini", f"[daemon]\nlog_level = debug\n{daemon}\n")

    def start(self):
        started = self.manager.systemctl("start", *SOCKETS, UNIT)
        assert started.returncode == 0, started.stderr
        return self

    def stop(self):
        self.manager.systemctl("stop", *SOCKETS, UNIT, AGENT)
        self.manager.systemctl("reset-failed")
        for name in (f"{SOCKETS[0]}.d/port.conf", f"{UNIT}.d/log.conf", f"{AGENT}.d/log.conf"):
            (self.manager.home / ".config/systemd/user" / name).unlink(missing_ok=True)
        self.manager.systemctl("daemon-reload")

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def authctl(self, *arguments):
        return self.manager.authctl(*arguments)

    def authorize(self, server, account="me", username="alice"):
        """A whole login."""
        page = self.authctl("login", server.origin, "--as", account, "--no-wait")
        assert page.returncode == 0, page.stderr
        self.consent(server, page.stdout.strip(), username)

    def consent(self, server, url, username="alice"):
        """Consents at a login's page, and brings the redirect by hand."""
        token = open_start(url)[1] if "/start/" in url else url.rsplit("/", 1)[1]
        server.accept(token, username)
        brought = self.authctl("callback", token)
        assert brought.returncode in (0, 7), brought.stderr

    def abandon_login(self, server, account="me"):
        """A login whose caller hangs up before there is a page: nobody is told to open it."""
        server.misbehave("auth/session/generate", Delay(1))
        # Only the user itself may talk to its daemon.
        script = ("import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
                  "s.sendall(sys.argv[2].encode()); sys.stdin.read()")
        body = json.dumps({"server": server.origin})
        request = (f"POST /v1/accounts/{account}/login HTTP/1.1\r\nHost: localhost\r\n"
                   f"Content-Length: {len(body)}\r\n\r\n{body}")
        command = ("/usr/bin/python3", "-IS", "-c", script, self.manager.runtime / "misskey-authd/control.sock", request)
        caller = subprocess.Popen(self.manager.as_user(*command), env=self.manager.env, cwd="/", stdin=subprocess.PIPE)
        server.wait_for_calls("auth/session/generate")
        caller.communicate()
        assert caller.returncode == 0
