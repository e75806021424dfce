# SPDX-License-Identifier: MIT
"""A real Chromium, headless, as far as the login stories need one: steered through chromedriver."""

import base64
import itertools
import json
import os
import shutil
import signal
from pathlib import Path

try:
    from selenium import webdriver
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.chromium.remote_connection import ChromiumRemoteConnection
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    webdriver = Keys = WebDriverException = None

from visitor import Visitor

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CHROMEDRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREENSHOTS = os.environ.get("MISSKEY_SCREENSHOTS")


def why_not():
    """What a browser lacks on this machine, or None if there is one."""
    if webdriver is None:
        return "selenium is missing (Debian: python3-selenium)"
    if not CHROMIUM:
        return "Chromium is missing (Debian: chromium)"
    if not CHROMEDRIVER:
        return "chromedriver is missing (Debian: chromium-driver)"
    return None


class Chromedriver:
    """One chromedriver process, for any number of browsers. It listens on loopback alone."""

    def __init__(self):
        self.service = Service(CHROMEDRIVER)
        self.service.start()
        assert not any("--allowed-ips" in each for each in self.service.process.args)

    @property
    def url(self):
        return self.service.service_url

    def stop(self):
        self.service.stop()


class Browser(Visitor):
    """A Chromium with the new, empty profile `directory`, which goes with it.

    `languages` is what its user reads ("ja,en"); `arguments` are further options of Chromium, `preferences` what else
    stands in its profile.
    """

    ERRORS = (WebDriverException,)

    def __init__(self, chromedriver, directory, *arguments, languages="en-US,en", preferences=()):
        self.directory = Path(directory)
        options = Options()
        options.binary_location = CHROMIUM
        # A click must not last as long as the page that it leads to: the result may take its time.
        options.page_load_strategy = "none"
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        options.add_experimental_option("prefs", {
            "intl.accept_languages": languages,
            "session.restore_on_startup": 4,  # these pages, not a new tab's large one
            "session.startup_urls": ["about:blank"],
            **dict(preferences),
        })
        if os.geteuid() == 0:
            options.add_argument("--no-sandbox")
        for argument in (*FLAGS, f"--user-data-dir={self.directory}", *arguments):
            options.add_argument(argument)
        connection = ChromiumRemoteConnection(
            chromedriver.url, vendor_prefix="goog", browser_name="chrome"
        )
        self.driver = webdriver.Remote(connection, options=options)
        self.process = self.driver.capabilities["goog:processID"]
        self._requested = []
        self._sent_headers = []

    def quit(self):
        """Ends it, with SIGKILL if it has to, and removes its profile."""
        try:
            self.driver.quit()
        except WebDriverException:
            pass
        if self._is_running():
            os.kill(self.process, signal.SIGKILL)
        shutil.rmtree(self.directory, ignore_errors=True)

    # Where it is

    @property
    def url(self):
        return self.driver.current_url

    @property
    def source(self):
        return self.driver.page_source

    @property
    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    @property
    def heading(self):
        return self.driver.find_element(By.TAG_NAME, "h1").text

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def devtools(self, command, **parameters):
        """A command of the DevTools protocol, which sees what a page's scripts do not."""
        return self.driver.execute(
            "executeCdpCommand", {"cmd": command, "params": parameters}
        )["value"]

    def history(self):
        """Every URL that the back button of this tab can reach, oldest first."""
        entries = self.devtools("Page.getNavigationHistory")["entries"]
        return [entry["url"] for entry in entries]

    def console(self):
        """What was written to the console since the last call, of all pages."""
        return self._log("browser")

    def requested(self):
        """The URLs that the pages have asked for so far, redirects included."""
        self._read_network()
        return self._requested

    def sent_headers(self):
        """The headers of each request so far as they were on the wire, names in lower case."""
        self._read_network()
        return self._sent_headers

    def _read_network(self):
        for entry in self._log("performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                self._requested.append(event["params"]["request"]["url"])
            elif event["method"] == "Network.requestWillBeSentExtraInfo":
                headers = event["params"]["headers"].items()
                self._sent_headers.append({name.lower(): value for name, value in headers})

    def _log(self, kind):
        return self.driver.execute("getLog", {"type": kind})["value"]

    # What a person does

    def load(self, url):
        self.driver.get(url)

    def reload(self):
        self.driver.refresh()

    def visible(self, element_id):
        """The element with that id once it is shown."""
        def shown():
            element = self.driver.find_element(By.ID, element_id)
            return element if element.is_displayed() else None
        return self.wait(shown, f"#{element_id}")

    def click(self, element_id):
        self.visible(element_id).click()

    def type(self, element_id, text):
        self.visible(element_id).send_keys(text)

    def press(self, key):
        self.driver.find_element(By.TAG_NAME, "body").send_keys(key)

    # Pictures

    def shoot(self, name, languages=("en", "ja")):
        """With MISSKEY_SCREENSHOTS, saves the page in every look, loaded anew for each language.

        Without languages it is not loaded again.
        """
        if not SCREENSHOTS:
            return
        for language in languages:
            self.speak(language)
            self.refresh()
            self._save_pictures(f"{name}-{language}")
        if not languages:
            self._save_pictures(name)
            return
        self.devtools("Network.setExtraHTTPHeaders", headers={})
        self.refresh()

    def _save_pictures(self, name):
        directory = Path(SCREENSHOTS)
        directory.mkdir(parents=True, exist_ok=True)
        for scheme, width in itertools.product(("light", "dark"), (360, 1200)):
            (directory / f"{name}-{scheme}-{width}.png").write_bytes(self.picture(scheme, width))
        self.devtools("Emulation.setEmulatedMedia", features=[])
        self.devtools("Emulation.clearDeviceMetricsOverride")

    def speak(self, language):
        """From now on asks for pages in that language."""
        self.devtools("Network.enable")
        self.devtools("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})

    def prefer(self, **features):
        """What the person has asked for: prefer(prefers_color_scheme="dark")."""
        wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.devtools("Emulation.setEmulatedMedia", features=wanted)

    def resize(self, width, height=640):
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )

    def picture(self, scheme, width, height=640):
        """The whole page as PNG, in a window of that size."""
        self.prefer(prefers_color_scheme=scheme)
        self.resize(width, height)
        answer = self.devtools("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(answer["data"])
