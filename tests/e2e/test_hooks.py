# SPDX-License-Identifier: MIT
"""Hooks: what they are told, how they are run, and that nothing waits for them."""

import json
import os
import re
import signal
import socket
import time

import pytest

import misskey_server as misskey
from harness import accept, authorize, consent, secrets_of, wait_for
from hook_recorder import Recorder, facts
from unattended import abandon_login

USERKEY = "auth/session/userkey"


@pytest.fixture
def hooks(tmp_path):
    """A recorder for each kind of hook."""
    directory = tmp_path / "hooks"
    directory.mkdir()
    return {kind: Recorder(directory / kind) for kind in ("consent_needed", "credential_changed", "error")}


@pytest.fixture
def hooked(make_daemon, hooks, request):
    """A running daemon with a recorder for every hook."""
    servers = [request.getfixturevalue(name) for name in ("server", "server_2025") if name in request.fixturenames]
    daemon = make_daemon(servers=servers)
    daemon.configure(daemon="\n".join(f"on_{kind} = {hook.command()}" for kind, hook in hooks.items()))
    return daemon.start()


def started(make_daemon, server, daemon):
    """A running daemon with this text in [daemon]."""
    one = make_daemon(servers=[server])
    one.configure(daemon=daemon)
    return one.start()


# What they are told


def test_a_credential_is_told_as_it_is_stored(server, hooked, hooks):
    hook = hooks["credential_changed"]
    authorize(hooked, server, "me")
    entry = hooked.credentials()["me"]
    record = hook.wait(1)[-1]
    told = json.loads(record["stdin"])
    assert list(told) == ["event", "account", *entry]
    assert record["stdin"] == json.dumps(told, separators=(",", ":"), ensure_ascii=False) + "\n"
    # Whether it was told before or after the server was asked is a matter of time.
    assert {**told, "state": None, "verified_at": None} == {
        "event": "credential_changed", "account": "me", **entry, "state": None, "verified_at": None
    }
    assert facts(record) == {
        "MISSKEY_EVENT": "credential_changed", "MISSKEY_ACCOUNT": "me", "MISSKEY_SERVER": server.origin,
        "MISSKEY_USER": "alice", "MISSKEY_STATE": told["state"],
    }
    assert told["state"] in ("verified", "unverified")


def test_consent_is_needed_and_nobody_was_told_to_open_the_page(server, hooked, hooks):
    login = abandon_login(hooked, server, "me", user="alice")
    (record,) = hooks["consent_needed"].wait(1)
    assert json.loads(record["stdin"]) == {
        "event": "consent_needed", "account": "me", "server": server.origin, "url": login["start_url"],
        "browser": True, "expires_at": login["expires_at"], "expected_user": "alice",
    }
    assert login["start_url"].startswith(f"http://127.0.0.1:{hooked.port}/start/")
    assert record["stdin"].endswith("}\n") and record["stdin"].count("\n") == 1
    assert facts(record) == {
        "MISSKEY_EVENT": "consent_needed", "MISSKEY_ACCOUNT": "me", "MISSKEY_SERVER": server.origin,
        "MISSKEY_USER": "alice",
    }
    assert "/start/" not in str(record["environ"]) + str(record["argv"])
    # The link works.
    consent(hooked, server, {"start_url": json.loads(record["stdin"])["url"]})
    assert hooked.outcome("me")["outcome"] == "AUTHORIZED"


