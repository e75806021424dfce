# SPDX-License-Identifier: MIT
"""docs/faq.md: answers that no other test shows to be true."""

import shutil

from harness import authorize


def test_a_backup_of_credentials_alone_is_enough(server, daemon):
    """Whatever its mode; what was revoked meanwhile is found out by verifying."""
    for account, user in (("bot", "bob"), ("me", "alice")):
        authorize(daemon, server, account, user)
    before = daemon.credentials()
    assert daemon.stop() == 0
    backup = (daemon.state / "credentials.json").read_bytes()
    shutil.rmtree(daemon.state)
    server.revoke("bob")

    daemon.state.mkdir()
    file = daemon.state / "credentials.json"
    file.write_bytes(backup)
    file.chmod(0o644)
    daemon.start()
    assert daemon.credentials() == before
    assert file.stat().st_mode & 0o777 == 0o600
    for account in before:
        assert daemon.token(account).stdout == before[account]["i"] + "\n"
    assert daemon.authctl("verify").returncode == 4
    assert [daemon.account(account)["state"] for account in ("bot", "me")] == ["revoked", "verified"]

    # The app's secret is gone: the next login is another app's, and the old one stays on the server.
    authorize(daemon, server, "me")
    assert daemon.credentials()["me"]["app"]["id"] != before["me"]["app"]["id"]
    assert before["me"]["app"]["id"] in server.apps


def test_a_second_login_gives_the_same_credential_again(server, daemon):
    authorize(daemon, server)
    first = daemon.credentials()["me"]
    authorize(daemon, server)
    second = daemon.credentials()["me"]
    assert (second["i"], second["app"]) == (first["i"], first["app"])
    assert second["session_sha256"] != first["session_sha256"]
