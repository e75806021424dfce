# SPDX-License-Identifier: MIT
"""misskey-authd-agent: it loses nothing, whichever program is killed, and checks what the daemon says."""

import http.server
import json
import os
import signal
import socketserver
import subprocess
import threading
import time

import pytest

from agents import agent_of, is_alive
from harness import BIN, authorize, consent, wait_for
from hook_recorder import Recorder, facts

DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@pytest.fixture
def hook(tmp_path):
    return Recorder(tmp_path / "hook")


@pytest.fixture
def hooked(make_daemon, hook, server_2025):
    daemon = make_daemon(servers=[server_2025])
    daemon.configure(daemon=f"on_credential_changed = {hook.command()}")
    return daemon.start()


def newest_told(hook, account):
    """What the last run of the hook was told of it."""
    told = [one for one in hook.told() if one["account"] == account]
    return told[-1] if told else {"i": None, "state": "absent"}


def is_told(hook, daemon, account):
    told, entry = newest_told(hook, account), daemon.credentials().get(account, {"i": None, "state": "absent"})
    return (told["i"], told["state"]) == (entry["i"], entry["state"])


# Whoever is killed


@pytest.mark.parametrize("victims", ["daemon", "agent", "both"])
def test_no_change_of_a_credential_is_lost(server_2025, hooked, hook, victims):
    """Killed at some moment of a login, a run of the hook or the writing of what was told."""
    for n in range(10):
        login = hooked.login("me", server=server_2025.origin, permission="read:account" if n % 2 else "read:drive")
        agent = wait_for(lambda: agent_of(hooked))
        killer = threading.Timer(0.04 * n, lambda: victims != "daemon" and os.kill(agent, signal.SIGKILL))
        killer.start()
        try:
            consent(hooked, server_2025, login)
        except OSError:
            pass
        killer.join()
        if victims == "agent":
            assert hooked.stop() == 0
        else:
            hooked.kill()
        wait_for(lambda: not is_alive(agent), what="the end of the agent")
        hooked.start()
        wait_for(lambda: is_told(hook, hooked, "me"), what=f"what is new, after kill {n}")
    hooked.control("DELETE", "/v1/accounts/me")
    hooked.kill()
    hooked.start()
    wait_for(lambda: newest_told(hook, "me")["state"] == "absent")


def kill_the_agent_in_a_run(hooked, hook, server):
    hook.hold()
    authorize(hooked, server, "me")
    hook.wait(1)
    os.kill(agent_of(hooked), signal.SIGKILL)


def test_that_an_account_is_gone_is_told_after_a_run_whose_end_nobody_saw(server_2025, hooked, hook):
    kill_the_agent_in_a_run(hooked, hook, server_2025)
    assert hooked.control("DELETE", "/v1/accounts/me")[0] == 200
    hook.release()
    hooked.restart()
    wait_for(lambda: newest_told(hook, "me")["state"] == "absent")


def test_a_run_whose_end_nobody_saw_is_repeated(server_2025, hooked, hook):
    kill_the_agent_in_a_run(hooked, hook, server_2025)
    hook.release()
    wait_for(lambda: list(hook.directory.glob("*.done")))
    hooked.restart()
    hook.wait(2)
    first, second = hook.told()
    assert first["i"] == second["i"]
    # One that was seen is not.
    wait_for(lambda: (hooked.state / "agent.json").exists())
    hooked.restart()
    authorize(hooked, server_2025, "second")
    hook.wait(3)
    assert [told["account"] for told in hook.told()][:3] == ["me", "me", "second"]


def test_it_ends_with_its_daemon(hooked):
    for end in (hooked.stop, hooked.kill):
        agent = wait_for(lambda: agent_of(hooked))
        end()
        wait_for(lambda: not is_alive(agent), what="the end of the agent")
        hooked.start()


def test_the_daemon_goes_on_without_it(server_2025, hooked, hook):
    os.kill(wait_for(lambda: agent_of(hooked)), signal.SIGKILL)
    assert authorize(hooked, server_2025, "me")["outcome"] == "AUTHORIZED"
    wait_for(lambda: hooked.control("GET", "/v1/status")[1]["agent"] is False)
    assert not hook.begun()


# When there is one


def test_there_is_none_if_none_is_wanted(server_2025, make_daemon, hook):
    daemon = make_daemon(servers=[server_2025])
    daemon.configure(daemon=f"on_credential_changed = {hook.command()}")
    daemon.start("--no-agent")
    assert agent_of(daemon) is None
    authorize(daemon, server_2025, "me")
    assert daemon.control("GET", "/v1/status")[1]["agent"] is False
    assert not (daemon.state / "agent.json").exists()
    # The next one tells what was not told.
    daemon.restart()
    wait_for(lambda: is_told(hook, daemon, "me"))
    wait_for(lambda: daemon.control("GET", "/v1/status")[1]["agent"] is True)


def test_there_is_one_for_a_state_directory(hooked):
    wait_for(lambda: hooked.control("GET", "/v1/status")[1]["agent"] is True)
    second = hooked.run("misskey-authd-agent")
    assert second.returncode == 1
    assert f"another misskey-authd-agent is at work for {hooked.state}" in second.stderr


def test_without_a_daemon_it_ends(make_daemon, hook):
    daemon = make_daemon()
    daemon.configure(daemon=f"on_credential_changed = {hook.command()}")
    alone = daemon.run("misskey-authd-agent")
    assert alone.returncode == 3 and "cannot be reached" in alone.stderr