def test_whoever_consented_on_the_server_before_is_not_expected_on_the_next(server_2025, make_daemon, hooks):
    """An account that the config moved: all that tells who must consent says what the login decides."""
    hook = f"on_consent_needed = {hooks['consent_needed'].command()}"
    with misskey.MisskeyServer(profile="2025") as other:
        daemon = make_daemon(servers=[server_2025, other])
        daemon.configure(f"[account me]\nserver = {server_2025.origin}", hook)
        daemon.start()
        login = daemon.login("me")
        hooks["consent_needed"].wait_done(1)
        consent(daemon, server_2025, login, "alice")
        assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
        assert daemon.account("me")["expected_user"] == "alice"
        daemon.configure(f"[account me]\nserver = {other.origin}", hook)
        assert daemon.authctl("reload").returncode == 0
        assert daemon.account("me")["expected_user"] is None
        login = abandon_login(daemon, other, "me")
        assert login["expected_user"] is None
        record = hooks["consent_needed"].wait(2)[1]
        assert json.loads(record["stdin"])["expected_user"] is None and "MISSKEY_USER" not in facts(record)
        consent(daemon, other, login, "bob")
        assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
        assert daemon.account("me")["expected_user"] == daemon.credentials()["me"]["user"]["username"] == "bob"


def test_a_page_that_somebody_opens_is_not_offered_again(server_2025, hooked, hooks):
    assert hooked.login("me", server=server_2025.origin)["open"] is True
    hooks["consent_needed"].wait(1)
    (told,) = hooks["consent_needed"].told()
    assert told["url"] is None and told["browser"] is True and told["expected_user"] is None


def test_without_a_browser_the_consent_url_is_told(server_2025, hooked, hooks):
    login = hooked.login("me", server=server_2025.origin, browser=False)
    hooks["consent_needed"].wait(1)
    (told,) = hooks["consent_needed"].told()
    assert (told["url"], told["browser"]) == (login["consent_url"], False)
    assert hooks["consent_needed"].begun()[0]["environ"].get("MISSKEY_USER") is None


def test_consent_is_told_once_a_session(server_2025, make_daemon, hooks):
    """Not with every poll, and not again after a restart; but a session made anew is another."""
    hook = hooks["consent_needed"]
    daemon = started(make_daemon, server_2025, f"poll_interval = 1s\non_consent_needed = {hook.command()}")
    daemon.login("me", server=server_2025.origin, browser=False)
    server_2025.wait_for_calls(USERKEY, 1)
    assert len(hook.wait(1)) == 1
    daemon.restart()
    server_2025.wait_for_calls(USERKEY, 2)
    wait_for(lambda: daemon.account("me")["login"]["state"] == "consent")
    assert len(hook.begun()) == 1
    server_2025.forget_sessions()
    hook.wait(2)
    wait_for(lambda: daemon.account("me")["login"]["state"] == "consent")
    urls = [told["url"] for told in hook.told()]
    assert len(urls) == len(set(urls)) == 2


def test_a_failed_login_is_told(server, hooked, hooks):
    hook = hooks["error"]
    authorize(hooked, server, "me", "alice")
    end = authorize(hooked, server, "me", "bob")
    assert end["outcome"] == "WRONG_USER"
    hook.wait(1)
    (record,) = hook.begun()
    assert json.loads(record["stdin"]) == {
        "event": "error", "account": "me", "server": server.origin, "code": "WRONG_USER", "message": end["message"],
    }
    assert facts(record) == {
        "MISSKEY_EVENT": "error", "MISSKEY_ACCOUNT": "me", "MISSKEY_SERVER": server.origin,
        "MISSKEY_USER": "alice", "MISSKEY_CODE": "WRONG_USER",
    }
    # The same failure once more is another one.
    authorize(hooked, server, "me", "bob")
    hook.wait(2)
    assert [told["code"] for told in hook.told()] == ["WRONG_USER"] * 2


def test_trouble_that_needs_a_person_is_told_when_it_begins(server_2025, hooked, hooks):
    """A directory in credentials.json's place: tried again and again, told once."""
    server_2025.misbehave(USERKEY, misskey.Delay(3))
    browser, token = accept(hooked, server_2025, hooked.login("me", server=server_2025.origin))
    browser.get(hooked.callback_url(token), follow=False)
    server_2025.wait_for_calls(USERKEY)
    obstacle = hooked.state / "credentials.json"
    obstacle.mkdir()
    hooks["error"].wait(1)
    time.sleep(3.5)  # two more tries, after one second and after two
    (told,) = hooks["error"].told()
    assert told["code"] == "NOT_STORED" and str(obstacle) in told["message"]
    assert not hooks["credential_changed"].begun()
    obstacle.rmdir()
    assert hooked.outcome("me")["outcome"] == "AUTHORIZED"
    hooks["credential_changed"].wait(1)
    assert len(hooks["error"].begun()) == 1


