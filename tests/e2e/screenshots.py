# SPDX-License-Identifier: MIT
"""For scripts/screenshots: pictures of every page in every language, as PNG files in a directory, and of a terminal.

usage: screenshots.py WORK DIRECTORY: WORK is an empty directory for the programs.
"""

import sys
from pathlib import Path

from browser import Browser, Chromedriver, why_not
from harness import Daemon
from misskey_server import MisskeyServer
from page_gallery import Gallery
from terminal_picture import login_by_phone, svg

# By night too: what all look like then, the best known one shows.
DARK_TOO = ("authorized",)
WIDTH = 720


def shoot(browser, gallery, directory):
    for (name, language), url in gallery.urls.items():
        browser.speak(language)
        browser.open(url)
        # Its many shades would take the palette's colours away from what matters.
        browser.script("document.querySelector('main').style.boxShadow = 'none'")
        for scheme in ("light", "dark"):
            if scheme == "light" or name in DARK_TOO:
                suffix = "" if scheme == "light" else f"-{scheme}"
                picture = browser.picture(scheme, WIDTH, height=1)
                (directory / f"{name}-{language}{suffix}.png").write_bytes(picture)


def main(work, directory):
    reason = why_not()
    if reason:
        sys.exit(f"screenshots: {reason}")
    directory.mkdir(parents=True, exist_ok=True)
    with MisskeyServer(profile="2025") as server:
        daemon = Daemon(work / "terminal")
        daemon.configure(daemon="poll_interval = 1s")
        lines = login_by_phone(daemon.start(), server)
        assert daemon.stop() == 0
    (directory / "login-by-phone.svg").write_text(svg(lines), encoding="utf-8")
    chromedriver = Chromedriver()
    try:
        with Gallery(work) as gallery:
            browser = Browser(chromedriver, work / "profile", "--hide-scrollbars")
            try:
                shoot(browser, gallery, directory)
            finally:
                browser.quit()
    finally:
        chromedriver.stop()


main(Path(sys.argv[1]), Path(sys.argv[2]))
