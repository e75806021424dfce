# SPDX-License-Identifier: MIT
"""Hostile pages in the very browser in which a person logs in: they get nothing, and disturb no login."""

import contextlib
import http.server
import socket
import threading
import time

import pytest

from harness import LOGGED_IN, UNKNOWN_TOKEN, check_stored, session_token, wait_for

# Whatever makes a browser ask for an address. Each is waited for; some kinds say nothing when they have failed.
HOSTILE_PAGE = """<!doctype html><title>Kittens</title><body><script>
const within = (promise) => Promise.race([promise, new Promise((resolve) => setTimeout(resolve, 2000))]);
const settled = (element, append = true) => within(new Promise((resolve) => {
  element.onload = element.onerror = resolve;
  if (append) document.body.append(element);
}));
const make = (name, fields) => Object.assign(document.createElement(name), fields);

function submit(method, url) {
  const target = make("iframe", { name: "target" + Math.random() });
  const query = new URL(url).searchParams;
  const form = make("form", { method, action: url, target: target.name });
  for (const [name, value] of query) form.append(make("input", { name, value }));
  document.body.append(target, form);
  const sent = settled(target, false);
  form.submit();
  return sent;
}

const ended = (socket) => within(new Promise((resolve) => socket.onerror = socket.onopen = socket.onmessage = resolve));

async function askWorker(url) {
  const { active } = await navigator.serviceWorker.register("worker.js").then(() => navigator.serviceWorker.ready);
  const answer = new MessageChannel();
  const done = new Promise((resolve) => answer.port1.onmessage = resolve);
  active.postMessage(url, [answer.port2]);
  return within(done);
}

async function attack(url) {
  const fetched = (options) => fetch(url, { credentials: "include", mode: "no-cors", ...options }).catch(() => null);
  for (const rel of ["preconnect", "dns-prefetch", "prerender"])
    document.head.append(make("link", { rel, href: url }));
  document.body.append(make("div", { style: `background: url("${url}")`, textContent: "x" }));
  navigator.sendBeacon(url, "x");
  await Promise.all([
    settled(make("img", { src: url })),
    settled(make("iframe", { src: url })),
    settled(make("iframe", { srcdoc: `<meta http-equiv="refresh" content="0;url=${url}">` })),
    settled(make("object", { data: url })),
    settled(make("embed", { src: url })),
    settled(make("video", { src: url, preload: "auto" })),
    settled(make("audio", { src: url, preload: "auto" })),
    settled(make("script", { src: url })),
    settled(make("script", { src: url, type: "module" })),
    settled(make("link", { rel: "stylesheet", href: url })),
    settled(make("link", { rel: "prefetch", href: url })),
    settled(make("link", { rel: "preload", as: "script", href: url })),
    settled(make("link", { rel: "modulepreload", href: url })),
    settled(make("link", { rel: "manifest", href: url })),
    fetched({}), fetched({ method: "POST" }), fetched({ method: "HEAD" }), fetched({ keepalive: true }),
    fetched({ mode: "cors", method: "PUT", headers: { "X-Any": "y" } }),
    submit("get", url), submit("post", url),
    ended(new EventSource(url, { withCredentials: true })),
    ended(new WebSocket(url.replace("http", "ws"))),
    askWorker(url),
  ]);
}

function speculate(action, url) {
  const rules = { [action]: [{ source: "list", urls: [url], eagerness: "immediate" }] };
  document.head.append(make("script", { type: "speculationrules", textContent: JSON.stringify(rules) }));
}
</script>"""
WORKER = """
onmessage = async ({ data: url, ports: [answer] }) => {
  const fetched = (options) => fetch(url, { credentials: "include", mode: "no-cors", ...options }).catch(() => null);
  await Promise.all([fetched({}), fetched({ method: "POST" }), fetched({ cache: "reload", redirect: "manual" })]);
  answer.postMessage(true);
};
onfetch = (event) => event.respondWith(fetch(event.request));
"""


