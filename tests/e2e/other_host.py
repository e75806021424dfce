# SPDX-License-Identifier: MIT
"""Two hosts that reach each other by SSH: root is the user of the one, an ordinary user that of the other."""

import os
import pwd
import shlex
import shutil
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path

from harness import BIN, free_port, wait_for

SSHD = Path("/usr/sbin/sshd")
EMPTY = Path("/run/sshd")  # for sshd's unprivileged part

SSHD_CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {directory}/host_key
PidFile none
AuthorizedKeysFile {directory}/keys/%u
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
SetEnv {environment}
Match User {user}
    StreamLocalBindUnlink yes
"""
SSH_CONFIG = """
Host *
HostName 127.0.0.1
Port {port}
IdentityFile {identity}
IdentitiesOnly yes
IdentityAgent none
BatchMode yes
StrictHostKeyChecking no
UserKnownHostsFile /dev/null
LogLevel ERROR
"""


def why_not():
    """Why there can be no other host here, or None."""
    if os.geteuid() != 0:
        return "only root can be two users"
    missing = [program for program in ("ssh", "ssh-keygen", "setpriv", "useradd", "curl") if not shutil.which(program)]
    missing += [] if SSHD.exists() else ["sshd"]
    return f"not installed: {', '.join(missing)}" if missing else None


class OtherHost:
    """`daemon` is the one at home. The other host's user has a key, with which it can log in nowhere yet."""

    def __init__(self, daemon, directory):
        self.daemon = daemon
        self.directory = Path(directory)
        self.directory.chmod(0o755)
        self.name = f"misskey-test-{os.getpid()}-host"
        subprocess.run(["useradd", "--create-home", "--shell", "/bin/sh", "--password", "*", self.name], check=True)
        self.user = pwd.getpwnam(self.name)
        self.home = Path(self.user.pw_dir)
        self.runtime = self.home / "run"
        self.socket = self.runtime / "misskey-authd/control.sock"
        self.authctl = shutil.copy(BIN / "misskey-authctl", self.directory)
        self.port = free_port()
        self.made = not EMPTY.exists()
        self.sshd = None

    def begin(self):
        """Makes the keys, and starts sshd."""
        EMPTY.mkdir(exist_ok=True)
        (self.directory / "keys").mkdir()
        for key in ("host_key", "home_key", "other_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.directory / key], check=True)
        os.chown(self.directory / "other_key", self.user.pw_uid, -1)
        for whose in ("home", "other"):
            (self.directory / whose).write_text(SSH_CONFIG.format(port=self.port, identity=self.directory / f"{whose}_key"))
        self._start_sshd()

    def _start_sshd(self):
        environment = " ".join(f'"{name}={value}"' for name, value in self.daemon.env.items() if name != "LANG")
        config = self.directory / "sshd_config"
        config.write_text(SSHD_CONFIG.format(
            port=self.port, directory=self.directory, environment=environment, user=self.name))
        log = self.directory / "sshd.log"
        log.touch()
        self.sshd = subprocess.Popen([SSHD, "-D", "-f", config, "-E", log], stdin=subprocess.DEVNULL)

        def listens():
            assert self.sshd.poll() is None, log.read_text()
            return "Server listening" in log.read_text()
        wait_for(listens, what="sshd")

    def let_in(self, user, key, line="ssh-ed25519 AAAA… comment"):
        """Adds the key, in the place of the line's, to the user's authorized_keys."""
        public = (self.directory / f"{key}.pub").read_text().split()[1]
        file = self.directory / "keys" / user
        file.write_text(line.replace("AAAA…", public) + "\n")
        file.chmod(0o644)

    def words(self, line):
        """The page's command, as it is here."""
        line = line.replace("/run/user/1001", str(self.runtime)).replace("/run/user/1000", str(self.daemon.runtime))
        line = line.replace("alice@", "root@").replace("bot@", f"{self.name}@")
        return shlex.split(line)

    def as_user(self, words):
        return ["setpriv", f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups", *map(str, words)]

    def ssh(self, line, whose="other"):
        """The page's `ssh`, with the key of the other host's user or of `home`."""
        program, *arguments = self.words(line)
        assert program == "ssh"
        return ["ssh", "-F", self.directory / whose, *arguments]

    @contextmanager
    def forwarding(self, line, whose):
        """While the page's `ssh` runs, from when the socket answers or refuses."""
        words = self.ssh(line, whose)
        process = subprocess.Popen(words if whose == "home" else self.as_user(words), stdin=subprocess.DEVNULL)

        def listens():
            assert process.poll() is None, f"ssh ended with {process.returncode}"
            with socket.socket(socket.AF_UNIX) as client:
                return client.connect_ex(str(self.socket)) == 0
        try:
            wait_for(listens, what="the socket")
            yield
        finally:
            process.terminate()
            process.wait(60)

    def make_runtime(self, line):
        """The directory of the socket, by the page's `mkdir`."""
        self.runtime.mkdir(mode=0o700)
        os.chown(self.runtime, self.user.pw_uid, self.user.pw_gid)
        assert self.run(self.words(line)).returncode == 0

    def run(self, words):
        """Run by the other host's user."""
        env = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(self.runtime),
               "ASAN_OPTIONS": "detect_leaks=0"}
        return subprocess.run(self.as_user(words), env=env, cwd="/", text=True, capture_output=True, timeout=60,
                              stdin=subprocess.DEVNULL)

    def stop(self):
        if self.sshd:
            self.sshd.terminate()
            self.sshd.wait(60)
        subprocess.run(["pkill", "-KILL", "-u", str(self.user.pw_uid)], check=False)
        subprocess.run(["userdel", "--remove", self.name], check=False, capture_output=True)
        if self.made:
            EMPTY.rmdir()
