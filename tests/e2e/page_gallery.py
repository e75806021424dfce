# SPDX-License-Identifier: MIT
"""Every page that the callback listener can show, brought about with the real programs."""

import json
import re
import threading
import time
import urllib.parse
from contextlib import ExitStack
from pathlib import Path

from activation import ActivatedDaemon
from harness import UNKNOWN_TOKEN, Daemon, PlainBrowser, authorize, check_log, connections_to, consent, wait_for
from misskey_server import Delay, MisskeyServer, Status

LANGUAGES = ("en", "ja")
SERVER = "https://misskey.example"
ACCOUNT = "misskey.example"

# How a login can end (common/vocabulary.h): the account, who approved, who should have, and what is reported.
OUTCOMES = {
    "AUTHORIZED": (ACCOUNT, "alice", None, None),
    "UNVERIFIED": ("work", "alice", None, None),
    "WRONG_USER": ("work", "bob", "alice", None),
    "EXPIRED": ("work", None, None, None),
    "LOST": ("work", None, None, "The server answered auth/session/userkey with NO_SUCH_SESSION (HTTP 400)."),
    "REJECTED": ("work", "alice", None, "The server answered i with AUTHENTICATION_FAILED (HTTP 401)."),
    "UNREACHABLE": ("work", None, None, "The server could not be reached: Could not resolve host: misskey.example."),
    "REFUSED": ("work", None, None, "The server answered auth/session/userkey with ACCESS_DENIED (HTTP 403)."),
    "BAD_REPLY": ("work", None, None, "The server's answer to auth/session/userkey is not JSON."),
    "ELSEWHERE": ("work", None, None, "The server calls itself https://social.misskey.example."),
    "LOCAL": ("work", None, None, "The credential could not be stored: No space left on device."),
    "CANCELLED": ("work", None, None, None),
    "OPENED_TWICE": ("work", None, None, None),
}


def get(url, language="en", browser=None, cookies="", user_agent="Mozilla/5.0"):
    """The page's HTML."""
    headers = {"Accept-Language": language, "User-Agent": user_agent, **({"Cookie": cookies} if cookies else {})}
    return (browser or PlainBrowser()).get(url, **headers)[3]


def rest(html):
    """The page without what makes it load itself again: it can be looked at for as long as it takes.

    axe-core has a rule against that, because of time limits (WCAG 2.2.1). This is none: the page comes back as it was,
    and where the browser tells that it loads itself again, only when there is something new, or after 20 s.
    """
    still, count = re.subn(r'<meta http-equiv="refresh"[^>]*>\n', "", html)
    assert count == 1
    return still