def test_what_is_wrong_at_the_start_is_told(make_daemon, hooks):
    daemon = make_daemon()
    daemon.configure(daemon=f"on_error = {hooks['error'].command()}")
    daemon.state.mkdir(parents=True, mode=0o700)
    (daemon.state / "registry.json").write_text("{")
    (daemon.state / "registry.json").chmod(0o600)
    with socket.socket() as other:
        other.bind(("127.0.0.1", daemon.port))
        other.listen()
        daemon.start()
        hooks["error"].wait(2)
    told = hooks["error"].told()
    problems = daemon.control("GET", "/v1/status")[1]["problems"]
    assert {one["code"] for one in problems} == {"PORT_TAKEN", "REGISTRY_SET_ASIDE"}
    assert told == [{"event": "error", "account": None, "server": None, **one} for one in problems]
    record = hooks["error"].begun()[0]
    assert facts(record) == {"MISSKEY_EVENT": "error", "MISSKEY_CODE": problems[0]["code"]}


# How they are run


def test_it_has_nothing_but_what_it_needs(server_2025, make_daemon, hooks, tmp_path):
    """Descriptors, environment, session; while it runs, no secret is in its arguments or environment."""
    hook = hooks["credential_changed"]
    hook.hold()
    daemon = make_daemon(servers=[server_2025])
    daemon.env.update(NOTIFY_SOCKET="/nowhere", WATCHDOG_USEC="1000000000", MISSKEY_USER="mallory", KEPT="yes")
    # The daemon raises its own limit.
    daemon.wrapper = ["prlimit", "--nofile=1000:"]
    daemon.configure(daemon=f"on_credential_changed = {hook.command()}")
    daemon.start()
    authorize(daemon, server_2025)
    (record,) = hook.wait(1)
    entry = daemon.credentials()["me"]
    for file in ("cmdline", "environ"):
        with open(f"/proc/{record['pid']}/{file}", "rb") as content:
            text = content.read().decode()
        assert text and not any(secret in text for secret in secrets_of(daemon, [server_2025]))
    assert entry["i"] in record["stdin"]
    assert set(record["descriptors"]) - {"3"} == {"0", "1", "2"}
    assert record["descriptors"]["0"].startswith("/memfd:") and record["descriptors"]["1"] == "/dev/null"
    assert record["descriptors"]["2"] == str(daemon.log_file)
    assert record["session"] == record["group"] == record["pid"]
    assert (record["cwd"], record["umask"]) == ("/", 0o077)
    assert record["files"][0] == 1000
    environment = record["environ"]
    assert environment["KEPT"] == "yes" and environment["HOME"] == str(daemon.home)
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC"} & set(environment)
    assert environment["MISSKEY_USER"] == "alice"
    hook.release()


def test_there_is_no_shell(server_2025, make_daemon, hooks, tmp_path):
    hook = hooks["credential_changed"]
    trap = tmp_path / "trap"
    words = [f"$(touch {trap})", f"; touch {trap}", "a  b", "", "$HOME ~ *", "'x'", f"| tee {trap}", "%h \\n"]
    # In the config a ; after a blank begins a comment: it stands at a word's beginning here.
    line = hook.command(*(f'"{word}"' for word in words), "$HOME", "~", "*", "&&", ">" + str(trap))
    daemon = started(make_daemon, server_2025, f"on_credential_changed = {line}")
    authorize(daemon, server_2025)
    record = hook.wait(1)[0]
    assert record["argv"][2:] == [*words, "$HOME", "~", "*", "&&", f">{trap}"]
    assert not trap.exists()


