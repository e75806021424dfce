# SPDX-License-Identifier: MIT
"""A person who logs in, whatever happens to the daemon meanwhile."""

import http.client

from harness import PlainBrowser, wait_for

LOGGED_IN = "You are logged in"
RELOADED = "the page was reloaded"


def is_up(daemon):
    try:
        return daemon.control("GET", "/v1/status")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


class Person:
    """Clicks what there is to click, and counts it."""

    def __init__(self, daemon, server, method="app"):
        self.daemon = daemon
        self.server = server
        self.method = method
        self.browser = PlainBrowser()
        self.consents = 0
        self.callback = None  # the address that the browser was last redirected to

    def accept(self, url):
        """Presses Accept on a consent page; where the page goes."""
        self.consents += 1
        if self.method == "miauth":
            session = self.server.accept_miauth(url, "alice").session
            return self.daemon.callback_url(session).replace("?token=", "?session=")
        token = url.rsplit("/", 1)[1]
        self.server.accept(token, "alice")
        return self.daemon.callback_url(token)

    def is_known(self, url):
        """Whether the server still has the session of a consent page."""
        if self.method == "miauth":
            return not any(token.fetched and token.session in url for token in self.server.miauth_tokens)
        return url.rsplit("/", 1)[1] in self.server.sessions

    def open(self, url):
        """Opens an address of the daemon's; at a consent page presses Accept and follows. The last page."""
        _, final, _, page = self.browser.get(url)
        if final.startswith(self.server.origin):
            self.callback = self.accept(final)
            page = self.browser.get(self.callback)[3]
        return page

    def consent_elsewhere(self, url):
        """Opens the consent page of a login that is polled; if the server does not know it any more, the next one."""
        if not self.is_known(url):
            def renewed():
                login = self.daemon.account("me")["login"]
                return login["consent_url"] not in (None, url) and login["consent_url"]
            url = wait_for(renewed, 20, "another consent page")
        self.accept(url)

    def log_in(self, browser):
        """As misskey-authctl does; the outcome."""
        status, login = self.daemon.control("POST", "/v1/accounts/me/login",
                                            {"server": self.server.origin, "browser": browser,
                                             "method": self.method})
        assert status == 200, login
        if login["start_url"]:
            self.open(login["start_url"])
        elif login["consent_url"]:
            self.consent_elsewhere(login["consent_url"])
        return self.daemon.outcome("me")["outcome"]

    def settle(self):
        """Waits until the login has ended, or waits for the person again."""
        def settled():
            login = self.daemon.account("me")["login"]
            return not login or login["state"] in ("consent", "finished")
        wait_for(settled, 20, "the end of the login")

    def reload(self):
        """Whether the page that the browser was redirected to leads to the end of the login, as often as it takes."""
        for _ in range(3):
            if LOGGED_IN in self.open(self.callback):
                return True
            self.settle()
        return False

    def go_on(self, browser):
        """After something went wrong: reloads the page, then logs in again. How the login ended."""
        if self.callback and self.reload():
            return RELOADED
        outcome = self.log_in(browser)
        assert outcome == "AUTHORIZED", f"the login does not end well: {outcome}"
        return "logged in again"
