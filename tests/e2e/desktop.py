# SPDX-License-Identifier: MIT
"""A desktop for tests: a real D-Bus with a notification service of python3-dbusmock, and a browser that writes down what
it is to open."""

import json
import os
import shutil
import subprocess

from harness import wait_for

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
PYTHON = "/usr/bin/python3"
ALL = "body body-markup actions"


def why_not():
    """Why there can be no desktop here, or None."""
    if subprocess.run([PYTHON, "-c", "import dbusmock"], check=False, capture_output=True).returncode != 0:
        return "python3-dbusmock is not installed"
    if not shutil.which("dbus-daemon") or not shutil.which("busctl"):
        return "dbus-daemon or busctl is not installed"
    return None


class Bus:
    """A session bus of its own."""

    def __init__(self, directory):
        self.address = f"unix:path={directory}/bus"
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={self.address}", "--print-address"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        )
        assert self.process.stdout.readline()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class NotificationService:
    """The mock of it, on the bus at `address`; `command` runs a program as the bus's user."""

    def __init__(self, address, capabilities=ALL, command=None, env=None):
        self.address = address
        self.capabilities = capabilities
        self.command = command or (lambda *words: [*words])
        self.env = {**os.environ, **(env or {}), "DBUS_SESSION_BUS_ADDRESS": address}
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.command(PYTHON, "-m", "dbusmock", "--session", "--template", "notification_daemon", "--parameters",
                         f'{{"capabilities": "{self.capabilities}"}}'),
            env=self.env, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        wait_for(self._is_up, what="the notification service")

    def _is_up(self):
        assert self.process.poll() is None, "the notification service ended"
        return self.dbus("list").stdout.count(NAME)

    def dbus(self, *words):
        """Over busctl, so that nothing of a bus that is gone stays in this process."""
        return subprocess.run(self.command("busctl", "--user", *words), env=self.env, text=True, capture_output=True,
                              timeout=60, cwd="/", stdin=subprocess.DEVNULL)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def mock(self, method, *arguments):
        """Calls a method of the mock itself, as JSON."""
        answer = self.dbus("--json=short", "call", NAME, PATH, "org.freedesktop.DBus.Mock", method, *arguments)
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout or "null")

    def calls(self, method):
        """The arguments of all calls of a method, in order."""
        (calls,) = self.mock("GetMethodCalls", "s", method)["data"]
        return [[argument["data"] for argument in arguments] for _, arguments in calls]

    def shown(self):
        """What was shown: {summary, body, actions, timeout}, in order; the number of the n-th is n + 1."""
        return [dict(summary=one[3], body=one[4], actions=one[5], timeout=one[7]) for one in self.calls("Notify")]

    def wait_for(self, count):
        """Until so much was shown."""
        return wait_for(lambda: len(self.shown()) >= count and self.shown(), what=f"notification {count}")

    def closed(self):
        """The numbers of those that were closed."""
        return [arguments[0] for arguments in self.calls("CloseNotification")]

    def emit(self, signal, number, kind, value):
        """What a real service says when the person does something: a number of type u, and a value."""
        self.mock("EmitSignal", "sssav", "", signal, f"u{kind}", "2", "u", str(number), kind, str(value))

    def press(self, number, action="open"):
        self.emit("ActionInvoked", number, "s", action)


class BrowserRecorder:
    """For BROWSER: writes down each address, and stays as long as it is told to."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()
        self.program = directory / "browser"
        self.program.write_text(
            f'#!/bin/sh\necho "$1" >{directory}/$$.new\ncat /proc/self/cgroup >{directory}/$$.cgroup\n'
            f'mv {directory}/$$.new {directory}/$$.url\n'
            f'while [ -e {directory}/stay ]; do sleep 0.05; done\n'
        )
        self.program.chmod(0o755)

    def opened(self):
        """{pid: address}"""
        return {int(file.stem): file.read_text().strip() for file in self.directory.glob("*.url")}

    def wait(self):
        """The first address."""
        return wait_for(lambda: list(self.opened().values()), what="the browser")[0]
