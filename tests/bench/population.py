# SPDX-License-Identifier: MIT
"""State directories with any number of accounts or pending logins."""

import json
import uuid


def name_of(number):
    return f"account{number:05}"


def write(file, content):
    file.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    file.write_text(json.dumps(content, indent=2), encoding="utf-8")
    file.chmod(0o600)


def fill(daemon, template, count):
    """A credentials.json of `count` accounts like `template`; the daemon makes the other files at its start."""
    accounts = {name_of(number): template for number in range(count)}
    write(daemon.state / "credentials.json", {"version": 1, "accounts": accounts})


def fill_pending(daemon, registry, count):
    """A registry.json of `count` logins that wait for consent, like the only one in `registry`."""
    (app,), (session,) = registry["apps"], registry["sessions"]

    def pending(number):
        token = str(uuid.UUID(int=number, version=4))
        identity = {name: f"{digit}{number:031x}" for digit, name in enumerate(("start", "cookie", "result"))}
        return {**session, **identity, "account": name_of(number), "app_id": f"{app['id']}{number}", "token": token,
                "consent_url": f"{session['server']}/auth/{token}"}
    write(daemon.state / "registry.json", {
        **registry, "apps": [{**app, "account": name_of(number), "id": f"{app['id']}{number}"} for number in range(count)],
        "sessions": [pending(number) for number in range(count)],
    })
