# SPDX-License-Identifier: MIT
"""Tries one thing that a sandbox should refuse: run inside it, with the thing's name and what it is tried on.

Ends with ALLOWED or REFUSED, or by the signal that the kernel sends who tries. Anything else is a fault of the probe.
Standard library alone, because the service's sandbox shows nothing of the project.
"""

import ctypes
import errno
import mmap
import os
import resource
import socket
import sys
import threading
from pathlib import Path

ALLOWED = 10
REFUSED = 11

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUTS = 0x04000000
CLONE_NEWUSER = 0x10000000
ADDR_NO_RANDOMIZE = 0x0040000
PTRACE_TRACEME = 0
SYSLOG_SIZE_BUFFER = 10
KEYCTL_GET_KEYRING_ID = 0
KEY_SPEC_SESSION_KEYRING = -3
KEYCTL_NUMBER = {"x86_64": 250, "aarch64": 219}
X32_GETPID = 0x40000000 + 39
TIMEX_BYTES = 512  # more than struct timex has


def call(name, *arguments):
    """A function of libc that returns -1 when it fails."""
    ctypes.set_errno(0)
    value = getattr(LIBC, name)(*arguments)
    if value == -1:
        raise OSError(ctypes.get_errno(), name)
    return value


def read(path):
    Path(path).read_bytes()


def write(path):
    """Creates a file in the directory PATH."""
    file = Path(path, f"probe-{os.getpid()}")
    file.write_text("probe")
    file.unlink()


def list_directory(path):
    os.listdir(path)


def open_device(path):
    os.close(os.open(path, os.O_RDONLY))


def connect(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(path)


def read_environment(pid):
    """Of another process: the kernel asks for the right to trace it, with which its memory can be read too."""
    Path(f"/proc/{pid}/environ").read_bytes()


def see_other_processes(pid):
    Path(f"/proc/{pid}/cmdline").read_bytes()


def leave_mount_namespace_of(pid_namespace):
    """The service is in the mount namespace PID_NAMESPACE, and what it mounts or unmounts is everybody's."""
    if os.readlink("/proc/self/ns/mnt") != pid_namespace:
        raise PermissionError("it has its own")


def read_clock_adjustment(_):
    call("adjtimex", ctypes.create_string_buffer(TIMEX_BYTES))


def set_hostname(_):
    """In a user's and host's namespace that it makes for itself, where the kernel would let it."""
    call("unshare", CLONE_NEWUSER | CLONE_NEWUTS)
    call("sethostname", b"probe", 5)


def read_kernel_log(_):
    call("klogctl", SYSLOG_SIZE_BUFFER, None, 0)


def make_control_group(_):
    """In its own, which its user may."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    path = next(line.split(":", 2)[2] for line in lines if "name=systemd" in line or line.startswith("0::"))
    root = next(root for root in map(Path, ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"))
                if Path(f"{root}{path}").is_dir())
    group = Path(f"{root}{path}", "probe")
    group.mkdir()
    group.rmdir()


def gain_capability(program):
    """PROGRAM is a cat(1) with a capability of its own."""
    shown = os.popen(f"{program} /proc/self/status").read()
    line = next((line for line in shown.splitlines() if line.startswith("CapEff")), "CapEff: 0")
    if int(line.split()[1], 16) == 0:
        raise PermissionError("none was gained")


def other_address_families(_):
    """All but three: allowed is any that it can have."""
    for family in set(range(1, 46)) - {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6}:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
            try:
                socket.socket(family, kind).close()
            except OSError:
                continue
            return
    raise PermissionError("none")


def make_namespace(_):
    call("unshare", CLONE_NEWUSER)


def be_realtime(_):
    """With a priority that is none: the kernel, once it is asked, says so before it looks whether one may."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(0))
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


def set_user_id_bit(path):
    file = Path(path, f"probe-{os.getpid()}")
    file.write_text("")
    try:
        file.chmod(0o4755)
    finally:
        file.unlink()


def change_personality(_):
    call("personality", ctypes.c_ulong(ADDR_NO_RANDOMIZE))


def write_and_execute_memory(_):
    mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def call_as_x32(_):
    """getpid() by the numbers of x86-64's second ABI, which need not be there: then it is the kernel that says so."""
    try:
        call("syscall", ctypes.c_long(X32_GETPID))
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise


def call_filtered(_):
    """A system call that no service needs."""
    call("ptrace", PTRACE_TRACEME, 0, None, None)


def change_owner(path):
    """To the one that it has, which everybody may."""
    os.chown(path, os.getuid(), -1)


def pin_to_processor(_):
    os.sched_setaffinity(0, os.sched_getaffinity(0))


def list_keys(_):
    call("syscall", ctypes.c_long(KEYCTL_NUMBER[os.uname().machine]), KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0)


def survive_filtered_call(_):
    try:
        call_filtered(None)
    except PermissionError:
        pass


def raise_core_limit(_):
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
    except ValueError as error:
        raise PermissionError(error) from error


def let_others_read(path):
    file = Path(path, f"probe-{os.getpid()}")
    file.write_text("")
    mode = file.stat().st_mode
    file.unlink()
    if not mode & 0o077:
        raise PermissionError("others may not")


def take_memory(megabytes):
    """Pages that are written, so that they are there. Who has too many is killed."""
    held = bytearray(int(megabytes) << 20)
    held[::mmap.PAGESIZE] = b"x" * len(held[::mmap.PAGESIZE])


def start_threads(count):
    done = threading.Event()
    started = []
    try:
        for _ in range(int(count)):
            thread = threading.Thread(target=done.wait)
            thread.start()
            started.append(thread)
    except RuntimeError as error:
        raise PermissionError(f"{len(started)}: {error}") from error
    finally:
        done.set()


def main():
    name, argument = sys.argv[1:]
    try:
        globals()[name](argument)
    except OSError as error:
        print(f"{name} {argument}: {errno.errorcode.get(error.errno)} {error}")
        return REFUSED
    print(f"{name} {argument}: allowed")
    return ALLOWED


if __name__ == "__main__":
    sys.exit(main())
