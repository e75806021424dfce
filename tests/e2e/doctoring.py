# SPDX-License-Identifier: MIT
"""What the tests of misskey-authctl doctor share."""

import json
import os

UNITS = {
    "service": "misskey-authd.service", "callback": "misskey-authd-callback.socket",
    "control": "misskey-authd-control.socket", "login": "misskey-authd-login.service",
    "timer": "misskey-authd-verify.timer",
}
# All that is asked about, in order.
ALL = [*(UNITS[name] for name in ("callback", "control", "service")), "misskey-authd-agent.service", UNITS["login"],
       UNITS["timer"], "misskey-authd-verify.service"]
LISTENS = {"callback": "127.0.0.1:41987 (Stream)", "control": "/run/user/1000/misskey-authd/control.sock (Stream)"}


def units(**states):
    """What systemctl shows: all is well, but for some units, "LoadState ActiveState UnitFileState" each."""
    blocks = []
    for name, unit in UNITS.items():
        load, active, file = states.get(name, "loaded active enabled").split(" ")
        block = f"Id={unit}\nLoadState={load}\nActiveState={active}\nUnitFileState={file}"
        blocks.append(f"Listen={LISTENS[name]}\n{block}" if name in LISTENS and load == "loaded" else block)
    return "\n\n".join(blocks)


STOPPED = {name: "loaded inactive disabled" for name in UNITS}
MANAGER = units()
START = "misskey-authctl enable"
RESTART = "systemctl --user restart misskey-authd"
GROUPS = ["sockets", "daemon", "units", "config", "confined", "port", "files", "servers", "clock", "accounts", "browser"]


def fake_systemctl(directory, script):
    """A systemctl that answers what no machine for tests has: PATH with it."""
    bin_directory = directory / "bin"
    bin_directory.mkdir(exist_ok=True)
    program = bin_directory / "systemctl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"{bin_directory}:{os.environ['PATH']}"


def says(text):
    arguments = " ".join(["--user show --property=Id,LoadState,ActiveState,UnitFileState,ConditionResult,Listen", *ALL])
    return f'[ "$*" = "{arguments}" ] || exit 9\ncat <<END\n{text}\nEND'


class Findings(list):
    """What doctor found, and its exit status."""

    def __init__(self, done):
        super().__init__(json.loads(done.stdout)["findings"])
        self.status = done.returncode
        for finding in self:
            assert list(finding) == ["check", "status", "message", "remedy"]
            assert finding["status"] in ("ok", "note", "warning", "error")
            assert finding["status"] != "ok" or finding["remedy"] is None
        errors = sum(finding["status"] == "error" for finding in self)
        assert done.returncode in ((1, 8) if errors else (0,)), done.stderr
        last = done.stderr.splitlines()[-1]
        assert last == "Nothing is wrong." if not self.bad() else last.startswith(f"{errors} error"), done.stderr

    def of(self, check):
        return [finding for finding in self if finding["check"] == check]

    def bad(self):
        return [finding for finding in self if finding["status"] in ("warning", "error")]

    def expect(self, check, status, message, remedy=None):
        """There is a finding with these texts in it, and a remedy only if there should be one."""
        for finding in self.of(check):
            if finding["status"] == status and str(message) in finding["message"]:
                if remedy is None:
                    assert finding["remedy"] is None, finding
                else:
                    assert str(remedy) in (finding["remedy"] or ""), finding
                return finding
        raise AssertionError(f"no {status} of {check} with {message!r} in {self}")


def doctor(daemon, *options, **env):
    """Runs it on a desktop with systemd, unless told otherwise."""
    if "PATH" not in env:
        env["PATH"] = fake_systemctl(daemon.directory, says(MANAGER))
    return Findings(daemon.authctl(*options, "doctor", "--json", **{"DISPLAY": ":1", "BROWSER": "/bin/true", **env}))


def snapshot(daemon):
    """Every file's name, mode, owner, time and content."""
    return {
        str(file): (file.lstat().st_mode, file.lstat().st_uid, file.lstat().st_mtime_ns,
                    file.read_bytes() if file.is_file() else b"")
        for top in (daemon.home, daemon.runtime) for file in [top, *sorted(top.rglob("*"))]
    }
