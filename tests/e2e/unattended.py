# SPDX-License-Identifier: MIT
"""A login that waits for approval while no command waits for it."""

import json

from harness import UnixConnection, wait_for
from misskey_server import Delay


def abandon_login(daemon, server, account, **body):
    """Asks for a login and hangs up before there is a page: nobody is told to open it."""
    calls = len(server.calls("auth/session/generate"))
    server.misbehave("auth/session/generate", Delay(1))
    connection = UnixConnection(daemon.socket, 10)
    connection.request("POST", f"/v1/accounts/{account}/login", body=json.dumps({"server": server.origin, **body}))
    server.wait_for_calls("auth/session/generate", calls + 1)
    connection.close()
    return wait_for(
        lambda: daemon.account(account)["login"]["state"] == "consent" and daemon.account(account)["login"]
    )