class Site(http.server.ThreadingHTTPServer):
    """HOSTILE_PAGE at every address but that of its service worker. It writes down what it is asked for."""

    def __init__(self, address=("127.0.0.1", 0)):
        super().__init__(address, Handler)
        self.requests = []
        self.connections = []
        self.origin = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        self.thread.start()
        return self

    def get_request(self):
        connection, address = super().get_request()
        self.connections.append(connection)
        return connection, address

    def __exit__(self, *_):
        self.shutdown()
        self.thread.join()
        self.server_close()
        # A browser's spare connections too: what comes after the end is for whoever has the port then.
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append((self.command, self.path, headers))
        is_worker = self.path == "/worker.js"
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if is_worker else "text/html; charset=utf-8")
        self.send_header("Supports-Loading-Mode", "credentialed-prerender")
        self.end_headers()
        self.wfile.write((WORKER if is_worker else HOSTILE_PAGE).encode())

    do_POST = do_HEAD = do_PUT = do_OPTIONS = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def site():
    """Another origin on loopback, the nearest that a hostile page can be."""
    with Site() as one:
        yield one


def attack(browser, url):
    browser.driver.set_script_timeout(30)
    script = "const [url, done] = arguments; attack(url).then(() => done(true))"
    assert browser.driver.execute_async_script(script, url)


def speculate(browser, action, url):
    """Has Chromium fetch the page in advance ("prefetch"), or load it in a hidden tab ("prerender")."""
    browser.script("speculate(arguments[0], arguments[1])", action, url)
    time.sleep(0.3)


def test_the_attacks_are_real(browser, site):
    """What the page does in the tests below does arrive at a server that takes it."""
    with Site() as target:
        browser.open(site.origin)
        attack(browser, target.origin + "/attacked")
        for action in ("prefetch", "prerender"):
            speculate(browser, action, f"{target.origin}/{action}")

        def seen(name, path="/attacked"):
            return {headers.get(name) for _, asked, headers in target.requests if asked == path}

        kinds = {"image", "iframe", "object", "embed", "script", "style", "video", "audio", "empty"}
        assert kinds <= seen("sec-fetch-dest") and "prefetch" in seen("sec-purpose")
        assert {"GET", "POST", "HEAD", "OPTIONS"} <= {method for method, _, _ in target.requests}
        assert "websocket" in seen("upgrade") and "text/event-stream" in seen("accept")
        # Those look like a person's navigation in all but one header.
        for action, purpose in (("prefetch", "prefetch"), ("prerender", "prefetch;prerender")):
            wait_for(lambda: seen("sec-purpose", f"/{action}") == {purpose}, what=action)
            assert seen("sec-fetch-mode", f"/{action}") == {"navigate"}
            assert seen("sec-fetch-dest", f"/{action}") == {"document"}


def test_a_hostile_page_consumes_nothing(server_2025, daemon, browser, site):
    """It even knows the link and the token, and sits in the browser that has the cookie."""
    driver = browser.driver
    login = daemon.login("me", server=server_2025.origin)
    token = session_token(server_2025)

    browser.open(site.origin)
    attack(browser, login["start_url"])
    speculate(browser, "prefetch", login["start_url"])
    speculate(browser, "prerender", login["start_url"])
    hostile = driver.current_window_handle
    driver.switch_to.new_window("tab")
    browser.open(login["start_url"])
    browser.sign_in()
    browser.visible("accept")
    person = driver.current_window_handle

    driver.switch_to.window(hostile)
    server_2025.accept(token, "alice")  # the moment in which a callback would be worth most
    attack(browser, daemon.callback_url(token))
    speculate(browser, "prerender", daemon.callback_url(token))
    # Windows of its own look like a person's navigation. With another token they lead nowhere,
    # and Cross-Origin-Opener-Policy keeps the page from looking into them.
    browser.script(
        "window.popup = window.open(arguments[0])", daemon.callback_url(UNKNOWN_TOKEN)
    )
    (popup,) = set(driver.window_handles) - {hostile, person}
    driver.switch_to.window(popup)
    browser.wait_for_heading("There is nothing at this address")
    assert browser.script("return window.opener") is None
    driver.switch_to.window(hostile)
    browser.wait(lambda: browser.script("return window.popup.closed"), "the loss of the window")
    browser.script(
        "document.body.append(make('form', { id: 'form', method: 'post', action: arguments[0] }));"
        "document.getElementById('form').submit()",
        daemon.callback_url(token),
    )
    browser.wait_for_heading("This request was refused")

    assert not server_2025.calls("auth/session/userkey")
    assert daemon.account("me")["login"]["state"] == "consent"
    driver.switch_to.window(person)
    browser.accept()
    browser.wait_for_heading(LOGGED_IN)
    check_stored(daemon, server_2025)


