# SPDX-License-Identifier: MIT
"""What a person does in a browser, whichever it is: the base of Browser (Chromium) and Firefox."""

import re
import time
from pathlib import Path

from harness import LOGGED_IN


class Visitor:
    """A subclass has: process, directory (the profile's), url, text, heading, script(), load(), reload(), type()
    and click().
    """

    # What a question to the browser may end with.
    ERRORS = ()

    def _is_running(self):
        """Whether the process is there still, and not another one of the same number."""
        try:
            arguments = Path(f"/proc/{self.process}/cmdline").read_bytes()
        except OSError:
            return False
        return str(self.directory).encode() in arguments

    # Waiting

    def wait(self, condition, what, seconds=60):
        """Waits until condition() is true and returns its value.

        While one page makes room for another every question may fail ("aborted by navigation",
        "stale element"): that is a no.
        """
        end = time.monotonic() + seconds
        while True:
            error = None
            try:
                value = condition()
                if value:
                    return value
            except self.ERRORS as exception:
                error = exception
            assert time.monotonic() < end, f"{what} did not come: {error or self._describe()}"
            time.sleep(0.02)

    def wait_for_heading(self, heading, seconds=60):
        self.wait(lambda: self.heading == heading, f"the page {heading!r}", seconds)

    def _describe(self):
        try:
            return f"{self.url}: {self.text}"
        except self.ERRORS as exception:
            return exception

    # Going somewhere

    def _load(self, action, blank=False):
        """Does what loads a page, and waits until there is one: that page, or where it led to.

        A blank one may come before it, unless that is wanted.
        """
        self.script("window.isThePageBefore = true")
        action()
        loaded = """
            return !window.isThePageBefore && document.readyState === 'complete'
                && (arguments[0] || document.URL !== 'about:blank');
        """
        self.wait(lambda: self.script(loaded, blank), "the page", 40)

    def open(self, url):
        self._load(lambda: self.load(url), blank=url == "about:blank")

    def refresh(self):
        self._load(self.reload)

    # The server's page

    def sign_in(self, username="alice"):
        """Fills in the form."""
        self.type("username", username)
        self.type("password", f"{username}-password")
        self.click("signin")

    def accept(self):
        self.click("accept")

    def sign_in_and_accept(self, url, username="alice"):
        """The approval, from the link on."""
        self.open(url)
        self.sign_in(username)
        self.accept()

    # Our pages

    def check_result(self, daemon, server, token):
        """The page names the user and the server, and no address of the daemon keeps the token."""
        self.wait_for_heading(LOGGED_IN)
        assert re.fullmatch(rf"http://127\.0\.0\.1:{daemon.port}/result/[0-9a-f]+", self.url)
        for text in ("Scripts on this computer can now use Misskey as @alice.", server.origin, "misskey-token me"):
            assert text in self.text
        assert token not in self.source
        # The consent page's own address has it, at the server; no address of ours may.
        assert [url for url in self.history() if f":{daemon.port}/" in url] == [self.url]
        # Referrer-Policy of the redirect: else it would be the server's page.
        assert self.script("return [document.referrer, document.cookie]") == ["", ""]
        assert token not in daemon.log()
