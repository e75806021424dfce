# SPDX-License-Identifier: MIT
"""The options of the service's sandbox, what proves each of them, and the way to run that under a real user manager.

A probe (sandbox_probes.py) tries one forbidden thing, in the unit's own sandbox or in that less some options.
"""

import os
import platform
import shutil
import stat
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest

from harness import BIN, ROOT
from sandbox_probes import ALLOWED, KEYCTL_NUMBER, REFUSED
from user_manager import CGROUPS, unit_text

SERVICE = "misskey-authd.service"
# What of [Service] is no sandbox.
ACTIVATION = {
    "Type", "ExecStart", "ExecReload", "Sockets", "Restart", "RestartSec", "WatchdogSec", "TimeoutStartSec", "TimeoutStopSec",
    "RuntimeDirectory", "RuntimeDirectoryMode", "RuntimeDirectoryPreserve",
}
# These make mounts or drop capabilities, which an ordinary user may in a name space of users alone.
OF_PRIVATE_USERS = (
    "ProtectSystem", "ProtectHome", "TemporaryFileSystem", "BindPaths", "BindReadOnlyPaths", "PrivateTmp",
    "PrivateDevices", "PrivateMounts", "ProtectClock", "ProtectKernelLogs",
    "ProtectKernelModules", "ProtectKernelTunables", "ProtectControlGroups", "CapabilityBoundingSet",
)
MOUNTS = tuple(option for option in OF_PRIVATE_USERS if option not in ("PrivateMounts", "CapabilityBoundingSet"))
FILTER = ("SystemCallFilter",)


def has_controller(name):
    """Whether user managers can be given it: in the old hierarchies, or in the one that is mounted alone."""
    enabled = CGROUPS / "cgroup.subtree_control"
    return (CGROUPS / name).is_dir() or (enabled.exists() and name in enabled.read_text().split())


class Proof(NamedTuple):
    """A probe, the member of the setting that it is tried on, and which other options refuse the same."""
    probe: str
    target: str = "nothing"
    also: tuple = ()
    opens: bool = False  # it is the other way round: the option is what lets the service do it

    def skip_where_it_cannot_be_told(self):
        if self.probe == "call_as_x32" and platform.machine() != "x86_64":
            pytest.skip("this architecture has no second ABI that a program could change to")
        if self.probe == "list_keys" and platform.machine() not in KEYCTL_NUMBER:
            pytest.skip("the number of keyctl() on this architecture is not known here")
        if self.probe == "take_memory" and not has_controller("memory"):
            pytest.skip("the user is not given the control group's memory controller here")
        if self.probe == "start_threads" and not has_controller("pids"):
            pytest.skip("the user is not given the control group's pids controller here")


PROOFS = {
    "PrivateUsers": [Proof("read_environment", "other_process", OF_PRIVATE_USERS)],
    "ProtectSystem": [Proof("write", "own_directory")],
    "ProtectHome": [Proof("read", "file_of_another_user")],
    "TemporaryFileSystem": [Proof("read", "ssh_key", ("ProtectHome",)), Proof("write", "home")],
    "BindPaths": [Proof("write", "state", opens=True)],
    "BindReadOnlyPaths": [Proof("read", "config", opens=True), Proof("connect", "bus", opens=True)],
    "PrivateTmp": [Proof("read", "file_in_tmp"), Proof("read", "file_in_var_tmp")],
    "PrivateDevices": [Proof("open_device", "device")],
    "PrivateMounts": [Proof("leave_mount_namespace_of", "mount_namespace", MOUNTS)],
    "ProtectClock": [Proof("read_clock_adjustment", also=FILTER)],
    "ProtectHostname": [Proof("set_hostname", also=("RestrictNamespaces", *FILTER))],
    "ProtectKernelLogs": [Proof("read_kernel_log", also=FILTER)],
    "ProtectKernelModules": [Proof("list_directory", "modules")],
    "ProtectKernelTunables": [Proof("read", "kernel_symbols")],
    "ProtectControlGroups": [Proof("make_control_group")],
    "NoNewPrivileges": [Proof("gain_capability", "capable_program", ("CapabilityBoundingSet",))],
    "CapabilityBoundingSet": [Proof("gain_capability", "capable_program", ("NoNewPrivileges",))],
    "RestrictAddressFamilies": [Proof("other_address_families")],
    "RestrictNamespaces": [Proof("make_namespace")],
    "RestrictRealtime": [Proof("be_realtime", also=FILTER)],
    "RestrictSUIDSGID": [Proof("set_user_id_bit", "state")],
    "LockPersonality": [Proof("change_personality")],
    "MemoryDenyWriteExecute": [Proof("write_and_execute_memory")],
    "SystemCallArchitectures": [Proof("call_as_x32")],
    "SystemCallFilter": [
        Proof("call_filtered"), Proof("change_owner", "state"), Proof("pin_to_processor"), Proof("list_keys"),
    ],
    "SystemCallErrorNumber": [Proof("survive_filtered_call", opens=True)],
    "UMask": [Proof("let_others_read", "state")],
    "LimitCORE": [Proof("raise_core_limit")],
    "MemoryMax": [Proof("take_memory", "megabytes")],
    "TasksMax": [Proof("start_threads", "threads")],
}
CASES = [(option, proof) for option, proofs in PROOFS.items() for proof in proofs]


