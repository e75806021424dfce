# SPDX-License-Identifier: MIT
"""A real Firefox, headless, as far as the login stories need one: steered by Marionette, which is built into it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from harness import wait_for
from visitor import Visitor

FIREFOX = shutil.which("firefox-esr")
# It answers no question before its window is there, which can take long on a busy machine.
START_SECONDS = 90
QUIT_SECONDS = 10

# How WebDriver writes an element in JSON.
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"

PREFERENCES = {
    "marionette.port": 0,  # any that is free: MarionetteActivePort says which
    "browser.aboutwelcome.enabled": False,
    "browser.startup.page": 0,
    "intl.accept_languages": "en-US, en",
    "toolkit.telemetry.enabled": False,
}


def why_not():
    """What a Firefox lacks on this machine, or None if there is one."""
    return None if FIREFOX else "Firefox is missing (Debian: firefox-esr)"


class FirefoxError(Exception):
    """What Firefox has against a command."""


class Marionette:
    """The protocol: JSON over TCP, each message with its length in front."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS)
        self._reader = self._socket.makefile("rb")
        self._number = 0
        assert self._read()["marionetteProtocol"] == 3

    def call(self, command, **parameters):
        """The command's value."""
        self._number += 1
        message = json.dumps([0, self._number, command, parameters])
        self._socket.sendall(f"{len(message)}:{message}".encode())
        _, number, error, value = self._read()
        assert number == self._number
        if error:
            raise FirefoxError(f"{error['error']}: {error['message']}")
        return value

    def _read(self):
        size = b""
        while not size.endswith(b":"):
            byte = self._reader.read(1)
            if not byte:
                raise FirefoxError("it has closed the connection")
            size += byte
        return json.loads(self._reader.read(int(size[:-1])))

    def close(self):
        self._reader.close()
        self._socket.close()


def make_profile(directory, preferences):
    """A new profile with those preferences, in the directory."""
    directory.mkdir()
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
        for name, value in {**PREFERENCES, **preferences}.items()
    ]
    (directory / "user.js").write_text("".join(lines), encoding="utf-8")


def command_of(directory):
    """Starts a Firefox with the profile; a URL may follow."""
    return [
        FIREFOX, "--headless", "--no-remote", "--marionette", "--remote-allow-system-access", "--profile",
        str(directory),
    ]


