# SPDX-License-Identifier: MIT
"""What other programs, pages and users reach: nothing but the right token in the right browser changes anything."""

import contextlib
import os
import re
import select
import socket
import subprocess
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import (
    LOGGED_IN, SECURITY_HEADERS, PlainBrowser, accept, authorize, connections_to, needs_root, open_start,
    seconds_of, wait_for,
)
from misskey_server import Delay

USERKEY = "auth/session/userkey"
TOKEN = "0a8ad7d6-0d3b-4d4b-8d2a-0123456789ab"


class Reply:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        self.raw = raw


def send(daemon, request, address="127.0.0.1"):
    """The raw bytes, and what comes back until the daemon closes."""
    with socket.create_connection((address, daemon.port), 10) as connection:
        connection.sendall(request)
        raw = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                raw += chunk
    return Reply(raw) if raw else None


def ask(daemon, target, *headers, method="GET", host=None):
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host or f'127.0.0.1:{daemon.port}'}", *headers, "", ""]
    return send(daemon, "\r\n".join(lines).encode("latin-1"))


@pytest.fixture
def pending(server_2025, daemon):
    """A consented login whose redirect has not come yet: (browser, token, cookie header)."""
    browser, token = accept(daemon, server_2025, daemon.login("me", server=server_2025.origin))
    (cookie,) = browser.cookies
    return browser, token, f"Cookie: {cookie.name}={cookie.value}"


@pytest.fixture
def untouched(server_2025, daemon, pending):
    """Whatever the test did, the login was not consumed and completes."""
    yield pending
    assert not server_2025.calls(USERKEY)
    assert daemon.account("me")["login"]["state"] == "consent"
    browser, token, _ = pending
    assert "You are logged in" in browser.get(daemon.callback_url(token))[3]
    assert len(server_2025.calls(USERKEY)) == 1


def refused(reply, status):
    assert reply.status == status
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    for name, value in SECURITY_HEADERS.items():
        assert reply.headers[name] == value
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
    assert "set-cookie" not in reply.headers and "location" not in reply.headers


# Where it listens


def test_only_127_0_0_1_is_listened_on(daemon):
    assert ask(daemon, "/").status == 200
    others = ["127.0.0.2", "::1"]
    names = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False).stdout.split()
    for address in others + [name for name in names if ":" not in name]:
        with pytest.raises(OSError):
            socket.create_connection((address, daemon.port), 1).close()
    lines = open("/proc/net/tcp", encoding="ascii").read().splitlines()[1:]
    listening = [line.split()[1] for line in lines if line.split()[3] == "0A"]
    assert [each for each in listening if each.endswith(f":{daemon.port:04X}")] == [f"0100007F:{daemon.port:04X}"]


# Whom it answers


@pytest.mark.parametrize("host", [
    "evil.example", "evil.example:{port}", "localhost:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:{port}.evil.example",
    "127.1:{port}", "[::1]:{port}", "127.0.0.1:0{port}", "x@127.0.0.1:{port}",
])  # fmt: skip
def test_another_host_is_refused(daemon, untouched, host):
    _, token, cookie = untouched
    refused(ask(daemon, f"/callback?token={token}", cookie, host=host.format(port=daemon.port)), 400)
    refused(ask(daemon, "/", host=host.format(port=daemon.port)), 400)


def test_a_missing_or_repeated_host_is_refused(daemon, untouched):
    _, token, cookie = untouched
    right = f"Host: 127.0.0.1:{daemon.port}\r\n"
    start = f"GET /callback?token={token} HTTP/1.1\r\n{cookie}\r\n"
    for hosts in ("", right + right, right + "Host: evil.example\r\n", "Host: evil.example\r\n" + right):
        assert send(daemon, f"{start}{hosts}\r\n".encode()).status == 400
    assert send(daemon, f"GET /callback?token={token} HTTP/1.0\r\n{cookie}\r\n\r\n".encode()).status == 400


