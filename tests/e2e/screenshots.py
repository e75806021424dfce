# SPDX-License-Identifier: MIT
"""For scripts/screenshots: pictures of every page in every language, as PNG files in a directory.

usage: screenshots.py DIRECTORY
"""

import sys
from pathlib import Path

from browser import Browser, Chromedriver, why_not
from page_gallery import Gallery

# Pages whose look in the dark says something more than the others'.
DARK_TOO = ("authorized", "wrong-user")
WIDTH = 720
# Always the same: one page shows the path of a file in it.
WORK = Path("/tmp/misskey-authd-pages")


def shoot(browser, gallery, directory):
    for (name, language), url in gallery.urls.items():
        browser.speak(language)
        browser.open(url)
        for scheme in ("light", "dark"):
            if scheme == "light" or name in DARK_TOO:
                suffix = "" if scheme == "light" else f"-{scheme}"
                picture = browser.picture(scheme, WIDTH, height=1)
                (directory / f"{name}-{language}{suffix}.png").write_bytes(picture)


def main(directory):
    reason = why_not()
    if reason:
        sys.exit(f"screenshots: {reason}")
    directory.mkdir(parents=True, exist_ok=True)
    chromedriver = Chromedriver()
    try:
        with Gallery(WORK) as gallery:
            browser = Browser(chromedriver, WORK / "profile", "--hide-scrollbars")
            try:
                shoot(browser, gallery, directory)
            finally:
                browser.quit()
    finally:
        chromedriver.stop()


main(Path(sys.argv[1]))
