# SPDX-License-Identifier: MIT
"""The hooks of examples/hooks keep a second store current: the real pass with gpg, and the real etcd."""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from harness import ROOT, authorize, free_port, wait_for

HOOKS = ROOT / "examples/hooks"


def needs(*programs):
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


class Store:
    """A second store: the hook that fills it, the environment that it needs, and what is in it."""

    def __init__(self, hook, environment, show):
        self.hook = HOOKS / hook
        self.environment = environment
        self.show = show

    def run(self, command, environment, text=""):
        return subprocess.run(command, env={**environment, **self.environment}, input=text, text=True,
                              capture_output=True, timeout=60)

    def get(self, daemon, account):
        """The account's JSON, or None."""
        shown = self.run(self.show(account), daemon.env)
        return json.loads(shown.stdout) if shown.returncode == 0 and shown.stdout else None

    def tell(self, daemon, account, state):
        """Runs the hook as the daemon does."""
        text = json.dumps({"event": "credential_changed", "account": account, "state": state})
        facts = {"MISSKEY_EVENT": "credential_changed", "MISSKEY_ACCOUNT": account, "MISSKEY_STATE": state}
        done = self.run([str(self.hook)], {**daemon.env, **facts}, text + "\n")
        assert done.returncode == 0, done.stderr


@pytest.fixture
def pass_store(tmp_path):
    """pass with a key of its own."""
    needs("pass", "gpg", "gpgconf")
    # gpg-agent's socket is in it: the path must be short. An agent that was told to end removes it a little later.
    with tempfile.TemporaryDirectory(prefix="gpg", ignore_cleanup_errors=True) as home:
        environment = {"GNUPGHOME": home, "PASSWORD_STORE_DIR": str(tmp_path / "password store")}
        store = Store("pass.sh", environment, lambda account: ["pass", "show", f"misskey/{account}"])
        path = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
        try:
            for command in (
                ["gpg", "--batch", "--passphrase", "", "--quick-gen-key", "hooks@localhost", "future-default", "default"],
                ["pass", "init", "hooks@localhost"],
            ):
                done = store.run(command, path)
                assert done.returncode == 0, done.stderr
            yield store
        finally:
            store.run(["gpgconf", "--kill", "all"], path)


