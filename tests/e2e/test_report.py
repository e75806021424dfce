# SPDX-License-Identifier: MIT
"""The issue templates ask for `misskey-authctl doctor --json`: no secret is in it, whatever is wrong."""

import shutil

from harness import ROOT, authorize, secrets_of

PASSWORD = "correct-horse-battery"
REPORT = "misskey-authctl doctor --json"


def report(daemon, **env):
    """What a person would paste: both streams, in a shell that knows secrets of its own."""
    done = daemon.authctl("doctor", "--json", BROWSER="/bin/true", DISPLAY=":1", MISSKEY_TOKEN=PASSWORD,
                          https_proxy=f"http://me:{PASSWORD}@proxy.test:3128", **env)
    assert '"findings"' in done.stdout
    return done.stdout + done.stderr


def test_the_templates_ask_for_it():
    asked = [path for path in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if REPORT in path.read_text(encoding="utf-8")]
    assert [path.name for path in asked] == ["bug.yml"]


def test_no_secret_is_in_it_while_all_is_well(server, daemon):
    authorize(daemon, server, "me")
    waiting = daemon.login("other", server=server.origin)
    said = report(daemon)
    secrets = secrets_of(daemon, [server])
    # The browser's part of a pending login would let somebody else finish it.
    secrets |= {waiting["start_url"].rsplit("/", 1)[1], PASSWORD, *server.sessions}
    assert len(secrets) > 4
    assert not [secret for secret in secrets if secret in said]


def test_no_secret_is_in_it_when_files_and_config_are_broken(server_2025, daemon, tmp_path):
    authorize(daemon, server_2025, "me")
    secrets = secrets_of(daemon, [server_2025]) | {PASSWORD}
    daemon.stop()
    state = shutil.copytree(daemon.state, tmp_path / "state/misskey-authd")
    (state / "accounts/me/token").write_text(PASSWORD)
    (state / "accounts/me/env").write_text(f"MISSKEY_TOKEN={PASSWORD}\nnonsense {PASSWORD}\n")
    (state / "credentials.json").chmod(0o644)
    (state / "registry.json").write_text((state / "registry.json").read_text().replace("{", "{,", 1))
    config = tmp_path / "config/misskey-authd/config.ini"
    config.parent.mkdir(parents=True)
    # A wrong value is quoted, because the person has to find it: the template says so.
    for line in (f"on_verified = notify --key {PASSWORD}", f"token = {PASSWORD}"):
        config.write_text(f"[daemon]\n{line}\n")
        said = report(daemon, XDG_STATE_HOME=tmp_path / "state", XDG_CONFIG_HOME=tmp_path / "config")
        assert str(config) in said and str(state) in said
        assert not [secret for secret in secrets if secret in said], line