def test_what_it_prints_is_not_in_the_log_but_its_errors_are(server_2025, make_daemon):
    daemon = started(make_daemon, server_2025, "on_credential_changed = /bin/cat - /nowhere/at/all")
    authorize(daemon, server_2025)
    wait_for(lambda: "failed with exit status 1" in daemon.log())
    assert "/nowhere/at/all: No such file" in daemon.log()
    assert daemon.credentials()["me"]["i"] not in daemon.log()


@pytest.mark.parametrize("kind, said", [
    ("missing", "No such file or directory"), ("plain", "Permission denied"), ("directory", "Permission denied"),
    ("text", "Exec format error"),
])
def test_what_cannot_be_started_is_said(server_2025, make_daemon, tmp_path, kind, said):
    program = tmp_path / kind
    if kind == "directory":
        program.mkdir()
    elif kind != "missing":
        program.write_text("exit 0\n")
        program.chmod(0o755 if kind == "text" else 0o644)
    daemon = started(make_daemon, server_2025, f"on_credential_changed = {program}")
    assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"
    line = f"hook on_credential_changed (account me): {program} cannot be started: {said}"
    wait_for(lambda: line in daemon.log())


@pytest.mark.parametrize("script, said", [
    ("exit 7", r"failed with exit status 7 after \d+\.\d s"),
    ("kill -SEGV $$", r"was ended by signal 11 \(Segmentation fault\) after \d+\.\d s"),
])
def test_a_run_that_fails_is_said_once(server_2025, make_daemon, tmp_path, script, said):
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    daemon = started(make_daemon, server_2025, f"on_error = {program}")
    authorize(daemon, server_2025, user="alice", username="bob")
    wait_for(lambda: re.search(rf"hook on_error \(account me\): {said}\n", daemon.log()))
    assert len(re.findall("hook on_error .*account me.*: (?!started)", daemon.log())) == 1


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_run_has_a_time_limit(server_2025, make_daemon, tmp_path):
    """A hook that ignores SIGTERM is killed with its children; the next run follows."""
    program = tmp_path / "program"
    pids = tmp_path / "pids"
    program.write_text(f"""#!/bin/sh
trap '' TERM
sleep 1000 &
echo $$ $! >{pids}.$$
mv {pids}.$$ {pids}-$MISSKEY_ACCOUNT
wait
""")
    program.chmod(0o755)
    daemon = started(make_daemon, server_2025, f"on_consent_needed = {program}\nhook_time = 1s")
    daemon.login("me", server=server_2025.origin)
    wait_for((tmp_path / "pids-me").exists)
    processes = (tmp_path / "pids-me").read_text().split()
    daemon.login("second", server=server_2025.origin)
    assert all(is_alive(pid) for pid in processes)
    wait_for(lambda: "was ended after" in daemon.log())
    assert re.search(r"hook on_consent_needed \(account me\): was ended after ([5-9]|\d\d)\.\d s, because it took longer "
                     "than hook_time allows\n", daemon.log())
    wait_for(lambda: not any(is_alive(pid) for pid in processes))
    wait_for((tmp_path / "pids-second").exists)
    os.killpg(int((tmp_path / "pids-second").read_text().split()[0]), signal.SIGKILL)


# In which order, and that nobody waits