@pytest.mark.parametrize("way", ["window.open(url)", "location = url", "submit to top"])
def test_a_window_of_a_hostile_page_is_no_more_than_a_reload(server_2025, daemon, browser, site, way):
    """With the real token it looks like the server's redirect, and the cookie goes with it. It is asked then whether
    there is a consent; there is none, so it leads back to the server's page, and the person's click comes as if nothing
    had been."""
    driver = browser.driver
    login = daemon.login("me", server=server_2025.origin)
    browser.open(login["start_url"])
    browser.sign_in()
    browser.visible("accept")
    person = driver.current_window_handle
    driver.switch_to.new_window("tab")
    browser.open(site.origin)
    before = set(driver.window_handles)
    browser.script({
        "window.open(url)": "window.open(arguments[0])",
        "location = url": "location = arguments[0]",
        "submit to top": "const form = make('form', { action: arguments[0] });"
                         "form.append(make('input', { name: 'token', value: arguments[1] }));"
                         "document.body.append(form); form.submit()",
    }[way], daemon.callback_url(session_token(server_2025)), session_token(server_2025))
    if opened := set(driver.window_handles) - before:
        driver.switch_to.window(opened.pop())
    server_2025.wait_for_calls("auth/session/userkey")
    browser.visible("accept")
    assert driver.current_url.startswith(server_2025.origin)
    assert daemon.account("me")["login"]["state"] == "consent" and not daemon.credentials()
    driver.switch_to.window(person)
    browser.accept()
    browser.wait_for_heading(LOGGED_IN)
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"
    assert daemon.credentials()["me"]["user"]["username"] == "alice"


READ_EVERYTHING = """
const [paths, done] = [arguments[0], arguments[1]];
const read = (path) => fetch(path, { credentials: "include", redirect: "manual" })
  .then((reply) => reply.text().then((text) => [path, reply.status, reply.type, text]));
Promise.all(paths.map(read)).then(done, (error) => done(String(error)));
"""


def test_a_rebound_name_reads_nothing(server_2025, make_daemon, make_browser):
    """The page came from the very name and port that now lead to the daemon, so the browser lets it read the answers:
    the daemon has none for that name."""
    daemon = make_daemon(servers=[server_2025])
    browser = make_browser("--host-resolver-rules=MAP rebound.test 127.0.0.1")
    hostile = f"http://rebound.test:{daemon.port}"
    with Site(("127.0.0.1", daemon.port)):
        browser.open(hostile)
        hostile_window = browser.driver.current_window_handle
    daemon.start()
    login = daemon.login("me", server=server_2025.origin)
    token = session_token(server_2025)
    start = login["start_url"].partition(str(daemon.port))[2]
    browser.driver.set_script_timeout(20)

    def read(*paths):
        answers = browser.driver.execute_async_script(READ_EVERYTHING, paths)
        assert [(status, kind) for _, status, kind, _ in answers] == [(400, "basic")] * len(paths)
        for _, _, _, text in answers:
            assert "This request was refused" in text
            assert not any(hint in text for hint in (token, start, server_2025.origin, "alice"))

    read("/", start, f"/callback?token={token}", f"/callback?token={UNKNOWN_TOKEN}", "/result/0", "/v1/status")
    browser.driver.switch_to.new_window("tab")
    browser.open(login["start_url"])
    browser.sign_in()
    browser.visible("accept")
    person = browser.driver.current_window_handle
    browser.driver.switch_to.window(hostile_window)
    server_2025.accept(token, "alice")
    read("/", start, f"/callback?token={token}")
    # Nor as a page of that name.
    browser.script("window.open(arguments[0])", f"{hostile}/callback?token={token}")
    (opened,) = set(browser.driver.window_handles) - {hostile_window, person}
    browser.driver.switch_to.window(opened)
    browser.wait_for_heading("This request was refused")
    assert not server_2025.calls("auth/session/userkey")
    browser.driver.switch_to.window(person)
    browser.accept()
    browser.wait_for_heading(LOGGED_IN)
    check_stored(daemon, server_2025)