def test_an_absolute_target_is_not_ours(daemon, untouched):
    _, token, cookie = untouched
    for origin in (f"http://127.0.0.1:{daemon.port}", "http://evil.example", ""):
        target = f"{origin}/callback?token={token}" if origin else f"//callback?token={token}"
        refused(ask(daemon, target, cookie), 404)


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS", "PUT", "DELETE", "TRACE", "get", "BREW"])
def test_only_get(daemon, untouched, method):
    _, token, cookie = untouched
    for target in (f"/callback?token={token}", "/", f"/result/{'0' * 32}", f"/start/{'0' * 32}"):
        reply = ask(daemon, target, cookie, method=method)
        refused(reply, 405)
        assert reply.headers["allow"] == "GET"


def test_a_body_is_not_taken(daemon, untouched):
    _, token, cookie = untouched
    request = f"POST /callback?token={token} HTTP/1.1\r\nHost: 127.0.0.1:{daemon.port}\r\n{cookie}\r\nContent-Length: 4\r\n\r\nx=1\n"
    assert send(daemon, request.encode()).status in (405, 413)
    with_get = request.replace("POST", "GET", 1)
    assert send(daemon, with_get.encode()).status in (400, 413)


@pytest.mark.parametrize("headers", [
    ("Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"), ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"),
    ("Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty"), ("Sec-Fetch-Dest: script",), ("Sec-Fetch-Mode: websocket",),
    ("Sec-Fetch-Dest: object",), ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Mode: navigate"),
    ("Sec-Purpose: prefetch", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"),
    ("Sec-Purpose: prefetch;prerender",), ("Purpose: prefetch",), ("Origin: http://127.0.0.1:1",), ("Origin: null",),
    ("Upgrade: websocket", "Connection: Upgrade", "Origin: http://evil.example", "Sec-WebSocket-Version: 13"),
])  # fmt: skip
def test_what_is_no_navigation_is_refused(daemon, untouched, headers):
    _, token, cookie = untouched
    refused(ask(daemon, f"/callback?token={token}", cookie, *headers), 400)
    refused(ask(daemon, "/", *headers), 400)


def test_a_subresource_does_not_use_up_the_start_link(server_2025, daemon):
    login = daemon.login("me", server=server_2025.origin)
    path = "/start/" + login["start_url"].rsplit("/", 1)[1]
    refused(ask(daemon, path, "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"), 400)
    refused(ask(daemon, path, "Purpose: prefetch"), 400)
    refused(ask(daemon, path, "Origin: http://evil.example"), 400)
    refused(ask(daemon, path, method="HEAD"), 405)
    assert PlainBrowser().get(login["start_url"], follow=False)[0] == 303


# Which targets


def test_targets_that_are_not_exactly_the_callback(daemon, untouched):
    _, token, cookie = untouched
    expected = {
        f"/callback?token={uuid.uuid4()}": 404,
        f"/callback?token={TOKEN}": 404,
        f"/callback%00?token={token}": 404,
        f"/%63allback?token={token}": 404,
        f"/Callback?token={token}": 404,
        f"/callback/?token={token}": 404,
        f"/./callback?token={token}": 404,
        f"/callback%3ftoken={token}": 404,
        f"/x/../callback?token={token}": 404,
        f"/callback?token={token}&token={token}": 400,
        f"/callback?token={TOKEN}&token={token}": 400,
        f"/callback?token={token}&code={token}&token=": 400,
        f"/callback?code={token}&state=": 400,
        f"/callback?token={token}{'&x' * 16}": 400,
        f"/callback?token={token}&x={'x' * 2048}": 400,
        f"/callback?x=1?token={token}": 400,
        f"/callback?token={token}%00": 400,
        f"/callback?token={token}#x": 400,
        f"/callback?token=+{token}": 400,
        f"/callback?TOKEN={token}": 400,
        f"/callback?token[]={token}": 400,
        f"/callback?token={token[:-1]}": 400,
        f"/callback?token={token}0": 400,
        "/callback?token": 400,
        "/callback?token=": 400,
        "/callback?": 400,
        "/callback": 400,
        "/result/": 404,
        f"/result/{'0' * 32}": 404,
        f"/start/{'0' * 32}": 404,
        f"/start/{'0' * 31}": 404,
        "/v1/status": 404,
        "/v1/accounts/me/token": 404,
        "/token": 404,
        "/?x=1": 404,
        "*": 404,
    }
    for target, status in expected.items():
        reply = ask(daemon, target, cookie)
        assert reply.status == status, target
        refused(reply, status)
        assert token.encode() not in reply.raw


@pytest.mark.parametrize("cookies", [0, 230])
@pytest.mark.parametrize("query", [
    "token={token}&code={token}&state=",
    "state=%26token%3D&code={token}&token={token}",
    # As many and as long as are taken
    "token={token}" + "&" * 15 + "x" * (2048 - 42 - 15),
], ids=["three", "the last one", "as many as are taken"])
def test_other_parameters_are_let_be(server_2025, daemon, pending, query, cookies):
    """Calckey, Firefish and Iceshrimp (JS) come back with three. Whichever cookies come with them."""
    _, token, cookie = pending
    target = "/callback?" + query.format(token=token)
    others = "".join(f"; other{n}={'x' * 1024}" for n in range(cookies))
    refused(ask(daemon, target, f"Cookie: a=b{others}"), 403)
    assert ask(daemon, target.replace(token, TOKEN), cookie + others).status == 404
    assert not server_2025.calls(USERKEY)
    assert ask(daemon, target, cookie + others).status == 303
    assert daemon.outcome("me")["outcome"] == "AUTHORIZED"


def test_overlong_requests_are_refused(daemon, untouched):
    _, token, cookie = untouched
    parameters = (f"/callback?token={token}{'&x' * count}" for count in (100, 400, 600, 1000, 3000, 10_000, 60_000))
    for target in ("/" + "x" * 5000, f"/callback?token={token}&{'x' * 20_000}", "/" + "x" * 100_000, *parameters):
        reply = ask(daemon, target, cookie)
        assert reply is None or reply.status in (400, 404, 414, 431)
    reply = ask(daemon, "/", "X-Padding: " + "x" * 300_000)
    assert reply is None or reply.status in (413, 431)
    assert ask(daemon, "/", "Cookie: " + "x" * 8000).status == 200


def test_cookies_of_other_servers_are_no_hindrance(server_2025, daemon, pending):
    """Up to 256 KiB of them, big or small; a browser sends them in one header."""
    _, token, cookie = pending
    for size, count in ((1024, 230), (4000, 60), (240_000, 1), (500, 180)):
        others = "; ".join(f"other{n}={'x' * size}" for n in range(count))
        reply = ask(daemon, f"/callback?token={token}", f"Cookie: {others}")
        refused(reply, 403)
        assert b"misskey-authctl callback" in reply.body
        assert ask(daemon, "/", f"Cookie: {others}").status == 200
    others = "; ".join(f"other{n}={'x' * 1024}" for n in range(230))
    assert ask(daemon, f"/callback?token={token}", f"Cookie: {others}; {cookie.removeprefix('Cookie: ')}").status == 303


@pytest.mark.parametrize("size", [300_000, 1_000_000, 8_000_000])
def test_more_cookies_than_are_taken_get_a_page_with_the_next_step(daemon, untouched, size):
    _, token, cookie = untouched
    others = "; ".join(f"other{n}={'x' * 4000}" for n in range(size // 4000))
    for _ in range(5):
        reply = ask(daemon, f"/callback?token={token}", f"{cookie}; {others}")
        refused(reply, 431)
        assert reply.raw.count(b"HTTP/1.1 ") == 1 and token.encode() not in reply.raw
        assert int(reply.headers["content-length"]) == len(reply.body)
        assert b"misskey-authctl callback" in reply.body and b"too many cookies" in reply.body
    assert ask(daemon, "/").status == 200


def test_large_heads_take_bounded_room(daemon, untouched):
    """Every connection that there is has a head just below the limit, and none has its end."""
    before = daemon.memory()
    head = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{daemon.port}\r\nCookie: a=".encode() + b"x" * 250_000
    with contextlib.ExitStack() as stack:
        for _ in range(64):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", daemon.port), 10))
            connection.sendall(head)
        wait_for(lambda: daemon.memory() - before > 10e6, what="the heads")
        assert daemon.memory() - before < 64 * 2 * 256 * 1024
    # What stays is what the sanitizers keep.
    wait_for(lambda: daemon.memory() - before < 15e6, what="the end of the connections")
    assert ask(daemon, "/").status == 200


def test_a_refused_head_that_never_ends_is_closed(daemon):
    with socket.create_connection(("127.0.0.1", daemon.port), 10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nCookie: a=" + b"x" * 300_000)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(600):
                connection.sendall(b"x")
                time.sleep(0.1)
            raise AssertionError("still open")
    assert daemon.stop() == 0


FLOODS = {
    "headers": b"X: y\r\n" * 100_000,
    "a name": b"X-%b: y\r\n" % (b"x" * 1_000_000),
    "a value": b"X: %b\r\n" % (b"y" * 10_000_000),
    "cookie headers": b"Cookie: misskey-authd-0=0\r\n" * 20_000,
    "cookies": b"Cookie: %b\r\n" % (b"a=b; " * 200_000),
}


def test_a_flood_of_headers_is_cut_off(daemon, untouched):
    _, token, cookie = untouched
    before = daemon.memory()
    head = f"GET /callback?token={token} HTTP/1.1\r\nHost: 127.0.0.1:{daemon.port}\r\n{cookie}\r\n".encode()
    for what in 5 * list(FLOODS):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            reply = send(daemon, head + FLOODS[what] + b"\r\n")
            assert reply is None or reply.status in (413, 431), what
    assert daemon.memory() - before < 4e6
    assert ask(daemon, "/").status == 200


# Bytes that two readers could take for different requests. {callback} is a complete good one.
SMUGGLED = {
    "two lengths": "GET {first}\r\nContent-Length: 0\r\nContent-Length: {size}\r\n\r\n{callback}",
    "a list of lengths": "GET {first}\r\nContent-Length: 0, {size}\r\n\r\n{callback}",
    "a length with a sign": "GET {first}\r\nContent-Length: +{size}\r\n\r\n{callback}",
    "a length beyond all numbers": "GET {first}\r\nContent-Length: 18446744073709551616\r\n\r\n{callback}",
    "a length and chunks":
        "POST {first}\r\nContent-Length: {size}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{callback}",
    "chunks and a length":
        "GET {first}\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n{callback}",
    "chunks that are none": "GET {first}\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n{callback}",
    "a chunk without end": "GET {first}\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{callback}",
    "another coding": "GET {first}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{callback}",
    "a blank before the colon": "GET {first}\r\nContent-Length : {size}\r\n\r\n{callback}",
    "a folded line": "GET {first}\r\nX: y\r\n Content-Length: {size}\r\n\r\n{callback}",
    "bare line feeds": "GET {first}\nX: y\n\n{callback}",
    "bare carriage returns": "GET {first}\rX: y\r\r{callback}",
    "in the body of a GET": "GET {first}\r\nContent-Length: {size}\r\n\r\n{callback}",
    "in the body of a POST": "POST {first}\r\nContent-Length: {size}\r\n\r\n{callback}",
    "in a row": "GET {first}\r\n\r\n{callback}",
    "after a refusal": "BREW {first}\r\n\r\n{callback}",
    "in a row with keep-alive": "GET {first}\r\nConnection: keep-alive\r\n\r\n{callback}",
    "after an upgrade": "GET {first}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n{callback}",
    "as HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{callback}",
}  # fmt: skip


def test_no_request_hides_in_another(daemon, untouched):
    """One connection is one request: what follows it, or is its body, is never read as another."""
    _, token, cookie = untouched
    host = f"HTTP/1.1\r\nHost: 127.0.0.1:{daemon.port}"
    callback = f"GET /callback?token={token} {host}\r\n{cookie}\r\n\r\n"
    for shape, text in SMUGGLED.items():
        raw = b""
        with socket.create_connection(("127.0.0.1", daemon.port), 0.5) as connection:
            connection.sendall(text.format(first=f"/ {host}", callback=callback, size=len(callback)).encode())
            connection.shutdown(socket.SHUT_WR)
            # The end of a body in an unknown coding is waited for.
            with contextlib.suppress(ConnectionResetError, TimeoutError):
                while chunk := connection.recv(65536):
                    raw += chunk
        # libmicrohttpd 0.9.75 sends the head of some of its own refusals twice.
        assert len(set(re.findall(rb"HTTP/1\.\d (\d+)", raw))) <= 1 and b"/result/" not in raw, shape


def test_what_is_no_request_harms_nothing(daemon, untouched):
    for nonsense in (
        b"\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01", b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n\x00: x\r\n\r\n", b"\xff" * 64 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nzzz\r\n",
    ):  # fmt: skip
        with socket.create_connection(("127.0.0.1", daemon.port), 0.2) as connection:
            connection.sendall(nonsense)
            connection.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError, TimeoutError):
                reply = connection.recv(65536)
                assert not reply or reply.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5", b"HTTP/1.0 4", b"HTTP/1.0 5"))
        assert ask(daemon, "/").status == 200


def test_the_icon_takes_no_token_from_its_referer(daemon, untouched):
    _, token, cookie = untouched
    referer = f"Referer: {daemon.callback_url(token)}"
    reply = ask(daemon, "/favicon.ico", referer, cookie, "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image")
    assert reply.status == 200 and reply.headers["content-type"] == "image/svg+xml"
    assert token.encode() not in reply.raw
    assert ask(daemon, "/", referer, cookie).status == 200


def test_without_the_right_cookie_the_callback_is_not_taken(daemon, untouched):
    _, token, cookie = untouched
    name, value = cookie.removeprefix("Cookie: ").split("=")
    for wrong in ((), (f"Cookie: {name}={'0' * len(value)}",), (f"Cookie: {name}={value}0",), (f"Cookie: x{name}={value}",),
                  (cookie, cookie), (f"Cookie: {name}=",), (f"X-Cookie: {name}={value}",)):
        reply = ask(daemon, f"/callback?token={token}", *wrong)
        refused(reply, 403)
        assert value.encode() not in reply.raw and b"misskey-authctl callback" in reply.body


def test_the_cookie_is_hidden_and_knows_no_clock(server_2025, daemon):
    login = daemon.login("me", server=server_2025.origin)
    reply = ask(daemon, "/start/" + login["start_url"].rsplit("/", 1)[1], "Accept: text/html")
    attributes = reply.headers["set-cookie"].split("; ")
    assert sorted(attributes[1:]) == ["HttpOnly", "Path=/", "SameSite=Lax"]
    assert reply.status == 303 and reply.headers["location"].startswith(server_2025.origin + "/auth/")
    for name, value in SECURITY_HEADERS.items():
        assert reply.headers[name] == value


def test_nothing_of_a_request_is_in_its_reply(daemon):
    marker = "MaRkEr"
    evil = f"<script>{marker}</script>"
    headers = [f"{name}: {evil}" for name in ("Referer", "User-Agent", "Accept-Language", "Cookie", "Origin", "X-Any")]
    targets = [f"/{marker}", f"/callback?token={marker}", f"/callback?error={evil.replace(' ', '')}", f"/start/{marker}",
               f"/result/{marker}", f"/?{marker}", f"/callback?error_description={marker}&token={TOKEN}", f"/{evil}"]
    for target in targets:
        for method in ("GET", "POST", marker):
            reply = ask(daemon, target, *headers, method=method)
            assert marker.encode() not in reply.raw, (method, target)
        reply = ask(daemon, target, host=f"{marker}.example")
        assert marker.encode() not in reply.raw, target
    assert marker not in daemon.log()


def test_an_unknown_result_says_nothing_of_others(server_2025, daemon):
    authorize(daemon, server_2025)
    reply = ask(daemon, f"/result/{'0' * 32}")
    refused(reply, 404)
    for hint in (b"alice", server_2025.origin.encode(), b">me<"):
        assert hint not in reply.raw


# The same redirect again and again


def test_a_page_that_loads_itself_again_is_answered_when_there_is_news(server_2025, daemon):
    """The first time it comes at once; then it stays to be read until something has changed."""
    browser, token = open_start(daemon.login("me", server=server_2025.origin)["start_url"])
    # The first leads back to the server's page, once.
    assert browser.get(daemon.callback_url(token))[1].startswith(server_2025.origin)
    pages = [browser.get(daemon.callback_url(token)), browser.get(daemon.callback_url(token))]
    assert all("Waiting for your consent" in page for _, _, _, page in pages)
    result = pages[0][1]
    with ThreadPoolExecutor() as pool:
        again = pool.submit(PlainBrowser().get, result, **{"Sec-Fetch-Site": "same-origin"})
        wait_for(lambda: connections_to(daemon.port) > 0, what="the request")
        server_2025.accept(token, "alice")
        browser.get(daemon.callback_url(token))
        assert LOGGED_IN in again.result(5)[3]


def test_a_callback_that_comes_twenty_times_at_once_is_one(server_2025, daemon, pending):
    """A browser that repeats a request, or restores twenty tabs: one exchange, one result for all."""
    _, token, cookie = pending
    server_2025.misbehave(USERKEY, Delay(0.5))
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda _: ask(daemon, f"/callback?token={token}", cookie), range(20)))
        assert {reply.status for reply in replies} == {303}
        (result,) = {reply.headers["location"] for reply in replies}
        shown = list(pool.map(lambda _: ask(daemon, result).body, range(20)))
    assert len(set(shown)) == 1 and b"You are logged in" in shown[0]
    assert len(server_2025.calls(USERKEY)) == 1
    # And once more when all is over.
    assert ask(daemon, f"/callback?token={token}", cookie).headers["location"] == result


# Many and slow clients

FLOOD = """
import itertools, resource, select, socket, sys, time
port, count, first, wait = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode(), float(sys.argv[4])
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
poll, open_now, due = select.poll(), {}, []
def connect():
    one = socket.socket()
    one.setblocking(False)
    one.connect_ex(("127.0.0.1", port))
    open_now[one.fileno()] = one
    poll.register(one, select.POLLIN)
for _ in range(count):
    connect()
print("open", flush=True)
for number in itertools.count():
    for fd, one in list(open_now.items()) if wait else []:
        try:
            one.send(first[number:number + 1] or b"x")
        except OSError:
            pass
    end = time.monotonic() + (wait or 1)
    while (left := end - time.monotonic()) > 0:
        for fd, _ in poll.poll(left * 1000):
            poll.unregister(fd)
            open_now.pop(fd).close()
            connect()
"""


@contextlib.contextmanager
def flood(daemon, count, first="", wait=0):
    """A program that keeps COUNT connections open or under way, and makes another for each that is closed; every WAIT
    seconds a byte goes to each: FIRST, and then without end."""
    program = subprocess.Popen(
        ["/usr/bin/python3", "-I", "-c", FLOOD, str(daemon.port), str(count), first, str(wait)],
        stdout=subprocess.PIPE, text=True,
    )
    try:
        assert program.stdout.readline() == "open\n"
        yield
        assert program.poll() is None
    finally:
        program.kill()
        program.wait()
        program.stdout.close()


@pytest.mark.parametrize("first, wait", [("", 0), ("GET / HTTP/1.1\r\nX: ", 1)], ids=["silent", "a byte a second"])
def test_a_thousand_connections_do_not_keep_a_callback_out(server_2025, make_daemon, first, wait):
    daemon = make_daemon(servers=[server_2025])
    # The sanitizer keeps 256 MB of what was freed; the memory is looked at here.
    daemon.env["ASAN_OPTIONS"] += ":quarantine_size_mb=1"
    daemon.start()
    browser, token = accept(daemon, server_2025, daemon.login("me", server=server_2025.origin))
    before = daemon.memory()
    with flood(daemon, 1000, first, wait):
        wait_for(lambda: connections_to(daemon.port) > 100, what="the flood")
        # Without shedding, those before it in the backlog would have ten seconds each: longer than this waits.
        status, _, _, text = browser.get(daemon.callback_url(token))
        assert status == 200 and "You are logged in" in text
        assert daemon.control("GET", "/v1/status")[0] == 200
        # 64 connections are open at once, with 64 KiB for each.
        assert daemon.memory() - before < 16e6


def test_a_request_that_never_ends_is_cut_off(daemon):
    """However busily its bytes come: a request has ten seconds, on both sockets, in its head and in its body."""
    starts = {
        "head": (socket.AF_INET, b"GET / HTTP/1.1\r\nX: "),
        "silence": (socket.AF_INET, b""),
        "control head": (socket.AF_UNIX, b"GET /v1/status HTTP/1.1\r\nX: "),
        "control body": (socket.AF_UNIX, b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n"),
    }
    addresses = {socket.AF_INET: ("127.0.0.1", daemon.port), socket.AF_UNIX: str(daemon.socket)}
    with contextlib.ExitStack() as stack:
        clients = {name: stack.enter_context(socket.socket(family)) for name, (family, _) in starts.items()}
        for name, (family, first) in starts.items():
            clients[name].connect(addresses[family])
            clients[name].sendall(first)
        started = time.monotonic()
        ended = {}
        while len(ended) < len(clients) and time.monotonic() - started < 60:
            for name in clients.keys() - ended.keys():
                if select.select([clients[name]], [], [], 0)[0]:
                    ended[name] = time.monotonic() - started
                elif name != "silence":
                    with contextlib.suppress(OSError):
                        clients[name].sendall(b"x")
            time.sleep(0.2)
    assert ended.keys() == clients.keys()
    assert all(seconds > 9 for seconds in ended.values()), ended


@contextlib.contextmanager
def idle_connections(daemon, count, start):
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", daemon.port), 5))
            connection.sendall(start)
        yield


def test_clients_that_do_not_read_hold_up_nobody(server_2025, daemon, pending):
    browser, token, _ = pending
    request = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{daemon.port}\r\n\r\n".encode()
    with idle_connections(daemon, 100, request):
        started = time.monotonic()
        assert "You are logged in" in browser.get(daemon.callback_url(token))[3]
        assert time.monotonic() - started < 9, "a connection that is not shed has ten seconds"


# The control socket


@contextlib.contextmanager
def control_clients(daemon, count, start=b""):
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(str(daemon.socket))
            if start:
                client.sendall(start)
        yield


@pytest.mark.parametrize("start", [b"", b"GET /v1/sta", b"POST /v1/callback HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"],
                         ids=["silent", "head", "body"])
def test_an_idle_client_of_the_control_socket_blocks_no_command(server_2025, daemon, start):
    def use():
        assert daemon.authctl("list").returncode == 0
        assert authorize(daemon, server_2025)["outcome"] == "AUTHORIZED"

    usual = seconds_of(use)
    with control_clients(daemon, 300, start):
        assert seconds_of(use) < 5 + 3 * usual, "a connection that is not shed has ten seconds"


CONNECT = """
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.settimeout(5)
try:
    client.connect("control.sock")
    client.sendall(b"GET /v1/accounts/me/token HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
    answer = client.recv(65536)
except PermissionError:
    print("no permission")
except (ConnectionResetError, BrokenPipeError):
    print("closed")
else:
    print(answer.decode() or "closed")
"""


@needs_root
def test_another_user_is_turned_away_from_the_control_socket(server_2025, daemon):
    authorize(daemon, server_2025)
    command = ["/usr/bin/python3", "-I", "-c", CONNECT]
    other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]

    def run(arguments):
        return subprocess.run(arguments, cwd=daemon.socket.parent, capture_output=True, text=True, check=True).stdout.strip()

    assert daemon.credentials()["me"]["i"] in run(command)
    assert daemon.socket.stat().st_mode & 0o777 == 0o600 and daemon.socket.parent.stat().st_mode & 0o777 == 0o700
    # By the directory's mode, by the socket's mode, and by the peer's identity where both are wide open.
    assert run(other) == "no permission"
    os.chmod(daemon.socket.parent, 0o755)
    assert run(other) == "no permission"
    os.chmod(daemon.socket, 0o666)
    assert run(other) == "closed"
    assert daemon.credentials()["me"]["i"] in run(command)
