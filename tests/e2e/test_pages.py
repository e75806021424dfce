# SPDX-License-Identifier: MIT
"""The pages in a real browser: for everybody, in every window, in each language. axe-core knows the rules of WCAG."""

from pathlib import Path

import pytest

from browser import Keys
from harness import npm_install
from page_gallery import LANGUAGES, SERVER, Gallery

AXE = Path(__file__).parent / "axe"

# With a rule of WCAG 2.2 that is off by default.
EVERYTHING = {"rules": {"target-size": {"enabled": True}}}
COLOURS = {"runOnly": ["color-contrast"]}
RUN_AXE = """
    const [options, done] = arguments;
    axe.run(document, options).then(
        found => done(found.violations.concat(found.incomplete).map(
            each => each.id + ": " + each.nodes.map(node => node.html + " " + node.failureSummary).join("; "))),
        error => done([String(error)]));
"""

LOOK = """
    return {
        lang: document.documentElement.lang,
        title: document.title,
        headings: [...document.querySelectorAll("h1")].map(each => each.innerText.trim()),
        scripts: document.scripts.length,
        loaded: performance.getEntriesByType("resource").map(each => each.name),
    };
"""
TEXT_SIZE = "return getComputedStyle(document.querySelector('main p')).fontSize"
WIDTH = "return document.documentElement.scrollWidth"
# The words of commands that are on more than one line, although a line has room for them, in pages of any width.
BROKEN_WORDS = """
    const broken = new Set();
    for (let width = 260; width < 580; width += 4) {
        document.querySelector("main").style.width = width + "px";
        for (const code of document.querySelectorAll("pre code")) {
            const texts = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
            while (texts.nextNode())
                for (const word of texts.currentNode.data.matchAll(/[^ ]+/g)) {
                    const range = document.createRange();
                    range.setStart(texts.currentNode, word.index);
                    range.setEnd(texts.currentNode, word.index + word[0].length);
                    const lines = [...range.getClientRects()];
                    const length = lines.reduce((sum, line) => sum + line.width, 0);
                    if (new Set(lines.map(line => line.top)).size > 1 && length <= code.getBoundingClientRect().width)
                        broken.add(word[0]);
                }
        }
    }
    return [...broken];
"""


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    """The source of axe-core, as npm installs it."""
    copy = npm_install(AXE, tmp_path_factory.mktemp("npm") / "axe")
    return (copy / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def gallery(chromedriver, tmp_path_factory):
    with Gallery(tmp_path_factory.mktemp("gallery")) as one:
        yield one


@pytest.fixture
def browser(shared_browser):
    """As if it were new."""
    shared_browser.speak("en")
    shared_browser.prefer()
    shared_browser.resize(1280)
    return shared_browser


def set_window(browser, width, zoom):
    """Zoomed text, as the browser's setting for the size of the font does it, in a window of that width."""
    browser.resize(width)
    browser.script("document.documentElement.style.fontSize = arguments[0]", f"{zoom * 100}%")


def open_pages(browser, gallery, language):
    """Opens each page in turn; yields its name."""
    browser.speak(language)
    for (name, spoken), url in gallery.urls.items():
        if spoken == language:
            browser.open(url)
            yield name


def run_axe(browser, axe, options):
    """What axe-core complains of or is not sure of. The page, whose policy forbids scripts, does not bring it in."""
    if not browser.script("return Boolean(window.axe)"):
        browser.script(axe + "; window.axe = axe;")
    return browser.driver.execute_async_script(RUN_AXE, options)


# What people with other eyes, hands and settings need


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing(axe, gallery, browser, language):
    found = {}
    for name in open_pages(browser, gallery, language):
        for scheme, options in (("light", EVERYTHING), ("dark", COLOURS)):
            browser.prefer(prefers_color_scheme=scheme)
            found[name, scheme] = run_axe(browser, axe, options)
    assert {key: complaints for key, complaints in found.items() if complaints} == {}
    assert len(found) == 2 * gallery.count(language)


def test_axe_would_find_something(axe, gallery, browser):
    browser.open(gallery.urls["authorized", "en"])
    browser.script("document.documentElement.lang = ''; document.querySelector('.note').style.color = '#ccc'")
    found = run_axe(browser, axe, EVERYTHING)
    assert sorted(each.partition(":")[0] for each in found) == ["color-contrast", "html-has-lang"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_sticks_out_and_nothing_comes_from_elsewhere(gallery, browser, language):
    titles = set()
    for name in open_pages(browser, gallery, language):
        seen = browser.script(LOOK)
        [heading] = seen["headings"]
        assert (seen["lang"], seen["title"]) == (language, f"{heading} – misskey-authd"), name
        assert (seen["scripts"], [url for url in seen["loaded"] if "favicon.ico" not in url]) == (0, []), name
        titles.add(seen["title"])
        for width, zoom in ((1280, 1), (360, 1), (320, 2)):
            set_window(browser, width, zoom)
            assert browser.script(TEXT_SIZE) == f"{16 * zoom}px"
            assert browser.script(WIDTH) <= width, (name, width, zoom)
    assert len(titles) == gallery.count(language)


def test_no_word_of_a_command_is_broken(gallery, browser):
    commands = set()
    for name in open_pages(browser, gallery, "en"):
        commands.add(browser.script("return (document.querySelector('pre code') || document.body).innerText"))
        assert browser.script(BROKEN_WORDS) == [], name
    assert "misskey-authctl login misskey.example --user alice --as work" in commands, "as it is copied"


def test_the_keyboard_reaches_the_link_and_shows_it(gallery, browser):
    browser.open(gallery.urls["authorized", "en"])
    browser.press(Keys.TAB)
    focused = browser.script("""
        const one = document.activeElement, style = getComputedStyle(one);
        return [one.href, one.textContent, style.outlineStyle, parseFloat(style.outlineWidth) >= 2];
    """)
    assert focused == [f"{SERVER}/settings/apps", "misskey.example/settings/apps", "solid", True]


def test_nothing_moves_for_those_who_want_it_so(gallery, browser):
    moving = "return getComputedStyle(document.querySelector('.spin')).animationName"
    browser.open(gallery.urls["waiting", "en"])
    assert browser.script(moving) == "spin"
    browser.prefer(prefers_reduced_motion="reduce")
    assert browser.script(moving) == "none"


def test_forced_colours_leave_the_signs_to_be_seen(gallery, browser):
    browser.prefer(forced_colors="active")
    for name in ("authorized", "wrong-user", "lost", "root"):
        browser.open(gallery.urls[name, "en"])
        sign, card = browser.script("""
            return [getComputedStyle(document.querySelector(".sign")).color,
                    getComputedStyle(document.querySelector("main")).backgroundColor];
        """)
        assert sign != card, name


def test_the_icon_is_a_picture(gallery, browser):
    """As a tab shows it: alone, without the pages' style."""
    browser.open(gallery.urls["root", "en"])
    drawn = browser.driver.execute_async_script("""
        const done = arguments[arguments.length - 1], icon = new Image();
        icon.onload = () => {
            const canvas = document.createElement("canvas").getContext("2d");
            canvas.drawImage(icon, 0, 0, 48, 48);
            done([[24, 6], [0, 47]].map(at => canvas.getImageData(...at, 1, 1).data[3]));
        };
        icon.onerror = () => done("error");
        icon.src = document.querySelector("link[rel=icon]").href;
    """)
    assert drawn == [255, 0]


# What axe-core it is


def test_npm_gets_exactly_one_version():
    lock = (AXE / "package-lock.json").read_text(encoding="utf-8")
    assert '"integrity"' in lock
    # Which registry it comes from is for npm to say.
    assert "resolved" not in lock and "://" not in lock