class Firefox(Visitor):
    """The Firefox that was started, by whomever, with the profile `directory`, which goes with it."""

    ERRORS = (FirefoxError,)

    def __init__(self, directory, child=None):
        self.directory = Path(directory)
        self._child = child
        active = self.directory / "MarionetteActivePort"
        port = wait_for(lambda: active.exists() and active.read_text(), START_SECONDS, "Firefox")
        self._marionette = Marionette(int(port))
        # A click must not last as long as the page that it leads to: the result may take its time.
        session = self.call("WebDriver:NewSession", acceptInsecureCerts=True, pageLoadStrategy="none")
        self.process = session["capabilities"]["moz:processID"]

    @classmethod
    def start(cls, directory, preferences):
        """A new one with a new profile, those preferences, and a home of its own: it keeps a list of profiles there."""
        make_profile(directory, preferences)
        env = {**os.environ, "HOME": str(directory)}
        child = subprocess.Popen(
            command_of(directory), env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return cls(directory, child)
        except BaseException:
            child.kill()
            child.wait()
            raise

    def quit(self):
        """Ends it, with SIGKILL if it has to, and removes its profile."""
        try:
            self.call("Marionette:Quit", flags=["eForceQuit"])
        except (FirefoxError, OSError):
            pass
        self._marionette.close()
        end = time.monotonic() + QUIT_SECONDS
        while self._is_running() and time.monotonic() < end:
            time.sleep(0.02)
        if self._is_running():
            os.kill(self.process, signal.SIGKILL)
        if self._child:
            self._child.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def call(self, command, **parameters):
        """A command of Marionette: its value."""
        return self._marionette.call(command, **parameters)

    # Where it is

    @property
    def url(self):
        return self.call("WebDriver:GetCurrentURL")["value"]

    @property
    def source(self):
        return self.call("WebDriver:GetPageSource")["value"]

    @property
    def text(self):
        return self.script("return document.body.innerText")

    @property
    def heading(self):
        return self.script("return document.querySelector('h1').innerText")

    def script(self, text, *arguments):
        """Runs a function's body in the page."""
        return self.call("WebDriver:ExecuteScript", script=text, args=arguments)["value"]

    def inside(self, text, *arguments):
        """The same in the window around the page, where all of Firefox can be reached."""
        self.call("Marionette:SetContext", value="chrome")
        try:
            return self.script(text, *arguments)
        finally:
            self.call("Marionette:SetContext", value="content")

    def history(self):
        """Every URL that the back button of this tab can reach, oldest first."""
        return self.inside("""
            const history = gBrowser.selectedBrowser.browsingContext.sessionHistory;
            return Array.from({length: history.count}, (_, n) => history.getEntryAtIndex(n).URI.spec);
        """)

    def icon(self):
        """What the tab shows as the page's icon: a data: URL, or None."""
        return self.inside("return gBrowser.getIcon()")

    def console(self):
        """What was written to the browser's console so far, of all pages: (URL, message)."""
        return self.inside("""
            return Services.console.getMessageArray().filter(each => each instanceof Ci.nsIScriptError)
                .map(each => [each.sourceName, each.errorMessage]);
        """)

    # What a person does

    def load(self, url):
        self.call("WebDriver:Navigate", url=url)

    def reload(self):
        self.call("WebDriver:Refresh")

    def back(self):
        self.call("WebDriver:Back")

    def forward(self):
        self.call("WebDriver:Forward")

    @contextmanager
    def tab(self):
        """Another tab in front, for as long as it lasts."""
        before = self.call("WebDriver:GetWindowHandle")["value"]
        new = self.call("WebDriver:NewWindow", type="tab", focus=True)["handle"]
        self.call("WebDriver:SwitchToWindow", handle=new)
        try:
            yield
        finally:
            self.call("WebDriver:CloseWindow")
            self.call("WebDriver:SwitchToWindow", handle=before)

    def _visible(self, element_id):
        """The element with that id, as commands name it, once it is shown."""
        def shown():
            found = self.call("WebDriver:FindElement", using="css selector", value=f"#{element_id}")["value"][ELEMENT]
            return found if self.call("WebDriver:IsElementDisplayed", id=found)["value"] else None
        return self.wait(shown, f"#{element_id}")

    def visible(self, element_id):
        self._visible(element_id)

    def click(self, element_id):
        self.call("WebDriver:ElementClick", id=self._visible(element_id))

    def type(self, element_id, text):
        self.call("WebDriver:ElementSendKeys", id=self._visible(element_id), text=text)

    def allow_cookies(self, origin):
        """What "Manage Exceptions" of the settings does."""
        self.inside("""
            const principal = Services.scriptSecurityManager.createContentPrincipalFromOrigin(arguments[0]);
            Services.perms.addFromPrincipal(principal, "cookie", Services.perms.ALLOW_ACTION);
        """, origin)

    def keep_distance(self, port):
        """From now on that port of 127.0.0.1 passes for one of the public web."""
        self.prefer("network.lna.address_space.public.override", f"127.0.0.1:{port}")

    def prefer(self, name, value):
        """Changes a preference, as the settings do while it runs."""
        kind = {bool: "Bool", int: "Int", str: "String"}[type(value)]
        self.inside(f"Services.prefs.set{kind}Pref(arguments[0], arguments[1])", name, value)

    @contextmanager
    def preferences(self, values):
        """With these preferences for as long as it lasts."""
        for name, value in values.items():
            self.prefer(name, value)
        try:
            yield
        finally:
            for name in values:
                self.inside("Services.prefs.clearUserPref(arguments[0])", name)