def service_lines(text):
    """The lines of [Service] that set something."""
    section = text.split("[Service]\n")[1].split("\n[")[0]
    return [line for line in section.splitlines() if line and not line.startswith("#")]


def sandbox_options(text):
    """Their names, in order."""
    names = dict.fromkeys(line.split("=", 1)[0] for line in service_lines(text))
    return [name for name in names if name not in ACTIVATION]


class Prober:
    """Runs probes in the unit's sandbox, less some options."""

    def __init__(self, manager):
        self.manager = manager
        self.text = unit_text(SERVICE, BIN)
        self.program = manager.programs / "sandbox_probes.py"
        shutil.copy(ROOT / "tests/e2e/sandbox_probes.py", self.program)
        self.setting, self.undo = make_setting(manager)
        self.units = {}

    def close(self):
        for step in self.undo:
            step()
        for name in self.units.values():
            self.manager.systemctl("stop", name)
            (self.manager.home / ".config/systemd/user" / name).unlink(missing_ok=True)
        self.manager.systemctl("daemon-reload")

    def unit(self, proof, removed):
        """Its name."""
        key = (proof.probe, proof.target, frozenset(removed))
        return self.units.setdefault(key, f"misskey-probe-{len(self.units)}.service")

    def prepare(self, runs, added=()):
        """The units for pairs of a proof and what is removed: all at once, because systemd looks for new ones once."""
        for proof, removed in runs:
            name = self.unit(proof, removed)
            self.manager.write(f".config/systemd/user/{name}", self._text(proof, removed, added))
        assert self.manager.systemctl("daemon-reload").returncode == 0

    def _text(self, proof, removed, added):
        kept = [line for line in service_lines(self.text) if line.split("=", 1)[0] not in (*ACTIVATION, *removed)]
        argument = getattr(self.setting, proof.target)
        return "\n".join([
            # RemainAfterExit: so that systemd remembers how it ended.
            "[Service]", "Type=oneshot", "RemainAfterExit=yes", f"SuccessExitStatus={ALLOWED} {REFUSED}",
            f"ExecStart=/usr/bin/python3 {self.program} {proof.probe} {argument}",
            f"StandardOutput=append:{self.setting.output}", "StandardError=inherit", *kept, *added, "",
        ])

    def run(self, proof, removed):
        """"allowed", "refused", "killed" (by the kernel), or "failed": there was no sandbox to run it in."""
        name = self.unit(proof, removed)
        self.manager.systemctl("start", name)
        code, status, result = self.manager.show(name, "ExecMainCode", "ExecMainStatus", "Result")
        output = self.setting.output.read_text()
        if (code, status) == ("1", str(ALLOWED)):
            return "allowed"
        if (code, status) == ("1", str(REFUSED)):
            return "refused"
        if code == "1" and int(status) > 200:
            return "failed"
        assert code in ("2", "3"), f"{result}, {status}: {proof.probe} without {removed}; {output[-300:]}"
        return "killed"


def capable_cat(directory):
    """A program with a file capability, CAP_NET_RAW, permitted and effective (capabilities(7), VFS_CAP_REVISION_2)."""
    program = directory / "capable"
    shutil.copy(shutil.which("cat"), program)
    os.setxattr(program, "security.capability", struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0))
    return program


def make_setting(manager):
    """What the probes are tried on, and how to take it away again."""
    undo = []
    own = manager.programs / "own"
    own.mkdir()
    os.chown(own, manager.user.pw_uid, manager.user.pw_gid)
    manager.write(".ssh/id", "a key\n")
    manager.write(".config/misskey-authd/config.ini", "[daemon]\n")
    manager.write(".local/state/misskey-authd/probe", "")

    def readable(directory):
        file = Path(directory, f"{manager.name}-probe")
        file.write_text("not yours\n")
        file.chmod(0o644)
        undo.append(file.unlink)
        return file
    device = Path("/dev", manager.name)
    os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    device.chmod(0o666)
    undo.append(device.unlink)
    modules = Path("/usr/lib/modules")
    if not modules.exists():
        modules.mkdir()
        undo.append(modules.rmdir)
    restrict = Path("/proc/sys/kernel/dmesg_restrict")
    before = restrict.read_text()
    restrict.write_text("0")
    undo.append(lambda: restrict.write_text(before))
    return SimpleNamespace(
        nothing="-", output=own / "output", own_directory=own, other_process=manager.process.pid, home=manager.home,
        file_of_another_user=readable("/home"), ssh_key=manager.home / ".ssh/id",
        state=manager.home / ".local/state/misskey-authd", config=manager.home / ".config/misskey-authd/config.ini",
        bus=manager.runtime / "bus", file_in_tmp=readable("/tmp"), file_in_var_tmp=readable("/var/tmp"), device=device,
        mount_namespace=os.readlink(f"/proc/{manager.process.pid}/ns/mnt"), modules=modules,
        kernel_symbols="/proc/kallsyms", capable_program=capable_cat(manager.programs), megabytes=400, threads=400,
    ), undo