def test_with_nothing_to_do_it_ends_at_once(make_daemon):
    daemon = make_daemon()
    daemon.configure(daemon="notifications = no")
    alone = daemon.run("misskey-authd-agent")
    assert (alone.returncode, alone.stdout, alone.stderr) == (0, "", "")
    assert not daemon.state.exists()


def test_a_reload_reaches_it(server_2025, make_daemon, hook, tmp_path):
    other = Recorder(tmp_path / "other")
    daemon = make_daemon(servers=[server_2025])
    daemon.configure(daemon="notifications = no")
    daemon.start()
    authorize(daemon, server_2025, "me")
    daemon.configure(daemon=f"on_credential_changed = {hook.command()}")
    assert daemon.authctl("reload").returncode == 0
    # A new hook is told of what there is.
    wait_for(lambda: is_told(hook, daemon, "me"))
    daemon.configure(daemon=f"on_credential_changed = {other.command()}")
    assert daemon.authctl("reload").returncode == 0
    authorize(daemon, server_2025, "second")
    other.wait(1)
    assert [told["account"] for told in other.told()] == ["second"]
    # A bad one changes nothing.
    daemon.configure(daemon="on_credential_changed = relative")
    assert daemon.authctl("reload").returncode != 0
    authorize(daemon, server_2025, "third")
    other.wait(2)
    assert len(hook.begun()) == 1


# A daemon that lies


class Liar(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers as a daemon that somebody has taken over."""

    daemon_threads = True

    def __init__(self, path, accounts, credentials):
        self.accounts, self.credentials = accounts, credentials
        self.asked = []
        self.end = threading.Event()
        path.parent.mkdir(mode=0o700, exist_ok=True)
        super().__init__(str(path), Lies)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Lies(http.server.BaseHTTPRequestHandler):
    def address_string(self):
        return "liar"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append(self.path)
        events = self.path.startswith("/v1/events")
        answer = {"event": "snapshot", "status": {"accounts": self.server.accounts, "problems": [],
                                                  "callback_url": "http://127.0.0.1:41987/callback"}}
        if not events:
            answer = self.server.credentials
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode() + b"\n")
        self.wfile.flush()
        if events:
            self.server.end.wait(30)


def lying_account(**lies):
    return {"account": "me", "server": "https://misskey.example", "state": "verified", "credential": DIGEST,
            "user": {"id": "1", "username": "alice"}, "login": None, **lies}


@pytest.fixture
def believe(make_daemon, hook):
    """Has an agent listen to lies for a while: the log."""
    daemon = make_daemon()
    daemon.configure(daemon=f"on_credential_changed = {hook.command()}\non_error = {hook.command('error')}\n"
                            "notifications = no")

    def believe(accounts, credential, until):
        liar = Liar(daemon.socket, accounts, credential)
        with daemon.log_file.open("ab") as log:
            agent = subprocess.Popen([str(BIN / "misskey-authd-agent"), "--log-level", "debug"], env=daemon.env,
                                     stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_for(lambda: until(daemon.log()), what="what a lie leads to")
            time.sleep(0.3)
        finally:
            agent.terminate()
            assert agent.wait(10) == 0
            liar.end.set()
            liar.shutdown()
            liar.server_close()
        return daemon.log()

    return believe


def test_a_daemon_that_lies_has_the_hooks_run_with_other_facts(believe, hook):
    """The configured ones, with what it says: this is what can be had of the agent."""
    lie = {"account": "me", "server": "https://evil.example", "state": "verified", "i": "a lie"}
    believe([lying_account()], lie, lambda _: hook.begun())
    (record,) = hook.begun()
    assert json.loads(record["stdin"]) == {"event": "credential_changed", **lie}
    assert facts(record) == {"MISSKEY_EVENT": "credential_changed", "MISSKEY_ACCOUNT": "me", "MISSKEY_STATE": "verified",
                             "MISSKEY_SERVER": "https://evil.example"}


@pytest.mark.parametrize("lies", [
    {"account": "../../.bashrc"}, {"account": "me; reboot"}, {"server": "https://x\nLD_PRELOAD=/tmp/x.so"},
    {"state": "verified\nPATH=/tmp"}, {"credential": "$(reboot)"}, {"account": 7},
])
def test_what_is_no_account_s_is_passed_over(believe, hook, lies):
    log = believe([lying_account(**lies)], {}, lambda log: "is passed over" in log)
    assert not hook.begun() and "reboot" not in log


@pytest.mark.parametrize("lies", [
    {"account": "other"}, {"server": "https://x\nLD_PRELOAD=/tmp/x.so"}, {"state": "verified\nPATH=/tmp"}, {"event": "error"},
])
def test_what_is_no_credential_is_given_to_no_hook(believe, hook, lies):
    credential = {"account": "me", "server": "https://misskey.example", "state": "verified", "i": "x", **lies}
    believe([lying_account()], credential, lambda log: "no hook is run" in log)
    assert not hook.begun()


def test_a_name_that_is_not_harmless_is_in_no_environment(believe, hook):
    lie = {"account": "me", "server": "https://misskey.example", "state": "verified", "i": "x",
           "user": {"id": "1", "username": "$(reboot)\nPATH=/tmp"}}
    believe([lying_account()], lie, lambda _: hook.begun())
    assert "MISSKEY_USER" not in facts(hook.begun()[0]) and "reboot" not in str(hook.begun()[0]["environ"])