@pytest.fixture
def etcd_store(tmp_path):
    """One etcd on loopback."""
    needs("etcd", "etcdctl")
    client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    environment = {"ETCDCTL_API": "3", "ETCDCTL_ENDPOINTS": client, "no_proxy": "*"}
    store = Store("etcd.sh", environment,
                  lambda account: ["etcdctl", "get", "--print-value-only", f"/misskey/{account}"])
    with (tmp_path / "etcd.log").open("wb") as log:
        process = subprocess.Popen(
            ["etcd", "--data-dir", str(tmp_path / "etcd"), "--listen-client-urls", client,
             "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
             "--initial-cluster", f"default={peer}"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )
    try:
        path = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        wait_for(lambda: store.run(["etcdctl", "endpoint", "health"], path).returncode == 0, what="etcd")
        yield store
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(params=["pass_store", "etcd_store"])
def store(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def hooked(make_daemon, server, store):
    daemon = make_daemon(servers=[server])
    daemon.env.update(store.environment)
    daemon.configure(daemon=f"on_credential_changed = {store.hook}")
    return daemon.start()


def expected(daemon, account):
    return {"event": "credential_changed", "account": account, **daemon.credentials()[account]}


def same(told, entry):
    """Whether both are of one login; whether it is verified is a matter of time."""
    return told and {**told, "state": 0, "verified_at": 0} == {**entry, "state": 0, "verified_at": 0}


def test_a_second_store_is_kept_current(server, hooked, store):
    authorize(hooked, server, "me")
    wait_for(lambda: same(store.get(hooked, "me"), expected(hooked, "me")), what="the credential in the store")
    first = hooked.credentials()["me"]["i"]
    authorize(hooked, server, "a.b@c:2", "bob")
    wait_for(lambda: same(store.get(hooked, "a.b@c:2"), expected(hooked, "a.b@c:2")))
    authorize(hooked, server, "me", permission="read:account,read:drive")
    assert hooked.credentials()["me"]["i"] != first
    wait_for(lambda: same(store.get(hooked, "me"), expected(hooked, "me")), what="the new credential in the store")
    assert "failed with exit status" not in hooked.log()


def test_what_is_not_good_is_removed(server, hooked, store):
    authorize(hooked, server, "me")
    wait_for(lambda: store.get(hooked, "me"))
    assert hooked.stop() == 0
    for state in ("revoked", "suspended", "absent"):
        store.tell(hooked, "me", state)
        assert store.get(hooked, "me") is None
        # Once more, and for one that never was there.
        store.tell(hooked, "me", state)
        store.tell(hooked, "nobody", state)
        for good in ("unverified", "verified"):
            store.tell(hooked, "me", good)
            assert store.get(hooked, "me")["state"] == good


DOCUMENT = (ROOT / "docs/integrations.md").read_text(encoding="utf-8")


def example(heading):
    """The indented block that ends the section."""
    section = DOCUMENT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.sub(r"^    ", "", re.findall(r"(?:^    .*\n)+", section, re.M)[-1], flags=re.M).replace(
        "/usr/share/doc/misskey-authd/examples/hooks", str(HOOKS))


def test_a_new_store_is_brought_up_to_date(make_daemon, server_2025, pass_store):
    """As docs/integrations.md says."""
    daemon = make_daemon(servers=[server_2025])
    daemon.env.update(pass_store.environment)
    daemon.configure(daemon=f"on_credential_changed = {pass_store.hook}")
    daemon.start()
    for account in ("me", "second"):
        authorize(daemon, server_2025, account)
        wait_for(lambda name=account: same(pass_store.get(daemon, name), expected(daemon, name)), what="the credential")
    wait_for((daemon.state / "agent.json").exists, what="agent.json")
    assert pass_store.run(["pass", "rm", "-r", "-f", "misskey"], daemon.env).returncode == 0
    forget, restart = example("The first time").splitlines()
    assert restart == "systemctl --user try-restart misskey-authd-agent"
    # Without systemd the agent starts with its daemon.
    assert daemon.stop() == 0
    done = pass_store.run(["sh", "-euc", forget], daemon.env)
    assert done.returncode == 0, done.stderr
    daemon.start()
    for account in ("me", "second"):
        wait_for(lambda name=account: same(pass_store.get(daemon, name), expected(daemon, name)), what="the credential again")


def test_one_hook_can_fill_several_stores(make_daemon, server_2025, pass_store, etcd_store, tmp_path):
    both = tmp_path / "both"
    both.write_text(example("Several stores"))
    both.chmod(0o700)
    daemon = make_daemon(servers=[server_2025])
    daemon.env.update(pass_store.environment)
    daemon.env.update(etcd_store.environment)
    daemon.configure(daemon=f"on_credential_changed = {both}")
    daemon.start()
    authorize(daemon, server_2025, "me")
    for store in (pass_store, etcd_store):
        wait_for(lambda: same(store.get(daemon, "me"), expected(daemon, "me")))


def test_the_commands_of_the_documentation_are_good(daemon, tmp_path):
    for line in re.findall(r"^    (on_\w+ = .*)$", DOCUMENT, re.M):
        file = tmp_path / "config.ini"
        file.write_text(f"[daemon]\n{line}\n")
        file.chmod(0o600)
        checked = daemon.run("misskey-authd", "--check-config", "-c", str(file))
        assert checked.returncode == 0, checked.stderr
    for path in re.findall(r"/usr/share/doc/misskey-authd/(examples/\S+\.sh)", DOCUMENT):
        assert Path(ROOT / path).stat().st_mode & 0o111
