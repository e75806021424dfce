# SPDX-License-Identifier: MIT
"""What a confined daemon is made to try, and what it is tried on.

tests/confinement/attempts.c, preloaded, has the real daemon try it when it is confined and begins to wait.
"""

import os
import platform
import re
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from harness import BIN, wait_for

ATTEMPTS = BIN.parent / "tests/confinement/attempts.so"
LINE = re.compile(r"attempt (\w+)=(\S*): (\w+)$", re.M)
REFUSALS = ("EACCES", "EPERM", "EAFNOSUPPORT", "ENOSYS")
X86 = platform.machine() == "x86_64"


class Attempt(NamedTuple):
    """What is tried, on which member of the setting."""
    name: str
    target: str = ""
    by: str = "seccomp"  # or "Landlock": without it, it is allowed
    abi: int = 1         # of Landlock that refuses it
    control: bool = True  # an ordinary user's process may do it, if it is not confined


FILES = [
    *(Attempt("read", target, "Landlock") for target in ("ssh_key", "file_of_another_program", "file_in_tmp")),
    Attempt("list", "home", "Landlock"),
    *(Attempt("make", target, "Landlock") for target in ("home", "tmp", "var_tmp", "shm", "config_directory")),
    *(Attempt("write", target, "Landlock") for target in ("file_of_another_program", "config", "device")),
    Attempt("remove", "spare_file", "Landlock"),
]
NAMED_FILES = [Attempt(name, "file_of_another_program") for name in (
    "truncate", "open_and_truncate", "chmod", "chown", "utime", "setxattr")]
NEW_CALLS = [Attempt(name, "file_of_another_program", control=False) for name in ("fchmodat2", "setxattrat")]
PROGRAMS = [
    Attempt("fork"), Attempt("exec", "program"), Attempt("exec_memory", "program"), Attempt("writable_code"),
    Attempt("make_code"),
    Attempt("shared_code"),
]
PROCESSES = [*(Attempt(name, "other_process", "Landlock") for name in ("environ", "proc_memory"))] + [
    Attempt(name, "other_process") for name in ("memory", "trace", "signal", "queued_signal", "pidfd_signal", "take_descriptor", "limit",
                                                "priority")] + [Attempt("shared_memory")]
SOCKETS = [
    *(Attempt("stream", target) for target in ("agent", "abstract_stream")), Attempt("odd_stream"), Attempt("packets"),
    Attempt("datagram", "abstract_datagram", "Landlock", abi=6),
    Attempt("raw", control=False), Attempt("netlink"), Attempt("packet", control=False), Attempt("bind"), Attempt("listen"),
]
KERNEL = [Attempt(name, control=False) for name in ("mount", "namespace", "bpf", "perf", "io_uring", "userfaultfd")] + [
    Attempt("keys"), Attempt("personality"), Attempt("type"), *([Attempt("x32", control=False)] if X86 else [])]
ALL = [*FILES, *NAMED_FILES, *NEW_CALLS, *PROGRAMS, *PROCESSES, *SOCKETS, *KERNEL]


class Setting:
    """What is tried: it belongs to the user who runs the daemon. `as_user` puts another user in front of a command."""

    def __init__(self, home, config, as_user=lambda *command: list(command), owner=None):
        self.home, self.config, self.config_directory = Path(home), config, Path(config).parent
        self.tmp, self.var_tmp, self.shm, self.device, self.program = "/tmp", "/var/tmp", "/dev/shm", "/dev/null", "/bin/true"
        self.owner = owner
        self.made = []
        self.ssh_key = self.file(self.home / ".ssh/id")
        self.file_of_another_program = self.file(self.home / ".config/other/token")
        self.spare_file = self.file(self.home / ".config/other/spare")
        with tempfile.NamedTemporaryFile(dir="/tmp", delete=False) as file:
            self.file_in_tmp = self.file(Path(file.name))
        self.process = subprocess.Popen(as_user("sleep", "600"))
        self.other_process = self.process.pid
        self.sockets = []
        self.agent = self.listen(socket.SOCK_STREAM, str(self.home / "agent.socket"))
        self.abstract_stream = self.listen(socket.SOCK_STREAM, f"@attempt-{id(self)}-{os.getpid()}")
        self.abstract_datagram = self.listen(socket.SOCK_DGRAM, f"@attempt-d-{id(self)}-{os.getpid()}")

    def file(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("secret\n")
        if self.owner:
            for each in (path, path.parent):
                if each != Path("/tmp"):
                    os.chown(each, *self.owner)
        self.made.append(path)
        return path

    def listen(self, kind, address):
        one = socket.socket(socket.AF_UNIX, kind)
        if address[0] != "@":
            self.made.append(Path(address))
        one.bind(address.replace("@", "\0"))
        if kind == socket.SOCK_STREAM:
            one.listen()
        if self.owner and address[0] != "@":
            os.chown(address, *self.owner)
        self.sockets.append(one)
        return address

    def words(self, attempts):
        """For ATTEMPTS."""
        return " ".join(f"{one.name}={getattr(self, one.target) if one.target else ''}" for one in attempts)

    def environment(self, attempts, preloaded=ATTEMPTS, **more):
        return {"LD_PRELOAD": str(preloaded), "ATTEMPTS": self.words(attempts), **more}

    def results(self, attempts, read_log):
        """What came of each."""
        wait_for(lambda: "attempts: done" in read_log(), what=f"the attempts: {read_log()[-2000:]}")
        lines = LINE.findall(read_log())
        assert len(lines) == len(attempts), lines
        assert [line[0] for line in lines] == [one.name for one in attempts], lines
        return [line[2] for line in lines]

    def check(self, attempts, read_log, abi=7, has_seccomp=True):
        """Each was refused, if what refuses it is there."""
        wrong = []
        for one, result in zip(attempts, self.results(attempts, read_log)):
            has = abi >= one.abi if one.by == "Landlock" else has_seccomp
            if has and result not in REFUSALS:
                wrong.append((one.name, one.target, result))
        assert not wrong, wrong

    def close(self):
        self.process.kill()
        self.process.wait()
        for one in self.sockets:
            one.close()
        for file in self.made:
            file.unlink(missing_ok=True)


def abi_of_this_kernel():
    """0: it has none."""
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    return max(libc.syscall(ctypes.c_long(444), None, ctypes.c_size_t(0), ctypes.c_uint32(1)), 0)