def test_a_slow_hook_holds_nothing_up(server, hooked, hooks):
    """Logins and other hooks go on. A hook has one run at a time, and what happens meanwhile is not lost."""
    slow = hooks["credential_changed"]
    slow.hold()
    authorize(hooked, server, "first")
    slow.wait(1)
    for name in ("second", "third"):
        login = hooked.login(name, server=server.origin)
        _, (status, _, _, text) = consent(hooked, server, login)
        assert status == 200 and "You are logged in" in text
        assert hooked.outcome(name)["outcome"] == "AUTHORIZED"
    authorize(hooked, server, "third", "bob")
    hooks["error"].wait(1)
    hooked.login("last", server=server.origin)
    wait_for(lambda: "last" in {told["account"] for told in hooks["consent_needed"].told()})
    assert len(slow.begun()) == 1 and not list(slow.directory.glob("*.done"))
    slow.release()
    wait_for(lambda: {"second", "third"} <= {told["account"] for told in slow.told()})
    accounts = [told["account"] for told in slow.told()]
    assert accounts.index("second") < accounts.index("third")


def test_what_changes_while_it_waits_is_told_once_and_newest(server_2025, hooked, hooks):
    slow = hooks["credential_changed"]
    slow.hold()
    authorize(hooked, server_2025, "other")
    slow.wait(1)
    for permission in ("read:account", "read:drive", "write:notes"):
        authorize(hooked, server_2025, "me", permission=permission)
    slow.release()
    wait_for(lambda: [told["account"] for told in slow.told()][-1] == "me")
    wait_for(lambda: len(list(slow.directory.glob("*.begun"))) == 0)
    told = [one for one in slow.told() if one["account"] == "me"]
    assert len(told) == 1 and told[0]["permission"] == ["write:notes"]
    assert told[0]["i"] == hooked.credentials()["me"]["i"]


def test_a_change_during_a_run_is_told_by_another(server_2025, hooked, hooks):
    slow = hooks["credential_changed"]
    slow.hold()
    authorize(hooked, server_2025, "me")
    slow.wait(1)
    authorize(hooked, server_2025, "me", permission="read:drive")
    assert len(slow.begun()) == 1
    slow.release()
    slow.wait(2)
    assert slow.told()[-1]["permission"] == ["read:drive"]


def test_errors_come_in_order_and_their_queue_is_bounded(server_2025, hooked, hooks):
    slow = hooks["error"]
    slow.hold()
    wait_for(lambda: hooked.control("GET", "/v1/status")[1]["agent"], what="the agent, which sees their order")
    refusal = json.dumps({"error": {"code": "ACCESS_DENIED", "message": "No.", "id": "1"}})
    server_2025.misbehave("app/create", misskey.RawJson(refusal, 403), times=70)
    for n in range(70):
        assert hooked.login(f"a{n}", server=server_2025.origin)["outcome"] == "REFUSED"
    wait_for(lambda: hooked.log().count("not run for REFUSED, too many errors wait for it") == 5)
    slow.release()
    wait_for(lambda: len(slow.begun()) == 65)
    assert [told["account"] for told in slow.told()] == [f"a{n}" for n in range(65)]
    assert "hook on_error (account a69): not run for REFUSED" in hooked.log()


# The end


def test_a_stop_waits_for_short_runs_only(server_2025, hooked, hooks):
    slow = hooks["credential_changed"]
    slow.hold()
    authorize(hooked, server_2025, "me")
    (record,) = slow.wait(1)
    authorize(hooked, server_2025, "second")
    assert hooked.stop() == 0
    log = hooked.log()
    assert "hook on_credential_changed (account me): not waited for, because the daemon stops" in log
    # It is detached: it comes to its own end.
    assert is_alive(record["pid"])
    slow.release()
    wait_for(lambda: not is_alive(record["pid"]))
    assert len(slow.wait_done(1)) == 1
    # The next start tells what waited, and repeats the run whose end was not seen.
    hooked.start()
    slow.wait_done(3)
    assert sorted(told["account"] for told in slow.told()) == ["me", "me", "second"]


def test_a_config_with_hooks_that_others_may_write_is_refused(make_daemon, hooks):
    daemon = make_daemon()
    daemon.configure(daemon=f"on_error = {hooks['error'].command()}")
    daemon.config_file.chmod(0o666)
    refused = daemon.run("misskey-authd")
    assert refused.returncode == 8 and "chmod go-w" in refused.stderr