class Gallery:
    """Brings the pages about; `urls` has the address of each in each language: {(name, language): URL}."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.urls = {}
        self._daemons = []
        self._stack = ExitStack()

    def __enter__(self):
        try:
            self._add_outcomes()
            self._add_small_pages()
            self._add_pages_of_a_waiting_login()
            self._add_waiting()
            self._add_unavailable()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()
        for daemon, server in self._daemons:
            check_log(daemon, [server])

    def close(self):
        for daemon, _ in self._daemons:
            if daemon.process:
                daemon.stop()
        self._stack.close()

    def count(self, language):
        return sum(spoken == language for _, spoken in self.urls)

    def _start(self, kind=Daemon):
        """A daemon in a home of its own, and a server."""
        server = self._stack.enter_context(MisskeyServer())
        directory = self.directory / str(len(self._daemons))
        directory.mkdir()
        daemon = kind(directory)
        self._daemons.append((daemon, server))
        return daemon.start(), server

    def _add(self, name, url):
        for language in LANGUAGES:
            self.urls[name, language] = url

    def _add_file(self, name, language, html):
        file = self.directory / f"{name}-{language}.html"
        file.write_text(html, encoding="utf-8")
        self.urls[name, language] = file.as_uri()

    def _add_copy(self, name, language, html):
        self._add_file(name, language, rest(html))

    def _add_outcomes(self):
        """As a daemon shows them that is started after the logins ended, at a server with a name."""
        daemon, server = self._start()
        authorize(daemon, server, ACCOUNT)
        assert daemon.stop() == 0
        for file in (daemon.state / "registry.json", daemon.state / "credentials.json"):
            file.write_text(file.read_text(encoding="utf-8").replace(server.origin, SERVER), encoding="utf-8")
        registry = daemon.registry()
        registry["finished"] = []
        for number, (outcome, (account, user, expected, detail)) in enumerate(OUTCOMES.items()):
            result = f"{number:032x}"
            registry["finished"].append({
                "token_sha256": f"{number:064x}", "result": result, "start": result, "account": account,
                "server": SERVER, "user": user, "expected": expected, "detail": detail, "method": "app",
                "outcome": outcome,
                "finished_at": int(time.time()),
            })
            name = outcome.lower().replace("_", "-")
            self._add(name, f"http://127.0.0.1:{daemon.port}/result/{result}")
        (daemon.state / "registry.json").write_text(json.dumps(registry), encoding="utf-8")
        daemon.start()
        self._add("start-late", f"http://127.0.0.1:{daemon.port}/start/{0:032x}")
        number = list(OUTCOMES).index("OPENED_TWICE")
        self._add("start-used", f"http://127.0.0.1:{daemon.port}/start/{number:032x}")

    def _add_small_pages(self):
        daemon, _ = self._daemons[0]
        self._add("root", f"http://127.0.0.1:{daemon.port}/")
        self._add("not-found", daemon.callback_url(UNKNOWN_TOKEN))
        self._add("bad-request", f"http://127.0.0.1:{daemon.port}/callback")
        # Its header fields are not read, so this page is always in English.
        html = get(daemon.callback_url(UNKNOWN_TOKEN), cookies="; ".join(["other=" + 4000 * "x"] * 100))
        self._add_file("too-large", "en", html)

    def _add_pages_of_a_waiting_login(self):
        daemon, server = self._start()
        token = self._begin(daemon, server, "news")
        self._add("other-browser", daemon.callback_url(token))
        unused = daemon.login("home", server=server.origin)["start_url"]
        for language in LANGUAGES:
            self._add_file("text-browser", language, get(unused, language, user_agent="w3m/0.5.3"))
        browser = PlainBrowser()
        token = self._begin(daemon, server, "bot", browser)
        browser.get(daemon.callback_url(token))  # leads back to the server's page, once
        for language in LANGUAGES:
            self._add_copy("pending", language, get(daemon.callback_url(token), language, browser))
        server.misbehave("auth/session/userkey", Status(503), times=None)
        _, (_, url, _, _) = consent(daemon, server, daemon.login("work", server=server.origin))
        for language in LANGUAGES:
            self._add_copy("trouble", language, get(url, language))

    @staticmethod
    def _begin(daemon, server, account, browser=None):
        """Opens the start page of a new login: the session's token."""
        start = daemon.login(account, server=server.origin)["start_url"]
        _, _, headers, _ = (browser or PlainBrowser()).get(start, follow=False)
        return urllib.parse.urlsplit(headers["Location"]).path.rsplit("/", 1)[1]

    def _add_waiting(self):
        """It is shown after a while, or when the daemon is stopped."""
        daemon, server = self._start()
        server.misbehave("auth/session/userkey", Delay(60))
        browser = PlainBrowser()
        token = self._begin(daemon, server, ACCOUNT, browser)
        server.accept(token, "alice")
        url = browser.get(daemon.callback_url(token), follow=False)[2]["Location"]
        url = urllib.parse.urljoin(daemon.callback_url(token), url)
        pages = {}
        readers = [
            threading.Thread(target=lambda one=language: pages.update({one: get(url, one)})) for language in LANGUAGES
        ]
        for reader in readers:
            reader.start()
        wait_for(lambda: connections_to(daemon.port) == len(LANGUAGES), what="the readers' connections")
        get(f"http://127.0.0.1:{daemon.port}/")  # what was sent before this has been read by now
        assert daemon.stop() == 0, daemon.log()
        for reader in readers:
            reader.join()
        for language, html in pages.items():
            self._add_copy("waiting", language, html)

    def _add_unavailable(self):
        """Without passed sockets, a daemon with such a config does not start at all."""
        daemon, _ = self._start(ActivatedDaemon)
        daemon.config_file.write_text("[daemon]\nrequest_time = soon\n", encoding="utf-8")
        self._add("unavailable", daemon.callback_url(UNKNOWN_TOKEN))
